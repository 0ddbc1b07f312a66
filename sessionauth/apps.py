"""The app, and the only place that wires its parts together."""

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


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
        from sessionauth.audit import receivers as audit_receivers
        from sessionauth.authenticators import base
        from sessionauth.credentials import forgetting, revoking
        from sessionauth.late import late
        from sessionauth.sessions import account, registry
        from sessionauth.signals import impersonation_ended, impersonation_started, logged_out_everywhere

        # Named alone, what a server may never come to do: it is imported when it is first done.
        acts_as = "sessionauth.impersonation.receivers"
        # Before ours: whoever signs in while impersonating does so in the session that they came with.
        user_logged_in.connect(late(f"{acts_as}.logged_in"), dispatch_uid="sessionauth.impersonation.logged_in")
        user_logged_out.connect(late(f"{acts_as}.logged_out"), dispatch_uid="sessionauth.impersonation.logged_out")
        user_logged_in.connect(late("sessionauth.receivers.logged_in"), dispatch_uid="sessionauth.logged_in")
        user_logged_out.connect(late("sessionauth.receivers.logged_out"), dispatch_uid="sessionauth.logged_out")
        logged_out_everywhere.connect(registry.revoke_sessions, dispatch_uid="sessionauth.logged_out_everywhere")
        logged_out_everywhere.connect(revoking.logged_out_everywhere, dispatch_uid="sessionauth.credentials_too")
        # After those that begin by writing: SQLite may refuse to write in a transaction that has begun by reading.
        logged_out_everywhere.connect(late(f"{acts_as}.end_of"), dispatch_uid="sessionauth.impersonation.end_of")
        started = late("sessionauth.notify.mail_about_impersonation")
        ended = late("sessionauth.notify.mail_about_end_of_impersonation")
        impersonation_started.connect(started, dispatch_uid="sessionauth.mail_about_impersonation")
        impersonation_ended.connect(ended, dispatch_uid="sessionauth.mail_about_end_of_impersonation")
        # By its sender, so that no other model pays for it.
        users = settings.AUTH_USER_MODEL
        pre_save.connect(account.user_saving, sender=users, dispatch_uid="sessionauth.user_saving")
        post_save.connect(account.user_saved, dispatch_uid="sessionauth.user_saved")
        post_save.connect(revoking.user_saved, dispatch_uid="sessionauth.credentials_of_user_saved")
        forgetting.connect()
        base.delegate(late("sessionauth.impersonation.tagged.put_on"))
        # After ours of `user_logged_in`: the record names the session that it makes.
        audit_receivers.connect()
        checks.register()
