"""Guards that stand next to each other and count in one place, as one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sessionauth.conf.setting import FromSettings, derived
from sessionauth.guards import base
from sessionauth.guards.base import LoginGuard
from sessionauth.guards.counters import cache
from sessionauth.guards.in_cache import TogetherInCache
from sessionauth.guards.in_database import TogetherInDatabase
from sessionauth.guards.lockout import LockoutGuard
from sessionauth.guards.rate_limit import RateLimitGuard

#: Whose steps are known; a class derived from them may count as it likes.
KINDS = (RateLimitGuard, LockoutGuard)


def doors(guards: Sequence[LoginGuard]) -> Sequence[LoginGuard]:
    """Return by whom an attempt is asked before the credentials: `guards`, those in one that can count together."""
    return switched_on.doors if tuple(guards) == base.active() else _doors(guards)


def _doors(guards: Sequence[LoginGuard]) -> Sequence[LoginGuard]:
    if len(guards) < 2:
        return guards
    kinds, door = ((RateLimitGuard,), TogetherInCache) if cache.fault() is None else (KINDS, TogetherInDatabase)
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
