"""Failures one after the other: each makes the account wait longer, until it is locked (NIST SP 800-63B-4, 3.2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from sessionauth import signals
from sessionauth.conf import seconds, settings
from sessionauth.exceptions import AccountLocked
from sessionauth.guards import counters, device, keys
from sessionauth.guards.counters import Full, Unavailable, database, outside
from sessionauth.guards.counters.database import DatabaseSlot, Step
from sessionauth.guards.reserving import ReservingGuard, seconds_left

RULE = "lockout"


class LockoutGuard(ReservingGuard):
    """Counts an account's failures until one attempt succeeds, in the database, so that no cache can forget them.

    From SESSIONAUTH_LOCKOUT_WAIT_FROM on each failure makes the next attempt wait (SESSIONAUTH_LOCKOUT_WAITS); at
    SESSIONAUTH_LOCKOUT_LIMIT not even the right password is good any more, until somebody unlocks the account. A name
    that nobody has waits and locks in the same way.
    """

    def claim(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> Full | None:
        """Take the next step, if there is one left and nobody has to wait."""
        value = keys.consecutive(request, identity, user)
        if value is None:
            return None
        step = step_of(value, None if user is None else user.pk)
        try:
            answer = outside.write(lambda: _take(step), request)
        except Unavailable:
            counters.refuse_uncounted()
            return None
        if isinstance(answer, Full):
            return answer
        self.keep(LockoutSlot(DatabaseSlot(step, answer >= step.shuts_from, request), answer, user))
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
class LockoutSlot:
    """The `count`th attempt in a row; the first that succeeds begins at none again."""

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


def step_of(value: str, user_id: Any) -> Step:
    """Return the next step of the account or name `value`."""
    return Step(
        key_of(value),
        RULE,
        settings.LOCKOUT_LIMIT,
        user_id,
        wait_from=settings.LOCKOUT_WAIT_FROM,
        waits=tuple(seconds(wait) for wait in settings.LOCKOUT_WAITS),
    )


def key_of(value: str) -> str:
    """Return the key of the row of `value`."""
    return database.digest(RULE, value)


def _take(step: Step) -> int | Full:
    count = database.advance(step)
    return _full(step) if count is None else count


def _full(step: Step) -> Full:
    """Say how long it takes, from the row that refused."""
    found = outside.rows().filter(key=step.key).values_list("count", "blocked_until", "pending_until").first()
    if found is None:
        return Full(1, is_pending=True)  # unlocked in this moment
    count, blocked, pending = found
    wait = None if count >= step.limit else _left(blocked, step.moment)
    # Open: the attempt that shut the door was right, and has said so in this moment.
    is_open = count < step.limit and (blocked is None or blocked <= step.moment)
    return Full(wait, is_pending=is_open or (pending is not None and pending > step.moment))


def _left(until: datetime | None, moment: datetime) -> int:
    return 1 if until is None else seconds_left((until - moment).total_seconds())
