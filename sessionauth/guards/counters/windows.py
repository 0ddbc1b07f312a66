"""The windows of time that django-ratelimit counts by: by what key the cache knows one, and when it ends."""

from __future__ import annotations

from django_ratelimit import ALL
from django_ratelimit.core import _get_window, _make_cache_key

from sessionauth.guards.counters.base import Tally


def group(tally: Tally) -> str:
    """Return what django-ratelimit is told that it counts."""
    # Ends in a colon: the parts of the key are joined without anything between them.
    return f"sessionauth.login.{tally.rule}:"


def key_of(tally: Tally) -> str:
    """Return the key of the window that is open now."""
    rate = (tally.rate.limit, tally.rate.period)
    window = _get_window(tally.value, tally.rate.period)
    return str(_make_cache_key(group(tally), window, rate, tally.value, ALL))


def end(tally: Tally) -> int:
    """Return when the window ends that is open now: another one has another end."""
    return int(_get_window(tally.value, tally.rate.period))


def mark(key: str) -> str:
    """Return the key that says that every slot is taken by an attempt that has failed: nobody need wait for one.

    Set by the last slot as it fails, rather than a "still pending" as it is taken: between taking the slot and saying
    so another attempt would find the door shut for good.
    """
    return f"{key}:shut"


def time_left(tally: Tally, moment: int) -> int:
    """Return how many seconds after `moment` the window ends, at least one."""
    return max(1, end(tally) - moment)
