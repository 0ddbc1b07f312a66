"""Whether an impersonation goes on: what was asked at its start is asked again at every request."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from sessionauth.authenticators import identity
from sessionauth.conf import seconds, settings
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import rules
from sessionauth.models import Impersonation
from sessionauth.models.binding import is_bound
from sessionauth.request_state import state_of
from sessionauth.user_token import UserToken

#: How often, in seconds, it is noted that an impersonation is used.
INTERVAL = 60


class Limits(FromSettings):
    """What the settings say in seconds."""

    @derived
    def idle(self) -> float | None:
        """After how long unused one by a session ends, None for never."""
        return None if settings.IMPERSONATION_IDLE_AGE is None else seconds(settings.IMPERSONATION_IDLE_AGE)

    @derived
    def often(self) -> float:
        """How often it is noted that one by a session is used: an idle time has to know it to a tenth."""
        return INTERVAL if self.idle is None else min(INTERVAL, self.idle / 10)

    @derived
    def often_by_header(self) -> float:
        """The same for one that a header keeps going."""
        return min(INTERVAL, seconds(settings.IMPERSONATION_WINDOW) / 10)


limits = Limits()


def reason_to_end(
    request: HttpRequest, row: Impersonation, actor: Any, target: Any, known: Collection[str] | None
) -> str:
    """Return why `row`, by which `actor` acts as `target`, does not go on, "" if it does.

    Either may be None, for whom nobody may find. `known` is the `held` of sessionauth.impersonation.rules.check().
    """
    if row.ended_at is not None:
        return row.end_reason or "revoked"
    return time_is_over(row) or _change(request, row, actor, target, known)


def time_is_over(row: Impersonation) -> str:
    """Return why the time of `row` is over, "" if it is not."""
    now = timezone.now()
    if row.expires_at <= now:
        return "expired"
    idle = limits.idle
    return "idle" if idle is not None and (now - row.last_seen_at).total_seconds() >= idle else ""


def is_use_due(row: Impersonation) -> bool:
    """Say whether it has not been noted for a while that `row` is used."""
    often = limits.often_by_header if row.is_by_header else limits.often
    return (timezone.now() - row.last_seen_at).total_seconds() >= often


def _change(request: HttpRequest, row: Impersonation, actor: Any, target: Any, known: Collection[str] | None) -> str:
    if not _is_as_before(actor, row.actor_digest):
        return "actor_changed"
    if not _is_as_before(target, row.target_digest):
        return "target_changed"
    try:
        rules.check(request, actor, target, known)
    except ImpersonationDenied:
        return "permission_lost" if settings.IMPERSONATION_ENABLED else "revoked"
    if not row.is_read_only and settings.IMPERSONATION_READ_ONLY and not rules.may_write(actor, known):
        return "permission_lost"
    return ""


def _is_as_before(user: Any, digest: str) -> bool:
    return user is not None and getattr(user, "is_active", True) and is_bound(digest, user)


@contextmanager
def seen_as(request: HttpRequest, token: UserToken) -> Iterator[None]:
    """Let guards find the person of `token` on `request`, of whom nobody else is told."""
    state = state_of(request)
    user, is_settled, before = state.lazy_user, state.is_settled, state.token
    if user is None:
        yield
        return
    identity.put_user(request, token.user)
    state.token = token
    try:
        yield
    finally:
        identity.put_user(request, user)
        state.is_settled, state.token = is_settled, before
