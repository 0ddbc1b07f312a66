"""Guards that take a slot before the credentials are looked at, and wait a moment for one that may come free."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest

from sessionauth.exceptions import TooManyAttempts
from sessionauth.guards import attempt
from sessionauth.guards.base import LoginGuard
from sessionauth.guards.counters.base import Full, Slot

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
            full = self.claim(request, identity, user)
            if full is None:
                return
            if is_last or not full.is_pending:
                raise self._refused(full)
            time.sleep(INTERVAL)

    async def abefore_credentials(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> None:
        """See before_credentials()."""
        for is_last in _looks():
            full = await sync_to_async(self.claim)(request, identity, user)
            if full is None:
                return
            if is_last or not full.is_pending:
                raise await sync_to_async(self._refused)(full)
            await asyncio.sleep(INTERVAL)

    def _refused(self, full: Full) -> Exception:
        if full.is_pending:
            full.give_up()
            return self.refusal(Full(1, is_pending=True))
        return self.refusal(full)


def _looks() -> Iterator[bool]:
    """Yield for each look at the counter whether it is the last one."""
    until = time.monotonic() + PATIENCE
    while True:
        is_last = time.monotonic() >= until
        yield is_last
        if is_last:
            return


def seconds_left(seconds: float) -> int:
    """Return `seconds` for Retry-After: whole, and never too few."""
    return max(1, math.ceil(seconds))
