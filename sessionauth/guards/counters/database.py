"""Counts in the database: one statement that takes a slot only where one is left."""

from __future__ import annotations

import hashlib
import time
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError, connections, models, transaction
from django.db.models import Case, F, Q, Value, When
from django.http import HttpRequest
from django.utils import timezone

from sessionauth.guards.counters import outside
from sessionauth.guards.counters.base import PENDING, Full, Tally
from sessionauth.models import LoginThrottle


@dataclass(frozen=True, slots=True)
class Step:
    """One attempt more on the counter `key`, if fewer than `limit` were made and none has to wait.

    From the attempt `wait_from` on the next one has to wait, for the seconds of `waits` one after the other, the last
    of which stays.
    """

    key: str
    rule: str
    limit: int
    user_id: Any = None
    wait_from: int | None = None
    waits: tuple[float, ...] = ()
    expires_at: datetime | None = None
    #: The counter is that of the account which it counted first; no other one is counted by it, or set to none.
    is_of_one: bool = False
    moment: datetime = field(default_factory=timezone.now)

    @property
    def shuts_from(self) -> int:
        """The attempt with which the door is shut, though it may itself still be right."""
        return self.limit if self.wait_from is None else min(self.limit, self.wait_from)

    @property
    def pending_until(self) -> datetime:
        """Until when whoever finds the door shut by this attempt may wait for it."""
        return self.moment + timedelta(seconds=PENDING)

    def blocked_until(self, count: int) -> datetime | None:
        """Return until when the next one has to wait after attempt `count`."""
        if self.wait_from is None or count < self.wait_from:
            return None
        return self.moment + timedelta(seconds=self.waits[min(count - self.wait_from, len(self.waits) - 1)])

    def first(self) -> dict[str, Any]:
        """Return the row of a counter's first attempt."""
        return {
            "key": self.key,
            "user_id": self.user_id,
            "rule": self.rule,
            "count": 1,
            "changed_at": self.moment,
            "blocked_until": self.blocked_until(1),
            "pending_until": self.pending_until if self.shuts_from <= 1 else None,
            "expires_at": self.expires_at,
            "generation": int(self.limit <= 1),
        }

    @property
    def is_anybodys(self) -> bool:
        """Whether the counter may be taken whosever it is."""
        return not self.is_of_one or self.user_id is None


def advance(step: Step) -> int | None:
    """Take `step` and return which attempt it is. One statement where the database can.

    None if no slot is left, or if the counter is another account's.
    """
    connection = connections[outside.alias()]
    if connection.vendor in ("postgresql", "sqlite") and connection.features.can_return_columns_from_insert:
        return _upsert(connection, step)
    return _update_or_insert(step)


def _upsert(connection: Any, step: Step) -> int | None:
    row, quote = step.first(), connection.ops.quote_name
    table = quote(LoginThrottle._meta.db_table)
    fields = [one for one in LoginThrottle._meta.concrete_fields if one.attname in row]
    names = {one.attname: quote(one.column) for one in fields}
    first = [one.get_db_prep_save(row[one.attname], connection) for one in fields]

    def at(moment: datetime) -> Any:
        return connection.ops.adapt_datetimefield_value(moment)

    count = f"{table}.{names['count']}"
    blocked, blocked_values = "NULL", []
    if step.wait_from is not None:
        last = step.wait_from + len(step.waits) - 1
        whens = [(nth, step.blocked_until(nth)) for nth in range(step.wait_from, last + 1)]
        # From the longest wait down, so that each WHEN is "at least".
        blocked = "CASE " + " ".join([f"WHEN {count} + 1 >= %s THEN %s"] * len(whens)) + " ELSE NULL END"
        blocked_values = [value for nth, until in reversed(whens) if until for value in (nth, at(until))]
    user, mine = f"{table}.{names['user_id']}", ""
    if not step.is_anybodys:
        mine = f"AND ({user} IS NULL OR {user} = excluded.{names['user_id']})"
    # Nothing in it comes from outside but by parameters.
    statement = f"""
        INSERT INTO {table} ({", ".join(names.values())}) VALUES ({", ".join(["%s"] * len(fields))})
        ON CONFLICT ({names["key"]}) DO UPDATE SET
            {names["user_id"]} = COALESCE(excluded.{names["user_id"]}, {user}),
            {names["changed_at"]} = excluded.{names["changed_at"]},
            {names["blocked_until"]} = {blocked},
            {names["pending_until"]} = CASE WHEN {count} + 1 >= %s THEN %s ELSE NULL END,
            {names["generation"]} = {table}.{names["generation"]} + CASE WHEN {count} + 1 = %s THEN 1 ELSE 0 END,
            {names["count"]} = {count} + 1
        WHERE {count} < %s
            AND ({table}.{names["blocked_until"]} IS NULL OR {table}.{names["blocked_until"]} <= %s) {mine}
        RETURNING {names["count"]}"""  # noqa: S608
    pending = [step.shuts_from, at(step.pending_until), step.limit]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*first, *blocked_values, *pending, step.limit, at(step.moment)])
        found = cursor.fetchone()
    return None if found is None else int(found[0])


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


def _window(tally: Tally) -> tuple[str, int]:
    """Return the key of the window that is open now, and its end: not the same moment for all values."""
    period = tally.rate.period
    shift = zlib.crc32(tally.value.encode()) % period
    number = (int(time.time()) + shift) // period
    return digest(tally.rule, tally.value, str(tally.rate), str(number)), (number + 1) * period - shift


def digest(*parts: str) -> str:
    """Return the key of a counter: nothing of what is counted can be read in it."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
