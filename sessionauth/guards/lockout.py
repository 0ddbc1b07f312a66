"""Failures one after the other: each makes the account wait longer, until it is locked (NIST SP 800-63B-4, 3.2.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from django.http import HttpRequest
from django.utils import timezone

from sessionauth import accounts, signals
from sessionauth.conf import seconds, settings
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.exceptions import AccountLocked
from sessionauth.guards import counters, device, keys, spotless
from sessionauth.guards.counters import Full, Unavailable, database, outside
from sessionauth.guards.counters.database import DatabaseSlot
from sessionauth.guards.counters.step import Step
from sessionauth.guards.reserving import ReservingGuard

RULE = spotless.RULE


class LockoutGuard(ReservingGuard):
    """Counts an account's failures until one attempt succeeds, in the database, so that no cache can forget them.

    From SESSIONAUTH_LOCKOUT_WAIT_FROM on each failure makes the next attempt wait (SESSIONAUTH_LOCKOUT_WAITS); at
    SESSIONAUTH_LOCKOUT_LIMIT not even the right password is good any more, until somebody unlocks the account. A name
    that nobody has waits and locks in the same way.

    Counted before the password is looked at, one statement, and set to none after, another one. An account that has no
    failure on record, and whose attempts a rate in the shared cache holds to few enough, is counted when it has failed:
    a right password then writes nothing at all. See sessionauth.guards.spotless.
    """

    def claim(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> Full | None:
        """Take the next step, if there is one left and nobody has to wait."""
        steps = steps_of(request, identity, user)
        if not steps:
            return None
        most = spotless.failed_before(identity, steps[0])
        if most is None and spotless.is_in_question(steps[0].shuts_from):
            most = spotless.most_on_record(user, identity, steps)
        if most == 0 and user is not None:  # a name that nobody has is counted first
            self.keep(LateSlot(steps, request, identity, user))
            return None
        try:
            answer = outside.write(lambda: _take(steps, most), request)
        except Unavailable:
            counters.refuse_uncounted()
            return None
        if isinstance(answer, Full):
            return answer
        spotless.failed(identity, answer.step, answer.count)
        self.keep(_slot(answer, request, user))
        return None

    def steps(
        self, request: HttpRequest | None, identity: str | None, user: Any | None, moment: datetime
    ) -> list[list[Step]]:
        """Return the next step, and what to count by instead if that counter is another account's."""
        found = steps_of(request, identity, user, moment)
        return [found] if found else []

    def slot(self, step: Step, count: int, request: HttpRequest | None, user: Any | None) -> LockoutSlot:
        """Return the slot that is kept for `step`, which is attempt `count` in a row."""
        return LockoutSlot(DatabaseSlot(step, count >= step.shuts_from, request), count, user)

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

    @property
    def is_last(self) -> bool:
        """Whether it makes the next one wait, or locks."""
        return self.slot.is_last

    def succeeded(self) -> None:
        step = self.slot.step
        spotless.forgiven(step)
        outside.quietly(lambda: database.give_back([step], [], step.key), self.slot.request)

    def refund(self) -> None:
        self.slot.refund()

    def failed(self) -> None:
        if not self.is_last:
            return
        self.slot.failed()
        step = self.slot.step
        signals.account_locked.send_robust(
            sender=None,
            request=self.slot.request,
            user=self.user,
            failures=self.count,
            until=None if self.count >= step.limit else step.blocked_until(self.count),
        )


@dataclass(frozen=True, slots=True)
class LateSlot:
    """An attempt on an account that has no failure on record: counted if it fails, before that is told to anybody."""

    steps: list[Step]
    request: HttpRequest | None
    identity: str | None
    user: Any
    is_last: ClassVar = True

    def succeeded(self) -> None: ...

    def refund(self) -> None: ...

    def failed(self) -> None:
        steps = [replace(step, moment=timezone.now()) for step in self.steps]
        try:
            answer = outside.write(lambda: _take(steps, 0), self.request)
        except Unavailable:
            spotless.pause()
            counters.refuse_uncounted()  # or it would tell a name that somebody has from one that nobody has
            return
        if isinstance(answer, Taken):
            spotless.failed(self.identity, answer.step, answer.count)
            _slot(answer, self.request, self.user).failed()


def _slot(taken: Taken, request: HttpRequest | None, user: Any | None) -> LockoutSlot:
    is_last = taken.count >= taken.step.shuts_from
    return LockoutSlot(DatabaseSlot(taken.step, is_last, request), taken.count, user)


def steps_of(
    request: HttpRequest | None, identity: str | None, user: Any | None, moment: datetime | None = None
) -> list[Step]:
    """Return the next step of the account or name, and what to count by instead if that counter is another account's.

    Names that differ in their spelling alone share a counter, or one would tell of the other. The account that failed
    first keeps it; another one with such a name has one of its own, for a success of the one must forgive the other
    nothing.
    """
    value = keys.account(request, identity, user)
    if value is None:
        return []
    values = [value] if user is None else dict.fromkeys([value, keys.owner(user)])
    now, most, wait_from = moment or timezone.now(), limit(), settings.LOCKOUT_WAIT_FROM
    pk, waits = None if user is None else user.pk, in_seconds.waits
    return [Step(key_of(one), RULE, most, pk, wait_from, waits, is_of_one=True, moment=now) for one in values]


class InSeconds(FromSettings):
    """What the settings say, as each attempt wants it."""

    @derived
    def waits(self) -> tuple[float, ...]:
        """SESSIONAUTH_LOCKOUT_WAITS."""
        return tuple(seconds(wait) for wait in settings.LOCKOUT_WAITS)


in_seconds = InSeconds()


def limit() -> int:
    """Return how many failures in a row lock a name: an account that has several is not to have more in all."""
    return max(1, settings.LOCKOUT_LIMIT // len(accounts.login_fields()))


def key_of(value: str) -> str:
    """Return the key of the row of `value`."""
    return database.digest(RULE, value)


def _take(steps: list[Step], most: int | None) -> Taken | Full:
    for step in steps:
        seen = {} if most is None else {step.key: most}
        count = database.advance_all([step], seen).get(step.key)
        if count is not None:
            return Taken(step, count)
        found = database.look([step.key])
        if not step.is_anothers(found.get(step.key)):
            return database.refused(step, found)
    return Full(1, is_pending=True)
