"""What one attempt more does to a counter in the database."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from sessionauth.guards.counters.base import PENDING, Full


@dataclass(slots=True)
class Standing:
    """How a counter stands: as much of its row as says whether a step may be taken."""

    key: str
    user_id: Any
    count: int
    blocked_until: datetime | None
    pending_until: datetime | None


@dataclass(slots=True)
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
    #: Not taken, whatever the limit, where so many attempts were made; see brief().
    below: int | None = None
    moment: datetime = field(default_factory=timezone.now)

    @property
    def shuts_from(self) -> int:
        """The attempt with which the door is shut, though it may itself still be right."""
        return self.limit if self.wait_from is None else min(self.limit, self.wait_from)

    @property
    def bound(self) -> int:
        """The number of attempts from which on it is not taken."""
        return self.limit if self.below is None else min(self.limit, self.below)

    @property
    def pending_until(self) -> datetime:
        """Until when whoever finds the door shut by this attempt may wait for it."""
        return self.moment + timedelta(seconds=PENDING)

    def blocked_until(self, count: int) -> datetime | None:
        """Return until when the next one has to wait after attempt `count`."""
        if self.wait_from is None or count < self.wait_from:
            return None
        return self._waited(self.waits[min(count - self.wait_from, len(self.waits) - 1)])

    def longest_first(self) -> list[tuple[int, datetime]]:
        """Return from which attempt on the next one waits until when; each is "at least", so the longest comes first.

        What blocked_until() says, for a statement that does not know yet which attempt it is.
        """
        if self.wait_from is None:
            return []
        return [(self.wait_from + nth, self._waited(wait)) for nth, wait in enumerate(self.waits)][::-1]

    def _waited(self, wait: float) -> datetime:
        return self.moment + timedelta(seconds=wait)

    def brief(self, made: int) -> Step:
        """Return the same step for a counter of which `made` attempts are known, if it does not shut the door by far.

        It has no waits and is not taken where it would shut it after all. Each wait is a moment to be written out, and
        they took a tenth of an attempt that nobody would have to wait for.
        """
        below = self.shuts_from - 1
        return replace(self, waits=(), below=below) if made < below else self

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

    def is_anothers(self, row: Standing | None) -> bool:
        """Say whether the counter `row` is one that another account counts by."""
        return row is not None and not self.is_anybodys and row.user_id not in (None, self.user_id)

    def full(self, row: Standing | None) -> Full | None:
        """Say how long the counter `row` lets nobody by, None if it would take this step."""
        if row is None:
            return None
        blocked, pending = row.blocked_until, row.pending_until
        if row.count < self.limit and (blocked is None or blocked <= self.moment):
            return None
        until = self.expires_at or (None if row.count >= self.limit else blocked)
        wait = None if until is None else max(1, math.ceil((until - self.moment).total_seconds()))
        return Full(wait, is_pending=pending is not None and pending > self.moment)
