"""Counts in the database: one statement that takes a slot only where one is left."""

from __future__ import annotations

import hashlib
import time
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import IntegrityError, connections, models, transaction
from django.db.models import Case, F, Q, Value, When
from django.http import HttpRequest

from sessionauth.guards.counters import outside, upsert
from sessionauth.guards.counters.base import Full, Tally
from sessionauth.guards.counters.step import Step
from sessionauth.models.writing import retrying


def advance(step: Step) -> int | None:
    """Take `step` and return which attempt it is. One statement where the database can.

    None if no slot is left, or if the counter is another account's.
    """
    connection = connections[outside.alias()]
    if connection.vendor in ("postgresql", "sqlite") and connection.features.can_return_columns_from_insert:
        return upsert.on_conflict(connection, step)
    if getattr(connection, "mysql_is_mariadb", False):
        return retrying(lambda: upsert.on_duplicate_key(connection, step), connection.alias)
    return _update_or_insert(step)


def _update_or_insert(step: Step) -> int | None:
    """Do the same by UPDATE, and by INSERT where there is nothing to update.

    `count` is set last: MySQL computes from left to right, with what it has set before.
    """
    while True:
        mine = outside.rows().filter(key=step.key)
        free = mine.filter(Q(blocked_until=None) | Q(blocked_until__lte=step.moment), count__lt=step.limit)
        if not step.is_anybodys:
            free = free.filter(Q(user_id=None) | Q(user_id=step.user_id))
        changed = free.update(
            **({} if step.user_id is None else {"user_id": step.user_id}),
            changed_at=step.moment,
            blocked_until=_blocked_case(step),
            pending_until=Case(When(count__gte=step.shuts_from - 1, then=Value(step.pending_until)), default=None),
            generation=F("generation") + Case(When(count=step.limit - 1, then=1), default=0),
            count=F("count") + 1,
        )
        if changed:
            return mine.values_list("count", flat=True).first() or 1
        if mine.exists():
            return None
        try:
            with transaction.atomic(using=outside.alias()):
                outside.rows().create(**step.first())
        except IntegrityError:  # another one was first
            continue
        return 1


def _blocked_case(step: Step) -> Case | Value:
    if step.wait_from is None:
        return Value(None, output_field=models.DateTimeField())
    counts = reversed(range(step.wait_from, step.wait_from + len(step.waits)))
    return Case(*(When(count__gte=nth - 1, then=Value(step.blocked_until(nth))) for nth in counts), default=None)


@dataclass(frozen=True, slots=True)
class DatabaseSlot:
    """A slot of a counter. `is_last` says that it shut the door, until it has turned out right."""

    step: Step
    is_last: bool
    request: HttpRequest | None

    def succeeded(self) -> None:
        self.refund()

    def refund(self) -> None:
        outside.quietly(self._give_back, self.request)

    def failed(self) -> None:
        if self.is_last:
            outside.quietly(self._settle, self.request)

    def _give_back(self) -> None:
        # While it is pending nobody else can have shut the door: so the wait is this attempt's own. All in one
        # statement, or somebody would find a door that is shut for good between the two.
        is_own = When(pending_until=self.step.pending_until, then=None)
        own = {name: Case(is_own, default=F(name)) for name in ("blocked_until", "pending_until")}
        mine = outside.rows().filter(key=self.step.key, count__gt=0)
        mine.update(**(own if self.is_last else {}), count=F("count") - 1)

    def _settle(self) -> None:
        mine = outside.rows().filter(key=self.step.key, pending_until=self.step.pending_until)
        mine.update(pending_until=None)


def take(tally: Tally, request: HttpRequest | None) -> DatabaseSlot | Full:
    """Take a slot of `tally`, or say that it is full. Raises Unavailable where the database does not count."""
    key, end = _window(tally)
    step = Step(key, tally.rule, tally.rate.limit, tally.user_id, expires_at=datetime.fromtimestamp(end, UTC))

    def try_it() -> int | bool | None:
        count = advance(step)
        return may_open(step) if count is None else count

    answer = outside.write(try_it, request)
    if isinstance(answer, bool):
        return Full(max(1, int(end - time.time())), is_pending=answer)
    return DatabaseSlot(step, answer == tally.rate.limit, request)


def may_open(step: Step) -> bool:
    """Say whether the attempt that shut the door may still be under way, or has given its slot back in this moment."""
    is_pending, is_open = Q(pending_until__gt=step.moment), Q(count__lt=step.limit)
    return outside.rows().filter(is_pending | is_open, key=step.key).exists()


def clear(tally: Tally) -> None:
    """Forget the attempts of the window that is open now."""
    outside.write(lambda: outside.rows().filter(key=_window(tally)[0]).delete(), None)


def is_full(tally: Tally) -> bool:
    """Say whether no slot is left."""
    return outside.rows().filter(key=_window(tally)[0], count__gte=tally.rate.limit).exists()


def _window(tally: Tally) -> tuple[str, int]:
    """Return the key of the window that is open now, and its end: not the same moment for all values."""
    period = tally.rate.period
    shift = zlib.crc32(tally.value.encode()) % period
    number = (int(time.time()) + shift) // period
    return digest(tally.rule, tally.value, str(tally.rate), str(number)), (number + 1) * period - shift


def digest(*parts: str) -> str:
    """Return the key of a counter: nothing of what is counted can be read in it."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
