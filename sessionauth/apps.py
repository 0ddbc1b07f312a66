"""The app, and the only place that wires its parts together."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from sessionauth.late import late


class SessionAuthConfig(AppConfig):
    """Configuration of the app."""

    name = "sessionauth"
    verbose_name = _("Authentication")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers and register the checks."""
        from django.contrib.auth.signals import user_logged_in, user_logged_out
        from django.db.models.signals import post_save, pre_save

        from sessionauth import checks
        from sessionauth.audit import wiring
        from sessionauth.authenticators import base
        from sessionauth.credentials import forgetting
        from sessionauth.sessions import registry
        from sessionauth.signals import impersonation_ended, impersonation_started, logged_out_everywhere

        # Named alone, what a server may never come to do: it is imported when it is first done.
        acts_as = "sessionauth.impersonation.receivers"
        # Before ours: whoever signs in while impersonating does so in the session that they came with.
        user_logged_in.connect(late(f"{acts_as}.logged_in"), dispatch_uid="sessionauth.impersonation.logged_in")
        user_logged_out.connect(late(f"{acts_as}.logged_out"), dispatch_uid="sessionauth.impersonation.logged_out")
        user_logged_in.connect(late("sessionauth.receivers.logged_in"), dispatch_uid="sessionauth.logged_in")
        user_logged_out.connect(late("sessionauth.receivers.logged_out"), dispatch_uid="sessionauth.logged_out")
        logged_out_everywhere.connect(registry.revoke_sessions, dispatch_uid="sessionauth.logged_out_everywhere")
        credentials_too = late("sessionauth.credentials.revoking.logged_out_everywhere")
        logged_out_everywhere.connect(credentials_too, dispatch_uid="sessionauth.credentials_too")
        # After those that begin by writing: SQLite may refuse to write in a transaction that has begun by reading.
        logged_out_everywhere.connect(late(f"{acts_as}.end_of"), dispatch_uid="sessionauth.impersonation.end_of")
        started = late("sessionauth.notify.mail_about_impersonation")
        ended = late("sessionauth.notify.mail_about_end_of_impersonation")
        impersonation_started.connect(started, dispatch_uid="sessionauth.mail_about_impersonation")
        impersonation_ended.connect(ended, dispatch_uid="sessionauth.mail_about_end_of_impersonation")
        # By its sender, so that no other model pays for it.
        saving, users = late("sessionauth.sessions.account.user_saving"), settings.AUTH_USER_MODEL
        pre_save.connect(saving, sender=users, dispatch_uid="sessionauth.user_saving")
        post_save.connect(_saved, dispatch_uid="sessionauth.user_saved")
        forgetting.connect()
        base.delegate(late("sessionauth.impersonation.tagged.put_on"))
        # After ours of `user_logged_in`: the record names the session that it makes.
        wiring.connect()
        checks.register()


def _saved(*, instance: Any, created: bool, raw: bool, **facts: Any) -> None:
    """Receive `post_save` of every model: of a user who was there before, as a proxy too, tell what ends with that."""
    if created or raw or not isinstance(instance, get_user_model()):
        return
    for path in ("sessionauth.sessions.account.user_saved", "sessionauth.credentials.revoking.user_saved"):
        late(path)(instance=instance, **facts)
