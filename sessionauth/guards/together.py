"""Guards that stand next to each other and count in one place: one look, and one question for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from sessionauth import accounts
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.guards import attempt, base, counters, device
from sessionauth.guards.base import LoginGuard
from sessionauth.guards.counters import Full, Slot, Tally, Unavailable, cache, database, outside
from sessionauth.guards.counters.cache import CacheSlots
from sessionauth.guards.counters.database import DatabaseSlot
from sessionauth.guards.counters.step import Standing, Step
from sessionauth.guards.lockout import LockoutGuard, LockoutSlot
from sessionauth.guards.rate_limit import RateLimitGuard
from sessionauth.guards.reserving import ReservingGuard

#: Whose steps are known; a class derived from them may count as it likes.
KINDS = (RateLimitGuard, LockoutGuard)
Wanted = Sequence[tuple[ReservingGuard, Step]]


def doors(guards: Sequence[LoginGuard]) -> Sequence[LoginGuard]:
    """Return by whom an attempt is asked before the credentials: `guards`, those in one that can count together."""
    return switched_on.doors if tuple(guards) == base.active() else _doors(guards)


def _doors(guards: Sequence[LoginGuard]) -> Sequence[LoginGuard]:
    if len(guards) < 2:
        return guards
    kinds, door = ((RateLimitGuard,), TogetherInCache) if cache.fault() is None else (KINDS, Together)
    found: list[LoginGuard] = []
    for counts, some in groupby(guards, lambda guard: type(guard) in kinds):
        run = list(some)
        found += [door(run)] if counts and len(run) > 1 else run
    return found


class SwitchedOn(FromSettings):
    """The doors of the guards that a project has switched on."""

    @derived
    def doors(self) -> Sequence[LoginGuard]:
        """By whom an attempt is asked that no others are asked at."""
        return _doors(base.active())


switched_on = SwitchedOn()


class TogetherInCache(ReservingGuard):
    """Several rates as one, where the shared cache counts: a slot of each or of none, as in the database.

    By one question where the cache can answer it, else by a look, and another one that takes.
    """

    needs_account = False

    def __init__(self, guards: Sequence[Any]) -> None:
        self.guards: Sequence[RateLimitGuard] = guards

    def claim(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> Full | None:
        """Take a slot of each rate, or of none; whose account it is it finds out when it has to.

        Before that it takes what nearly every attempt is counted by: the name as it was posted.
        """
        foreseen = {
            guard: guard.tallies_of(request, identity, None) if guard.unless is None else [] for guard in self.guards
        }
        early, is_by_name = _all(foreseen.values()), _is_by_name(request, self.guards)
        taken, shut = self._foretaken(early, is_by_name=is_by_name)
        full = _shut([those for guard, those in foreseen.items() if not guard.needs_account], shut)
        if full is None and shut and is_by_name and _leaves_to_record():
            full = _shut(foreseen.values(), shut)
        if full is not None:
            return full
        try:
            wanted = self._wanted(request, identity, foreseen)
        except BaseException:
            taken.refund()
            raise
        full = _shut(wanted.values(), shut)
        if full is not None:
            return full
        tallies = _all(wanted.values())
        slots: Slot | Full | None = taken
        if [one.counter for one in tallies] != [one.counter for one in early] or not taken.slots:
            taken.refund()
            slots = counters.take_all(tallies, request) if tallies else None
        if isinstance(slots, Full):
            return slots
        if slots is not None:
            self.keep(slots)
        for guard, those in wanted.items():
            guard.tell_bound(slots if those else None)
        return None

    def _wanted(
        self, request: HttpRequest | None, identity: str | None, foreseen: Mapping[RateLimitGuard, list[Tally]]
    ) -> dict[RateLimitGuard, list[Tally]]:
        under_way = attempt.current()
        user = None if under_way is None else under_way.account()
        return {
            guard: guard.tallies_of(request, identity, user) if guard.needs_account else known
            for guard, known in foreseen.items()
        }

    def _foretaken(
        self, tallies: Sequence[Tally], *, is_by_name: bool
    ) -> tuple[CacheSlots, Mapping[tuple[str, str], Full]]:
        """Take a slot of each of `tallies`, or of none, and return what was taken and which of them are full.

        It only looks where that is cheaper than to find one full by taking; and where it may turn out to be counted by
        something else: to take another slot would tell that there is an account.
        """
        if not is_by_name or not cache.is_asked_once():
            return CacheSlots(()), cache.look(tallies)
        try:
            found = cache.offered(tallies) if tallies else CacheSlots(())
        except Unavailable:
            found = {}
        return (found, {}) if isinstance(found, CacheSlots) else (CacheSlots(()), found)


def _is_by_name(request: HttpRequest | None, guards: Sequence[Any]) -> bool:
    """Say whether the rates among `guards` count the name as it was posted, whoever's account it is.

    They may not where a browser says it is known to the owner, where a rule asks who is left out, and where an account
    may be found by another name than its own.
    """
    asks = any(getattr(guard, "unless", None) is not None for guard in guards)
    return not asks and not device.is_claimed(request) and accounts.are_found_by_their_names()


def _leaves_to_record() -> bool:
    under_way = attempt.current()
    return under_way is not None and under_way.leave_to_record()


def _all(tallies: Iterable[Sequence[Tally]]) -> list[Tally]:
    """Return each counter once: two rules that differ in whom they leave out may count by the same one."""
    return list({tally.counter: tally for those in tallies for tally in those}.values())


def _shut(tallies: Iterable[Sequence[Tally]], shut: Mapping[tuple[str, str], Full]) -> Full | None:
    """Return what the first of `tallies` says that is `shut`."""
    return next((shut[tally.counter] for tally in _all(tallies) if tally.counter in shut), None)


class Together(ReservingGuard):
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
        named = [(guard, ways[0]) for guard, steps in foreseen.items() for ways in steps]
        keys = [step.key for _, step in named]
        found = outside.read(lambda: database.look(keys)) if keys else {}
        full = _full([(guard, step) for guard, step in named if not guard.needs_account], found)
        by_name = full or _full(named, found)
        # A lock is that of the account which failed first, and that may be another one of such a name.
        if full is None and by_name is not None and not isinstance(by_name.by, LockoutGuard):
            full = by_name if _is_by_name(request, self.guards) and _leaves_to_record() else None
        if full is not None:
            return full
        user = None if under_way is None else under_way.account()
        wanted: list[tuple[ReservingGuard, Step]] = []
        for guard, known in foreseen.items():
            steps = guard.steps(request, identity, user, moment) if guard.needs_account else known
            own = [(guard, _own(ways, found)) for ways in steps]
            full = _full(own, found)
            if full is not None:
                return full
            wanted += own
        if not wanted:
            return None
        seen = {key: found[key].count if key in found else 0 for key in keys}
        answer = outside.write(lambda: _take(wanted, seen), request)
        if isinstance(answer, Full):
            return answer
        slots = [guard.slot(step, answer[step.key], request, user) for guard, step in wanted]
        self.keep(DatabaseSlots(slots, request))
        return None


def _own(ways: Sequence[Step], found: Mapping[str, Standing]) -> Step:
    return next((step for step in ways if not step.is_anothers(found.get(step.key))), ways[-1])


def _full(wanted: Wanted, found: Mapping[str, Standing]) -> Full | None:
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
