"""Failures one after the other: each makes the account wait longer, until it is locked (NIST SP 800-63B-4, 3.2.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from sessionauth import accounts, signals
from sessionauth.conf import seconds, settings
from sessionauth.exceptions import AccountLocked
from sessionauth.guards import counters, device, keys, spotless
from sessionauth.guards.counters import Full, Unavailable, database, outside
from sessionauth.guards.counters.database import DatabaseSlot
from sessionauth.guards.counters.step import Step
from sessionauth.guards.reserving import ReservingGuard, seconds_left

RULE = spotless.RULE


class LockoutGuard(ReservingGuard):
    """Counts an account's failures until one attempt succeeds, in the database, so that no cache can forget them.

    From SESSIONAUTH_LOCKOUT_WAIT_FROM on each failure makes the next attempt wait (SESSIONAUTH_LOCKOUT_WAITS); at
    SESSIONAUTH_LOCKOUT_LIMIT not even the right password is good any more, until somebody unlocks the account. A name
    that nobody has waits and locks in the same way.

    Counted before the password is looked at, one statement, and set to none after, another one. An account that has no
    failure on record, and whose attempts a rate in the shared cache holds to few enough, is counted when it has failed:
    a right password then costs no statement at all. See sessionauth.guards.spotless.
    """

    def claim(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> Full | None:
        """Take the next step, if there is one left and nobody has to wait."""
        steps = steps_of(request, identity, user)
        if not steps:
            return None
        if spotless.may_be_counted_late(user, steps[0].shuts_from):
            self.keep(LateSlot(steps, request, user))
            return None
        try:
            answer = outside.write(lambda: _take(steps), request)
        except Unavailable:
            counters.refuse_uncounted()
            return None
        if isinstance(answer, Full):
            return answer
        self.keep(_slot(answer, request, user))
        return None

    def refusal(self, full: Full) -> Exception:
        """Return what is raised while the account waits, or is locked."""
        return AccountLocked(retry_after=full.retry_after)

    def login_succeeded(self, request: HttpRequest | None, user: Any) -> None:
        """Let the browser be known to the owner."""
        device.offer(request, user)

    async def alogin_succeeded(self, request: HttpRequest | None, user: Any) -> None:
        """See login_succeeded()."""
        self.login_succeeded(request, user)


@dataclass(frozen=True, slots=True)
class Taken:
    """The `count`th attempt in a row, by `step`."""

    step: Step
    count: int


@dataclass(frozen=True, slots=True)
class LockoutSlot:
    """An attempt that has been counted; the first that succeeds begins at none again."""

    slot: DatabaseSlot
    count: int
    user: Any | None

    def succeeded(self) -> None:
        mine = outside.rows().filter(key=self.slot.step.key)
        reset = {"count": 0, "blocked_until": None, "pending_until": None, "changed_at": timezone.now()}
        outside.quietly(lambda: mine.update(**reset), self.slot.request)

    def refund(self) -> None:
        self.slot.refund()

    def failed(self) -> None:
        self.slot.failed()
        until = self.slot.step.blocked_until(self.count)
        if until is not None or self.count >= self.slot.step.limit:
            signals.account_locked.send_robust(
                sender=None,
                request=self.slot.request,
                user=self.user,
                failures=self.count,
                until=None if self.count >= self.slot.step.limit else until,
            )


@dataclass(frozen=True, slots=True)
class LateSlot:
    """An attempt on an account that has no failure on record: counted if it fails, before that is told to anybody."""

    steps: list[Step]
    request: HttpRequest | None
    user: Any

    def succeeded(self) -> None: ...

    def refund(self) -> None: ...

    def failed(self) -> None:
        steps = [replace(step, moment=timezone.now()) for step in self.steps]
        try:
            answer = outside.write(lambda: _take(steps), self.request)
        except Unavailable:
            spotless.pause()
            counters.refuse_uncounted()  # or it would tell a name that somebody has from one that nobody has
            return
        if isinstance(answer, Taken):
            _slot(answer, self.request, self.user).failed()


def _slot(taken: Taken, request: HttpRequest | None, user: Any | None) -> LockoutSlot:
    is_last = taken.count >= taken.step.shuts_from
    return LockoutSlot(DatabaseSlot(taken.step, is_last, request), taken.count, user)


def steps_of(request: HttpRequest | None, identity: str | None, user: Any | None) -> list[Step]:
    """Return the next step of the account or name, and what to count by instead if that counter is another account's.

    Names that differ in their spelling alone share a counter, or one would tell of the other. The account that failed
    first keeps it; another one with such a name has one of its own, for a success of the one must forgive the other
    nothing.
    """
    value = keys.account(request, identity, user)
    if value is None:
        return []
    if user is None:
        return [_step(value, None)]
    return [_step(one, user.pk) for one in dict.fromkeys([value, keys.owner(user)])]


def limit() -> int:
    """Return how many failures in a row lock a name: an account that has several is not to have more in all."""
    return max(1, settings.LOCKOUT_LIMIT // len(accounts.login_fields()))


def _step(value: str, user_id: Any) -> Step:
    return Step(
        key_of(value),
        RULE,
        limit(),
        user_id,
        wait_from=settings.LOCKOUT_WAIT_FROM,
        waits=tuple(seconds(wait) for wait in settings.LOCKOUT_WAITS),
        is_of_one=True,
    )


def key_of(value: str) -> str:
    """Return the key of the row of `value`."""
    return database.digest(RULE, value)


def _take(steps: list[Step]) -> Taken | Full:
    for step in steps:
        count = database.advance(step)
        if count is not None:
            return Taken(step, count)
        full = _full(step)
        if full is not None:
            return full
    return Full(1, is_pending=True)


def _full(step: Step) -> Full | None:
    """Say how long it takes, from the row that refused; None if that is another account's."""
    values = outside.rows().filter(key=step.key).values_list("count", "blocked_until", "pending_until", "user_id")
    found = values.first()
    if found is None:
        return Full(1, is_pending=True)  # unlocked in this moment
    count, blocked, pending, user_id = found
    if None not in (step.user_id, user_id) and user_id != step.user_id:
        return None
    wait = None if count >= step.limit else _left(blocked, step.moment)
    # Open: the attempt that shut the door was right, and has said so in this moment.
    is_open = count < step.limit and (blocked is None or blocked <= step.moment)
    return Full(wait, is_pending=is_open or (pending is not None and pending > step.moment))


def _left(until: datetime | None, moment: datetime) -> int:
    return 1 if until is None else seconds_left((until - moment).total_seconds())
