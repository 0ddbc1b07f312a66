"""What is kept no longer: rows that mean nothing any more, deleted a few at a time.

Nothing that still decides is touched. A session whose row is gone ends, so rows stay for as long as their session may
live; and what counts failures stays for as long as forgetting it would be worth an attacker's wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings as django_settings
from django.db import connections, models, router, transaction
from django.db.models import Q
from django.utils import timezone

from sessionauth.conf import seconds, settings
from sessionauth.credentials.rows import every_model
from sessionauth.credentials.rows import rows as found
from sessionauth.guards import lockout
from sessionauth.models import (
    AbstractAccessToken,
    AbstractCredential,
    AccessToken,
    APIKey,
    AuthEvent,
    Impersonation,
    ImpersonationToken,
    LoginSession,
    LoginThrottle,
    RememberToken,
)
from sessionauth.models.writing import retrying
from sessionauth.sessions import series, timeouts

#: No browser keeps a cookie for longer without getting it again (RFC 6265bis section 5.5).
LONGEST_COOKIE = timedelta(days=400)
#: How long a few failures, and how long many of them, are remembered after the last attempt.
FEW_FAILURES, MANY_FAILURES = timedelta(days=30), timedelta(days=400)
BATCH = 1000
#: What the tables of our own credentials are called.
OURS: dict[type[AbstractCredential], str] = {
    AccessToken: "tokens",
    APIKey: "keys",
    ImpersonationToken: "impersonation_tokens",
}

NOTHING = Q(pk__in=())


@dataclass(frozen=True, slots=True)
class Pile:
    """Rows of one table that can go: `name` for people and programs, `rows` which they are."""

    name: str
    rows: models.QuerySet[Any]


def piles(now: datetime | None = None, *, unseen: timedelta | None = None) -> list[Pile]:
    """Return what can go at `now`, table by table.

    `unseen` is after how long without use a login session goes that has not ended; None for as long as any browser may
    keep its cookie. Whoever comes back after that has to sign in.
    """
    now = now or timezone.now()
    return [
        Pile("sessions", _sessions(now).filter(_ended(now) | _abandoned(now, unseen), earlier=False)),
        Pile("remembered", series.prunable()),
        *(Pile(name, found(model).filter(_over(now, model))) for name, model in credential_tables().items()),
        Pile("throttles", _rows(LoginThrottle).filter(_stale(now))),
        Pile("events", _rows(AuthEvent).filter(_old(now))),
        Pile("impersonations", _rows(Impersonation).filter(_past(now))),
    ]


def credential_tables() -> dict[str, type[AbstractCredential]]:
    """Return every table of credentials by what people and programs call it; a project's own by its label."""
    return {OURS.get(model, model._meta.label_lower): model for model in sorted(every_model(), key=_place)}


def _place(model: type[AbstractCredential]) -> tuple[bool, str]:
    return model not in OURS, model._meta.label_lower


def tables() -> list[str]:
    """Return the names of all piles there are."""
    return [pile.name for pile in piles()]


def prune(pile: Pile, *, batch: int = BATCH, progress: Callable[[int], object] | None = None) -> int:
    """Delete `pile`, `batch` rows at a time, and return how many rows went.

    Each batch is a transaction of its own: an interruption loses nothing, and whoever waits for a row waits for one
    batch. Several at once share the work. `progress` is told how many rows went with each batch.
    """
    gone, last = 0, None
    while True:
        deleted, last = retrying(partial(_prune_batch, pile.rows, last, batch), pile.rows.db)
        gone += deleted
        if progress is not None:
            progress(deleted)
        if last is None:
            return gone


def _prune_batch(rows: models.QuerySet[Any], last: Any, batch: int) -> tuple[int, Any]:
    """Delete the next rows after the key `last`; return how many, and the key to go on after, None at the end."""
    # By key: nothing is looked at twice, whatever the condition costs.
    rest = rows.order_by("pk") if last is None else rows.filter(pk__gt=last).order_by("pk")
    if not connections[rows.db].features.has_select_for_update_skip_locked:
        # SQLite: a transaction that begins by reading may be refused when it writes.
        return _delete_first(rows, rest, batch)
    with transaction.atomic(using=rows.db):
        return _delete_first(rows, rest.select_for_update(skip_locked=True), batch)


def _delete_first(rows: models.QuerySet[Any], rest: models.QuerySet[Any], batch: int) -> tuple[int, Any]:
    keys = list(rest.values_list("pk", flat=True)[:batch])
    # With the condition once more: where nothing is locked, a row may have been used since.
    deleted = _delete(rows.filter(pk__in=keys)) if keys else 0
    return deleted, keys[-1] if len(keys) == batch else None


def _delete(rows: models.QuerySet[Any]) -> int:
    if rows.model is not RememberToken:
        return rows.delete()[1].get(rows.model._meta.label, 0)
    # Django would look for its sessions through the whole table; by their user there is an index.
    tokens = dict(rows.values_list("pk", "user_id"))
    sessions = _rows(LoginSession).filter(user_id__in=set(tokens.values()), remember_token_id__in=tokens)
    sessions.update(remember_token=None)
    return int(rows._raw_delete(rows.db))


def _rows(model: type[models.Model]) -> models.QuerySet[Any]:
    return model._base_manager.using(router.db_for_write(model))


def _sessions(now: datetime) -> models.QuerySet[LoginSession]:
    """Login sessions, less those of browsers that are still remembered: by them the owner knows and ends these."""
    remembered = _rows(RememberToken).filter(revoked_at=None, expires_at__gt=now)
    return _rows(LoginSession).exclude(remember_token_id__in=remembered.values("pk"))


def _ended(now: datetime) -> Q:
    """Those that ended so long ago that no copy of their cookie is good for anything; asked for, they are unknown."""
    return Q(revoked_at__lt=now - timedelta(seconds=django_settings.SESSION_COOKIE_AGE))


def _abandoned(now: datetime, unseen: timedelta | None) -> Q:
    """Those that have run out, or have not been seen for so long that nobody can be behind them any more."""
    gone, idle, absolute = NOTHING, timeouts.limits.idle, timeouts.limits.absolute
    if idle is not None:
        gone |= Q(last_seen_at__lt=now - timedelta(seconds=idle))
    if absolute is not None:
        since = now - timedelta(seconds=absolute)
        gone |= Q(authenticated_at__lt=since) | Q(authenticated_at=None, created_at__lt=since)
    if unseen is None:
        unseen = max(LONGEST_COOKIE, timedelta(seconds=django_settings.SESSION_COOKIE_AGE))
    if timeouts.limits.interval is not None:  # else nobody is ever seen
        gone |= Q(last_seen_at__lt=now - unseen)
    return Q(revoked_at=None) & gone


def _stale(now: datetime) -> Q:
    """Counters of windows that are over, and of failures that nobody has added to for long.

    By their number alone: if names that nobody has went sooner, a lock that lasts would tell that there is an account.
    What is locked for good waits for somebody to unlock it. What counts nothing still makes old links void.
    """
    rates = ~Q(rule=lockout.RULE) & Q(expires_at__lt=now)
    void = Q(count=0, changed_at__lt=now - max(timedelta(days=1), timedelta(seconds=seconds(settings.UNLOCK_AGE))))
    limit = lockout.limit()
    few = Q(count__lt=settings.LOCKOUT_WAIT_FROM, changed_at__lt=now - FEW_FAILURES)
    many = Q(count__lt=limit, changed_at__lt=now - MANY_FAILURES)
    return rates | Q(rule=lockout.RULE) & (void | few & Q(count__lt=limit) | many)


def _over(now: datetime, model: type[AbstractCredential]) -> Q:
    """Those that ended so long ago that nobody will ask any more what became of them.

    What was imported stays: were it imported once more, it would be good again.
    """
    if settings.CREDENTIAL_RETENTION is None:
        return NOTHING
    since = now - timedelta(seconds=seconds(settings.CREDENTIAL_RETENTION))
    ended = Q(revoked_at=None) & (Q(expires_at__lt=since) | Q(ends_at__lt=since))
    if issubclass(model, AbstractAccessToken):
        ended &= Q(refresh_expires_at=None) | Q(refresh_expires_at__lt=since)
    return (ended | Q(revoked_at__lt=since)) & Q(imported_digest=None)


def _old(now: datetime) -> Q:
    if settings.AUDIT_RETENTION is None:
        return NOTHING
    return Q(created_at__lt=now - timedelta(seconds=seconds(settings.AUDIT_RETENTION)))


def _past(now: datetime) -> Q:
    if settings.IMPERSONATION_RETENTION is None:
        return NOTHING
    return Q(ended_at__lt=now - timedelta(seconds=seconds(settings.IMPERSONATION_RETENTION)))
