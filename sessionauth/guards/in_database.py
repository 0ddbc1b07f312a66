"""Guards that stand next to each other and count in the database: one look, and one statement for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from sessionauth.guards import attempt, counters, posted
from sessionauth.guards.counters import Full, Unavailable, database, outside
from sessionauth.guards.counters.database import DatabaseSlot
from sessionauth.guards.counters.step import Standing, Step
from sessionauth.guards.lockout import LockoutGuard, LockoutSlot
from sessionauth.guards.reserving import ReservingGuard

Wanted = Sequence[tuple[ReservingGuard, Step]]


class TogetherInDatabase(ReservingGuard):
    """Several guards as one, where the database counts.

    It looks before it writes. So an attempt that finds a door shut writes nothing and costs the same at the ten
    thousandth time; and where the door is one that needs no account, none is looked up. What it looks at is a hint: who
    gets a slot is decided by the statement that takes it.
    """

    needs_account = False

    def __init__(self, guards: Sequence[Any]) -> None:
        self.guards: Sequence[ReservingGuard] = guards

    def claim(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> Full | None:
        """Take a slot of each guard, or of none; whose account it is it finds out when it has to.

        In a transaction of the request's each guard counts by itself, outside of it: what has been read in it may not
        be what is there, and SQLite may let nobody write who has begun by reading.
        """
        try:
            return (self._one_by_one if outside.may_be_taken_back() else self._at_once)(request, identity)
        except Unavailable:
            counters.refuse_uncounted()
            return None

    def refusal(self, full: Full) -> Exception:
        """Return what the guard raises whose door is shut."""
        return full.by.refusal(full)  # type: ignore[no-any-return]

    def _one_by_one(self, request: HttpRequest | None, identity: str | None) -> Full | None:
        under_way = attempt.current()
        held = 0 if under_way is None else under_way.held
        for guard in self.guards:
            user = under_way.account() if guard.needs_account and under_way is not None else None
            full = guard.claim(request, identity, user)
            if full is not None:
                if under_way is not None:
                    under_way.let_go(held)
                return replace(full, by=guard)
        return None

    def _at_once(self, request: HttpRequest | None, identity: str | None) -> Full | None:
        moment, under_way = timezone.now(), attempt.current()
        # Without an account: the counters of a name that nobody has, which are those of most that somebody has.
        foreseen = {guard: guard.foreseen(request, identity, moment) for guard in self.guards}
        looked_at = [(guard, ways[0]) for guard, steps in foreseen.items() for ways in steps]
        keys = [step.key for _, step in looked_at]
        found = outside.read(lambda: database.look(keys)) if keys else {}
        full = self._full_before_account(looked_at, found, request)
        if full is not None:
            return full
        user, wanted = None if under_way is None else under_way.account(), []
        for guard, known in foreseen.items():
            steps = guard.steps(request, identity, user, moment) if guard.needs_account else known
            own = [(guard, _own(ways, found)) for ways in steps]
            full = _first_full(own, found)
            if full is not None:
                return full
            wanted += own
        if not wanted:
            return None
        seen = {key: found[key].count if key in found else 0 for key in keys}
        counts = outside.write(lambda: _take(wanted, seen), request)
        if isinstance(counts, Full):
            return counts
        slots = [guard.slot(step, counts[step.key], request, user) for guard, step in wanted]
        self.keep(DatabaseSlots(slots, request))
        return None

    def _full_before_account(
        self, looked_at: Wanted, found: Mapping[str, Standing], request: HttpRequest | None
    ) -> Full | None:
        """Return what refuses whoever's account it is, None where that has to be looked up."""
        full = _first_full([(guard, step) for guard, step in looked_at if not guard.needs_account], found)
        if full is not None:
            return full
        by_name = _first_full(looked_at, found)
        # A lock is that of the account which failed first, and that may be another one of such a name.
        if by_name is None or isinstance(by_name.by, LockoutGuard):
            return None
        return by_name if posted.decides(request, self.guards) and posted.leaves_to_record() else None


def _own(ways: Sequence[Step], found: Mapping[str, Standing]) -> Step:
    """Return the first of `ways` whose counter is not another account's."""
    return next((step for step in ways if not step.is_anothers(found.get(step.key))), ways[-1])


def _first_full(wanted: Wanted, found: Mapping[str, Standing]) -> Full | None:
    """Return what the first of them says whose counter lets nobody by."""
    for guard, step in wanted:
        full = step.full(found.get(step.key))
        if full is not None:
            return replace(full, by=guard)
    return None


def _take(wanted: Wanted, seen: Mapping[str, int]) -> dict[str, int] | Full:
    """Take every step, or none; that of the rows which is the first to refuse says how long."""
    steps = list({step.key: step for _, step in wanted}.values())
    taken = database.advance_all(steps, seen)
    missing = [(guard, step) for guard, step in wanted if step.key not in taken]
    if not missing:
        return taken
    kept = [step for step in steps if step.key in taken]
    if kept:
        database.give_back(kept, [step for step in kept if taken[step.key] >= step.shuts_from])
    guard, step = missing[0]
    return replace(database.refused(step, database.look([step.key])), by=guard)


@dataclass(frozen=True, slots=True)
class DatabaseSlots:
    """The slots of an attempt, which are settled by one statement."""

    slots: Sequence[DatabaseSlot | LockoutSlot]
    request: HttpRequest | None

    def succeeded(self) -> None:
        self._give_back(next((one.slot.step.key for one in self.slots if isinstance(one, LockoutSlot)), ""))

    def refund(self) -> None:
        self._give_back("")

    def failed(self) -> None:
        for slot in self.slots:
            slot.failed()

    @property
    def is_last(self) -> bool:
        """Whether one of them was."""
        return any(one.is_last for one in self._counted())

    def _give_back(self, forgiven: str) -> None:
        steps, shut = [one.step for one in self._counted()], [one.step for one in self._counted() if one.is_last]
        outside.quietly(lambda: database.give_back(steps, shut, forgiven), self.request)

    def _counted(self) -> Iterator[DatabaseSlot]:
        for slot in self.slots:
            yield slot.slot if isinstance(slot, LockoutSlot) else slot
