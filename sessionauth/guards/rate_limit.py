"""At most so many attempts in a length of time: of an address, against an account, of both together …"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from sessionauth.conf import load
from sessionauth.guards import attempt, base, counters, device, keys, spotless
from sessionauth.guards.counters import Full, Rate, Slot, Tally, database
from sessionauth.guards.counters.cache import CacheSlots
from sessionauth.guards.counters.step import Step
from sessionauth.guards.network import matches, networks
from sessionauth.guards.reserving import ReservingGuard


class RateLimitGuard(ReservingGuard):
    """Lets so many attempts be evaluated in each window of time, exactly, on any number of machines.

    `by` says against whom they are counted: "address" (the client's network), "account" (or the name that nobody has),
    "account_address" (both together), "device" (a browser known to the owner), "user_agent" or "global". `rates` are
    such as "5/5m" or "100/h"; all of them hold. Requests from the networks `except_networks` are not counted, nor are
    attempts of which the callable `unless(request, user)`, or its dotted path, says True.
    """

    def __init__(
        self,
        *,
        by: str,
        rates: Sequence[str] | str,
        except_networks: Sequence[str] = (),
        unless: Any = None,
    ) -> None:
        if by not in keys.KINDS:
            raise ValueError(f"by={by!r} is none of {', '.join(keys.KINDS)}.")
        self.by = by
        # One that is written twice is one counter, and an attempt is to be counted by it once.
        self.rates = tuple(dict.fromkeys(map(Rate.parse, [rates] if isinstance(rates, str) else rates)))
        if not self.rates:
            raise ValueError('rates is empty; write one such as ("5/5m",).')
        self.except_networks = networks(except_networks)
        self.unless = load(unless) if isinstance(unless, str) else unless
        self.needs_account = by in keys.OF_ACCOUNTS or unless is not None

    def tallies(self, value: str, user_id: Any = None) -> list[Tally]:
        """Return what is counted against `value`, one of each rate."""
        return [Tally(f"{self.by}:{rate}", value, rate, user_id) for rate in self.rates]

    def claim(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> Full | None:
        """Take a slot of each rate; of none where one is full."""
        tallies = self.tallies_of(request, identity, user)
        taken = counters.take_all(tallies, request) if tallies else None
        if isinstance(taken, Full):
            return taken
        if taken is not None:
            self.keep(taken)
        self.tell_bound(taken)
        return None

    def steps(
        self, request: HttpRequest | None, identity: str | None, user: Any | None, moment: datetime
    ) -> list[list[Step]]:
        """Return a step of each rate."""
        return [[database.step_of(tally, moment)] for tally in self.tallies_of(request, identity, user)]

    def foreseen(self, request: HttpRequest | None, identity: str | None, moment: datetime) -> list[list[Step]]:
        """Return the same as of nobody; whom `unless` leaves out is not asked twice."""
        return [] if self.unless is not None else self.steps(request, identity, None, moment)

    def tallies_of(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> list[Tally]:
        """Return what an attempt is counted by: a tally of each rate, none where it is not counted."""
        value = None if self._is_excepted(request, user) else keys.KINDS[self.by](request, identity, user)
        if value is None:
            return []
        return self.tallies(value, None if user is None or self.by not in keys.OF_ACCOUNTS else user.pk)

    def login_succeeded(self, request: HttpRequest | None, user: Any) -> None:
        """Let the browser be known to the owner of an account whose attempts are counted."""
        if self.by in keys.OF_ACCOUNTS:
            device.offer(request, user)

    async def alogin_succeeded(self, request: HttpRequest | None, user: Any) -> None:
        """See login_succeeded()."""
        self.login_succeeded(request, user)

    def tell_bound(self, taken: Slot | None) -> None:
        """Let the attempt know how few there are, where that is so of every attempt on the account, by any way in."""
        under_way = attempt.current()
        is_plain = type(self) is RateLimitGuard  # a subclass may leave out whom it likes
        is_for_all = is_plain and self.by == "account" and not self.except_networks and self.unless is None
        if under_way is None or not is_for_all or not any(self is guard for guard in base.active()):
            return
        exact = self.rates if isinstance(taken, CacheSlots) else ()
        under_way.bound = min((rate.limit for rate in exact if rate.period >= spotless.LONGEST), default=None)

    def _is_excepted(self, request: HttpRequest | None, user: Any | None) -> bool:
        if self.except_networks and request is not None and matches(request, self.except_networks):
            return True
        return self.unless is not None and bool(self.unless(request, user))
