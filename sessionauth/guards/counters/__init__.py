"""Counters of attempts: in the shared cache where it can count, else in the database, and what happens in trouble."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest

from sessionauth.conf import settings
from sessionauth.exceptions import GuardUnavailable
from sessionauth.guards.counters import cache, database
from sessionauth.guards.counters.base import Full, Slot, Slots, Tally, Unavailable
from sessionauth.rates import Rate

#: Seconds after which it is worth trying again when nothing can be counted.
RETRY_AFTER = 60

__all__ = ["Full", "Rate", "Slot", "Tally", "Unavailable", "clear", "is_full", "refuse_uncounted", "take", "take_all"]


def take(tally: Tally, request: HttpRequest | None) -> Slot | Full | None:
    """Take a slot of `tally`; None where it is not counted, which only SESSIONAUTH_GUARD_ON_CACHE_ERROR may say.

    Raises GuardUnavailable where it cannot be counted and the setting does not say "allow".
    """
    if cache.fault() is None:
        try:
            return cache.take(tally)
        except Unavailable:
            if settings.GUARD_ON_CACHE_ERROR != "fallback":
                refuse_uncounted()
                return None
    try:
        return database.take(tally, request)
    except Unavailable:
        refuse_uncounted()
        return None


def take_all(tallies: Sequence[Tally], request: HttpRequest | None) -> Slot | Full | None:
    """Take a slot of each of `tallies`, or of none where one is full. See take()."""
    if cache.fault() is None:
        try:
            return cache.take_all(tallies)
        except Unavailable:
            if settings.GUARD_ON_CACHE_ERROR != "fallback":
                refuse_uncounted()
                return None
    taken: list[Slot] = []
    try:
        for tally in tallies:
            slot = database.take(tally, request)
            if isinstance(slot, Full):
                Slots(taken).refund()
                return slot
            taken.append(slot)
    except Unavailable:
        refuse_uncounted()
    return Slots(taken)


def refuse_uncounted() -> None:
    """Raise GuardUnavailable, unless SESSIONAUTH_GUARD_ON_CACHE_ERROR lets attempts go uncounted."""
    if settings.GUARD_ON_CACHE_ERROR != "allow":
        raise GuardUnavailable(retry_after=RETRY_AFTER)


def clear(tally: Tally) -> None:
    """Forget the attempts of `tally`, wherever they are counted."""
    if cache.fault() is None:
        cache.clear(tally)
    database.clear(tally)


def is_full(tally: Tally) -> bool:
    """Say whether no slot of `tally` is left now: for people to be told, never to decide on an attempt."""
    return database.is_full(tally) or (cache.fault() is None and cache.is_full(tally))
