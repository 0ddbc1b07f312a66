"""What a change of the account does to its sessions: deactivated it has none, a new password leaves one."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from sessionauth import accounts, audit
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.models import LoginSession
from sessionauth.request_state import current, state_of
from sessionauth.sessions import registry
from sessionauth.signals import logged_out_everywhere


def user_saving(*, instance: Any, raw: bool, update_fields: Any = None, **kwargs: Any) -> None:
    """Receive `pre_save` of users: a password that is set while acting as somebody would let in as them for good.

    Raises ImpersonationDenied with the code "password". (A QuerySet's `update()` sends nothing.)
    """
    request = current()
    token = None if request is None else state_of(request).token
    if raw or token is None or token.impersonation is None or token.user_id != instance.pk:
        return
    if accounts.has_new_password(instance, update_fields):
        raise ImpersonationDenied("password", _("Stop acting as somebody else to do this."))


def user_saved(*, instance: Any, update_fields: Any = None, **kwargs: Any) -> None:
    """Receive `post_save` of users who were there before: end what the state of a saved user no longer allows.

    Costs a query only for a user who is inactive, or whose password was set since the last time. A QuerySet's
    `update()` sends nothing: those sessions end at their next request, and for good.
    """
    if accounts.is_deactivated(instance, update_fields):
        registry.best_effort(partial(_end_all, instance))
    elif accounts.has_new_password(instance, update_fields):
        registry.best_effort(partial(_end_others, instance))
        audit.record(audit.Event.PASSWORD_CHANGED, user=instance)


def _end_all(user: Any) -> None:
    if registry.revoke_all(user, "deactivated"):
        logged_out_everywhere.send(sender=user.__class__, user=user, reason="deactivated")


def _end_others(user: Any) -> None:
    """End the rows of the sessions that the new password ends, so that the list of devices is right at once.

    That of the request in hand stays: `update_session_auth_hash()` keeps its session, and where nobody calls that the
    row ends with the session. Those from before the app have other rows under another password.
    """
    own = _session_in_hand()
    ended = registry.rows().filter(user_id=user.pk)
    registry.revoke_rows(ended if own is None else ended.exclude(pk=own.pk), "password changed")
    registry.forget_rows(registry.remembered().filter(user_id=user.pk), "password changed")


def _session_in_hand() -> LoginSession | None:
    request = current()
    token = None if request is None else state_of(request).token
    row = None if token is None else token.credential
    return row if isinstance(row, LoginSession) and not row.earlier else None
