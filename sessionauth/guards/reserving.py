"""Guards that take a slot before the credentials are looked at, and wait a moment for one that may come free."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest

from sessionauth.exceptions import TooManyAttempts
from sessionauth.guards import attempt
from sessionauth.guards.base import LoginGuard
from sessionauth.guards.counters.base import Full, Slot
from sessionauth.guards.counters.database import DatabaseSlot
from sessionauth.guards.counters.step import Step

#: How often, and how long in all, an attempt looks for a slot that one under way may give back; in seconds.
INTERVAL, PATIENCE = 0.05, 2.0


class ReservingGuard(LoginGuard):
    """Base of guards that count: reserved first, so that of N slots never more than N are evaluated, however many come.

    A right attempt gives its slot back. So where the last slot is taken by one that is still under way, the next waits
    for it: it is not refused for what may turn out to be no failure. At a door that is shut nobody waits.
    """

    def claim(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> Full | None:
        """Take what there is to take and `keep()` it; return Full where nothing is left, having kept nothing."""
        raise NotImplementedError(f"{type(self).__name__}.claim() is missing.")

    def steps(
        self, request: HttpRequest | None, identity: str | None, user: Any | None, moment: datetime
    ) -> list[list[Step]]:
        """Return what claim() takes where the database counts.

        Each comes with what is counted by instead, one after the other, if that counter is another account's.
        """
        raise NotImplementedError(f"{type(self).__name__}.steps() is missing.")

    def foreseen(self, request: HttpRequest | None, identity: str | None, moment: datetime) -> list[list[Step]]:
        """Return what steps() are before it is known whose account it is: a hint of what to look at."""
        return self.steps(request, identity, None, moment)

    def slot(self, step: Step, count: int, request: HttpRequest | None, user: Any | None) -> Any:
        """Return the slot that is kept for `step`, which is attempt `count`."""
        return DatabaseSlot(step, count == step.shuts_from, request)

    def refusal(self, full: Full) -> Exception:
        """Return what is raised where nothing is left."""
        return TooManyAttempts(retry_after=full.retry_after)

    def keep(self, slot: Slot) -> None:
        """Leave `slot` to the attempt that is under way, which gives it back if it was right or never judged."""
        under_way = attempt.current()
        if under_way is not None:
            under_way.hold(slot)

    def before_credentials(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> None:
        """Take a slot, or refuse."""
        for is_last in _looks():
            if self._is_let_by(request, identity, user, is_last=is_last):
                return
            time.sleep(INTERVAL)

    async def abefore_credentials(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> None:
        """See before_credentials()."""
        for is_last in _looks():
            if await sync_to_async(self._is_let_by)(request, identity, user, is_last=is_last):
                return
            await asyncio.sleep(INTERVAL)

    def _is_let_by(self, request: HttpRequest | None, identity: str | None, user: Any | None, *, is_last: bool) -> bool:
        """Take a slot; refuse at a door that is shut, or at the last look. False: it may come free."""
        full = self.claim(request, identity, user)
        if full is not None and (is_last or not full.is_pending):
            raise self._refused(full)
        return full is None

    def _refused(self, full: Full) -> Exception:
        if full.is_pending:
            full.give_up()
            return self.refusal(replace(full, retry_after=1))
        return self.refusal(full)


def _looks() -> Iterator[bool]:
    """Yield for each look at the counter whether it is the last one."""
    until = time.monotonic() + PATIENCE
    while True:
        is_last = time.monotonic() >= until
        yield is_last
        if is_last:
            return
