"""Rates that stand next to each other and count in the shared cache: one question for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest

from sessionauth.guards import attempt, counters, posted
from sessionauth.guards.counters import Full, Slot, Tally, Unavailable, cache
from sessionauth.guards.counters.cache import CacheSlots
from sessionauth.guards.rate_limit import RateLimitGuard
from sessionauth.guards.reserving import ReservingGuard

#: What each counts an attempt by.
Tallies = Mapping[RateLimitGuard, Sequence[Tally]]


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
        is_by_name = posted.decides(request, self.guards)
        foretaken, shut = self._foretaken(_each_once(foreseen), is_by_name=is_by_name)
        full = _first_shut({guard: those for guard, those in foreseen.items() if not guard.needs_account}, shut)
        if full is None and shut and is_by_name and posted.leaves_to_record():
            full = _first_shut(foreseen, shut)
        if full is not None:
            return full
        try:
            wanted = self._wanted(request, identity, foreseen)
        except BaseException:
            foretaken.refund()
            raise
        full = _first_shut(wanted, shut)
        if full is not None:
            return full
        slots = self._taken_in_place_of(foretaken, foreseen, wanted, request)
        if isinstance(slots, Full):
            return slots
        if slots is not None:
            self.keep(slots)
        for guard, those in wanted.items():
            guard.tell_bound(slots if those else None)
        return None

    def _wanted(self, request: HttpRequest | None, identity: str | None, foreseen: Tallies) -> Tallies:
        under_way = attempt.current()
        user = None if under_way is None else under_way.account()
        return {
            guard: guard.tallies_of(request, identity, user) if guard.needs_account else known
            for guard, known in foreseen.items()
        }

    def _taken_in_place_of(
        self, foretaken: CacheSlots, foreseen: Tallies, wanted: Tallies, request: HttpRequest | None
    ) -> Slot | Full | None:
        """Return what was `foretaken` if that is just what is `wanted`, else give it back and take that."""
        tallies = _each_once(wanted)
        if foretaken.slots and [one.counter for one in tallies] == [one.counter for one in _each_once(foreseen)]:
            return foretaken
        foretaken.refund()
        return counters.take_all(tallies, request) if tallies else None

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


def _each_once(tallies: Tallies) -> list[Tally]:
    """Return each counter once: two rules that differ in whom they leave out may count by the same one."""
    return list({tally.counter: tally for those in tallies.values() for tally in those}.values())


def _first_shut(tallies: Tallies, shut: Mapping[tuple[str, str], Full]) -> Full | None:
    """Return what the first of `tallies` says that is `shut`."""
    return next((shut[tally.counter] for tally in _each_once(tallies) if tally.counter in shut), None)
