"""How long a session lasts: by when it was last used, and by when its person last proved who they are.

Both are read from the login session, on the server, so that they hold with every session engine and cost no write of
the session. Sessions without a row of their own keep the two times in themselves.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.db import router
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from sessionauth.conf import seconds, settings
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.models import LoginSession
from sessionauth.request_state import state_of
from sessionauth.sessions import kept

#: (idle, absolute) of NIST SP 800-63B-4 sections 2.1.3, 2.2.3 and 2.3.3, in seconds.
PRESETS: dict[str, tuple[float | None, float]] = {
    "aal1": (None, 30 * 86400),
    "aal2": (3600, 24 * 3600),
    "aal3": (15 * 60, 12 * 3600),
}
#: Presets that allow no remembered browser to outlive the session (section 5.1).
STRICT = frozenset({"aal2", "aal3"})

Reason = Literal["idle", "expired"]


class Times(NamedTuple):
    """When a session began, or its person last proved who they are, and when it was last used; timestamps."""

    begun: float
    seen: float


class Limits(FromSettings):
    """What the settings say in seconds."""

    @derived
    def idle(self) -> float | None:
        """After how long without use a session ends, None for never."""
        return _limit(settings.IDLE_TIMEOUT, 0)

    @derived
    def absolute(self) -> float | None:
        """After how long a session ends however busy it is, None for never."""
        return _limit(settings.ABSOLUTE_TIMEOUT, 1)

    @derived
    def fresh(self) -> float:
        """For how long a login is fresh."""
        return seconds(settings.FRESH_AGE)

    @derived
    def interval(self) -> float | None:
        """At most how often it is written that a session was seen, None for never.

        An idle timeout has to know it to a tenth, whatever SESSIONAUTH_LAST_USED_INTERVAL says.
        """
        known = [] if settings.LAST_USED_INTERVAL is None else [seconds(settings.LAST_USED_INTERVAL)]
        return min([*known, *([] if self.idle is None else [self.idle / 10])], default=None)


limits = Limits()


def _limit(own: timedelta | int | None, place: int) -> float | None:
    if own is not None:
        return seconds(own)
    return None if settings.SESSION_PRESET is None else PRESETS[settings.SESSION_PRESET][place]


def times(own: dict[str, Any], row: LoginSession | None) -> Times:
    """Return the times of a session, from its row or from `own`, what we keep in it.

    The row of sessions from before the app is shared: its "last seen" is that of the user's busiest browser. So each of
    them notes in itself when it was seen. One that has not since the first of them was, has been idle for at least as
    long.
    """
    if row is not None and not row.earlier:
        return Times((row.authenticated_at or row.created_at).timestamp(), row.last_seen_at.timestamp())
    known = 0 if row is None else row.created_at.timestamp()
    begun = max(known, _moment_in(own, "since"), _moment_in(own, "auth_at")) or _now()
    return Times(begun, max(begun, _moment_in(own, "seen")))


def over(own: dict[str, Any], row: LoginSession | None) -> Reason | None:
    """Say whether a session has lasted too long: "idle", "expired", or None for "go on"."""
    idle_limit, absolute_limit = limits.idle, limits.absolute
    if idle_limit is None and absolute_limit is None:
        return None
    begun, seen = times(own, row)
    if absolute_limit is not None and _now() - begun >= absolute_limit:
        return "expired"
    return "idle" if idle_limit is not None and _now() - seen >= idle_limit else None


def ends_remembered() -> bool:
    """Say whether a timeout ends the remembered browser, too: NIST allows none to outlive the session at AAL2."""
    return settings.SESSION_PRESET in STRICT


def due_in_session(own: dict[str, Any], row: LoginSession | None) -> dict[str, float]:
    """Return what a session without a row of its own has to note of its times now; mostly nothing."""
    often = limits.interval
    if (row is not None and not row.earlier) or often is None or (limits.idle is None and limits.absolute is None):
        return {}
    due: dict[str, float] = {}
    if row is None and not _moment_in(own, "since"):
        due["since"] = times(own, row).begun
    if limits.idle is not None and _now() - _moment_in(own, "seen") >= often:
        due["seen"] = _now()
    return due


def live() -> Q:
    """Return the condition that a row's session has not ended: by flag, by time, or by the age of Django's cookie."""
    alive = Q(revoked_at=None)
    for limit in (limits.idle, _cookie_age()):
        if (since := _ago(limit)) is not None:
            alive &= Q(last_seen_at__gt=since)
    if (since := _ago(limits.absolute)) is not None:
        alive &= Q(authenticated_at__gt=since) | Q(authenticated_at=None, created_at__gt=since)
    return alive


def is_live(row: LoginSession) -> bool:
    """Say the same as `live()` of the row in hand."""
    limit = _cookie_age()
    is_old = limit is not None and _now() - row.last_seen_at.timestamp() >= limit
    return not row.is_revoked and not is_old and over({}, row) is None


def _cookie_age() -> float | None:
    """Return after how many seconds unseen Django has forgotten a session, None if we note no uses."""
    return None if limits.interval is None else django_settings.SESSION_COOKIE_AGE


def is_passive(request: HttpRequest) -> bool:
    """Say whether `request` is no use of the session: polling, by SESSIONAUTH_PASSIVE_URLS or a view's own word."""
    if state_of(request).is_passive:
        return True
    passive = settings.PASSIVE_URLS
    if not passive:
        return False
    name = getattr(request.resolver_match, "view_name", None)
    return name in passive or any(entry.startswith("/") and request.path_info.startswith(entry) for entry in passive)


def seconds_left(request: HttpRequest) -> tuple[float | None, float | None]:
    """Return how many seconds of idle and of absolute time the session of `request` has, None for no end.

    (None, None) where nobody is signed in by a session. A request that is not passive begins the idle time again.
    """
    if state_of(request).token is None:
        bool(getattr(request, "user", None))  # the lazy user finds out
    token = state_of(request).token
    if token is None or not token.has_user or token.is_program:
        return None, None
    row = token.credential if isinstance(token.credential, LoginSession) else None
    begun, seen = times(kept.own(request.session), row)
    seen = seen if is_passive(request) else _now()
    ends = ((limits.idle, seen), (limits.absolute, begun))
    left = [None if limit is None else max(0.0, since + limit - _now()) for limit, since in ends]
    return left[0], left[1]


async def aseconds_left(request: HttpRequest) -> tuple[float | None, float | None]:
    """See seconds_left()."""
    return await sync_to_async(seconds_left)(request)


def touch(row: LoginSession) -> None:
    """Note that the browser was seen: one conditional UPDATE, so that of parallel requests one writes."""
    often = limits.interval
    if often is not None and (due := _ago(often)) is not None:
        rows = LoginSession._base_manager.using(router.db_for_write(LoginSession))
        rows.filter(pk=row.pk, last_seen_at__lt=due).update(last_seen_at=timezone.now())


def is_touch_due(row: LoginSession) -> bool:
    """Say whether `touch()` would write, from the row in hand."""
    often = limits.interval
    return often is not None and (timezone.now() - row.last_seen_at).total_seconds() > often


def _now() -> float:
    return timezone.now().timestamp()


def _ago(limit: float | None) -> datetime | None:
    """Return the moment `limit` seconds ago, None for none and for one before all times."""
    try:
        return None if limit is None else timezone.now() - timedelta(seconds=limit)
    except OverflowError:
        return None


def _moment_in(own: dict[str, Any], name: str) -> float:
    moment = own.get(name)
    return float(moment) if isinstance(moment, int | float) else 0.0
