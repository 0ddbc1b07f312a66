"""The windows of time that django-ratelimit counts by: by what key the cache knows one, and when it ends."""

from __future__ import annotations

from typing import NamedTuple

from django_ratelimit import ALL
from django_ratelimit.core import EXPIRATION_FUDGE, _get_window, _make_cache_key

from sessionauth.guards.counters.base import Tally


class Window(NamedTuple):
    """A window of `tally`: the `key` of its count, and its `end`, by which another one is told from it."""

    tally: Tally
    key: str
    end: int

    @property
    def mark(self) -> str:
        """The key that says that nobody need wait for a slot; see the function."""
        return mark(self.key)

    @property
    def limit(self) -> int:
        """How many attempts it has room for."""
        return self.tally.rate.limit

    @property
    def lasts(self) -> int:
        """For how many seconds django-ratelimit keeps its count."""
        return int(self.tally.rate.period + EXPIRATION_FUDGE)

    def time_left(self, moment: int) -> int:
        """Return how many seconds after `moment` it ends, at least one."""
        return max(1, self.end - moment)


def opened(tally: Tally) -> Window:
    """Return the window that is open now."""
    rate, end = (tally.rate.limit, tally.rate.period), _get_window(tally.value, tally.rate.period)
    return Window(tally, str(_make_cache_key(group(tally), end, rate, tally.value, ALL)), int(end))


def group(tally: Tally) -> str:
    """Return what django-ratelimit is told that it counts."""
    # Ends in a colon: the parts of the key are joined without anything between them.
    return f"sessionauth.login.{tally.rule}:"


def key_of(tally: Tally) -> str:
    """Return the key of the window that is open now."""
    return opened(tally).key


def end(tally: Tally) -> int:
    """Return when the window ends that is open now."""
    return int(_get_window(tally.value, tally.rate.period))


def mark(key: str) -> str:
    """Return the key that says that every slot is taken by an attempt that has failed: nobody need wait for one.

    Set by the last slot as it fails, rather than a "still pending" as it is taken: between taking the slot and saying
    so another attempt would find the door shut for good.
    """
    return f"{key}:shut"
