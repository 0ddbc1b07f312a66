"""Counts in the database: one statement that takes a slot only where one is left."""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from django.db import IntegrityError, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, F, Q, Value, When
from django.http import HttpRequest
from django.utils import timezone

from sessionauth import compiled
from sessionauth.guards.counters import outside, upsert
from sessionauth.guards.counters.base import Full, Tally
from sessionauth.guards.counters.step import Standing, Step
from sessionauth.models import LoginThrottle
from sessionauth.models.writing import retrying

NOTHING: Mapping[str, int] = MappingProxyType({})


def advance(step: Step) -> int | None:
    """Take `step` and return which attempt it is. One statement where the database can.

    None if no slot is left, or if the counter is another account's.
    """
    connection = connections[outside.alias()]
    if _takes_many(connection):
        return upsert.on_conflict(connection, [step]).get(step.key)
    if getattr(connection, "mysql_is_mariadb", False):
        return retrying(lambda: upsert.on_duplicate_key(connection, step), connection.alias)
    return _update_or_insert(step)


def advance_all(steps: Sequence[Step], seen: Mapping[str, int] = NOTHING) -> dict[str, int]:
    """Take `steps`, all of one moment, and return by key which attempt each is; one that is not taken is missing.

    One statement where the database can, if the counters whose attempts were `seen` have not come to their last since;
    elsewhere those after the first that is not taken are not tried.
    """
    connection = connections[outside.alias()]
    if _takes_many(connection):
        brief = [step.brief(seen[step.key]) if step.key in seen else step for step in steps]
        counts = upsert.on_conflict(connection, brief)
        again = [step for step, short in zip(steps, brief, strict=True) if short is not step and step.key not in counts]
        return counts | upsert.on_conflict(connection, again) if again else counts
    taken: dict[str, int] = {}
    for step in steps:
        count = advance(step)
        if count is None:
            break
        taken[step.key] = count
    return taken


def _takes_many(connection: BaseDatabaseWrapper) -> bool:
    return connection.vendor in ("postgresql", "sqlite") and connection.features.can_return_columns_from_insert


def look(keys: Sequence[str]) -> dict[str, Standing]:
    """Return how the counters `keys` stand that there are, by key: one statement that writes nothing."""
    alias, key = outside.alias(), LoginThrottle._meta.get_field("key")
    found: Any = compiled.tuples(_by_keys, LoginThrottle._base_manager, alias, [(key, one) for one in keys])
    if found is None:
        found = _by_keys(outside.rows(), *keys).values_list()
    pick = _standing()
    standings = [Standing(*pick(row)) for row in found]
    return {one.key: one for one in standings}


def _by_keys(rows: models.QuerySet[LoginThrottle], *keys: str) -> models.QuerySet[LoginThrottle]:
    return rows.filter(key__in=keys)


@cache
def _standing() -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Return what picks from all columns of a row those of a Standing."""
    columns = [field.attname for field in LoginThrottle._meta.concrete_fields]
    return itemgetter(*map(columns.index, Standing.__slots__))


def most(rule: str, keys: Collection[str], user_id: Any) -> int:
    """Return the most attempts that any counter of `rule` has counted: of those by `keys`, and of all of the user's."""
    return upsert.most(connections[outside.alias()], rule, sorted(keys), user_id)


def give_back(steps: Sequence[Step], shut: Sequence[Step], forgiven: str = "") -> None:
    """Take an attempt off the counters of `steps`, all of one moment; `shut` are those of them that it has shut.

    All attempts are taken off the counter `forgiven`.
    """
    connection = connections[outside.alias()]
    open_ones = [step for step in steps if step not in shut]
    for some, pending in ((open_ones, None), (shut, steps[0].pending_until)):
        if some:
            keys = [step.key for step in some]
            upsert.give_back(connection, keys, pending, forgiven if forgiven in keys else "")


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
        give_back([self.step], [self.step] if self.is_last else [])

    def _settle(self) -> None:
        mine = outside.rows().filter(key=self.step.key, pending_until=self.step.pending_until)
        mine.update(pending_until=None)


def take(tally: Tally, request: HttpRequest | None) -> DatabaseSlot | Full:
    """Take a slot of `tally`, or say that it is full. Raises Unavailable where the database does not count."""
    step = step_of(tally, timezone.now())

    def try_it() -> int | Full:
        count = advance(step)
        return refused(step, look([step.key])) if count is None else count

    answer = outside.write(try_it, request)
    return answer if isinstance(answer, Full) else DatabaseSlot(step, answer == tally.rate.limit, request)


def step_of(tally: Tally, moment: datetime) -> Step:
    """Return one attempt more of `tally`, at `moment`."""
    key, end = _window(tally)
    ends = datetime.fromtimestamp(end, UTC)
    return Step(key, tally.rule, tally.rate.limit, tally.user_id, expires_at=ends, moment=moment)


def refused(step: Step, found: Mapping[str, Standing]) -> Full:
    """Say how long it takes, from the counters that were looked up after `step` was not taken.

    Where they would let it: the attempt that shut the door was right, and has said so in this moment.
    """
    return step.full(found.get(step.key)) or Full(1, is_pending=True)


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
