"""Counts in the shared cache, by django-ratelimit or as it does: one `add` or `incr` before the password is hashed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings as django_settings
from django.core.cache import InvalidCacheBackendError, caches
from django_ratelimit import ALL
from django_ratelimit.core import get_usage

from sessionauth import audit, pipelines
from sessionauth.conf import settings
from sessionauth.guards.counters import windows
from sessionauth.guards.counters.base import PENDING, Full, Tally, Unavailable, logger

#: Modules of caches that all processes share and whose `add` and `incr` are atomic and keep the time to live.
ATOMIC = (
    "django.core.cache.backends.redis",
    "django.core.cache.backends.memcached",
    "django_redis",
    "django_valkey",
)
#: For so many seconds after a failure the cache is not asked again: an outage must not add a timeout to each rule.
PAUSE = 5.0

#: Until when each alias is left alone, by the monotonic clock. A process that forgets it asks once more.
_broken: dict[str, float] = {}


def _is_atomic(kind: type[Any]) -> bool:
    return any(one.__module__.startswith(ATOMIC) for one in kind.__mro__)


def fault() -> str | None:
    """Say why attempts are not counted in the cache SESSIONAUTH_CACHE but in the database, None if they are."""
    try:
        return fault_of(type(caches[settings.CACHE]))
    except (InvalidCacheBackendError, ImportError):
        return "there is no such cache"


def fault_of(kind: type[Any]) -> str | None:
    """See fault(); `kind` is the class of that cache."""
    if not _is_atomic(kind):
        return f"{kind.__name__} is not shared by all processes, or does not count atomically"
    if not getattr(django_settings, "RATELIMIT_ENABLE", True):
        return "RATELIMIT_ENABLE is False"
    if getattr(django_settings, "RATELIMIT_USE_CACHE", "default") != settings.CACHE:
        return "RATELIMIT_USE_CACHE names another one"
    return None


@dataclass(frozen=True, slots=True)
class CacheSlot:
    """A slot of a window. `is_last` says that it was the last one; then the door is shut once it has failed."""

    key: str | None
    is_last: bool
    time_left: int

    def succeeded(self) -> None:
        self.refund()

    def refund(self) -> None:
        CacheSlots((self,)).refund()

    def failed(self) -> None:
        if self.is_last and self.key is not None:
            _quietly(lambda: _shut(str(self.key), self.time_left))


@dataclass(frozen=True, slots=True)
class CacheSlots:
    """The slots of an attempt, given back together."""

    slots: tuple[CacheSlot, ...]

    @property
    def is_last(self) -> bool:
        """Whether one of them was."""
        return any(slot.is_last for slot in self.slots)

    def joined(self, other: CacheSlots) -> CacheSlots:
        return CacheSlots(self.slots + other.slots)

    def succeeded(self) -> None:
        self.refund()

    def refund(self) -> None:
        if keys := [slot.key for slot in self.slots if slot.key is not None]:
            _quietly(lambda: _give_back(keys))

    def failed(self) -> None:
        for slot in self.slots:
            slot.failed()


def take(tally: Tally) -> CacheSlot | Full:
    """Take a slot of `tally`, or say that it is full. Raises Unavailable where the cache does not count."""
    found = take_all([tally])
    return found if isinstance(found, Full) else found.slots[0]


def take_all(tallies: Sequence[Tally]) -> CacheSlots | Full:
    """See offered(); of those that are full the first one."""
    found = offered(tallies)
    if isinstance(found, CacheSlots):
        return found
    return next(found[tally.counter] for tally in tallies if tally.counter in found)


def is_asked_once() -> bool:
    """Say whether to find a counter full costs no more than to take a slot of it, and writes nothing."""
    return pipelines.runs_scripts(caches[settings.CACHE])


def offered(tallies: Sequence[Tally]) -> CacheSlots | dict[tuple[str, str], Full]:
    """Take a slot of each of `tallies`, or of none where one is full; return by `counter` what those say that are.

    In one round trip where is_asked_once(), else it counts, and gives back what was one too many. Raises Unavailable
    where the cache does not count.
    """
    if _is_left_alone():
        raise Unavailable
    cache, opened = caches[settings.CACHE], [windows.opened(tally) for tally in tallies]
    found: pipelines.Taken | None = None
    if pipelines.runs_scripts(cache):
        limited = [pipelines.Limited(one.key, one.mark, one.limit, one.lasts) for one in opened]
        found = _answer(lambda: pipelines.take(cache, limited))
    if found is None:
        return _one_too_many(opened)
    if not found.full:
        return CacheSlots(tuple(map(_slot, opened, found.counts)))
    moment, full = int(time.time()), [one for one in opened if one.key in found.full]
    return {one.tally.counter: _shut_by(one.key, one.time_left(moment), found.full[one.key]) for one in full}


def _slot(window: windows.Window, count: int) -> CacheSlot:
    end = windows.end(window.tally)
    # A window that has changed meanwhile: it is not known which one the slot is in.
    known = window.key if end == window.end else None
    return CacheSlot(known, count == window.limit, max(1, end - int(time.time())))


def _one_too_many(opened: Sequence[windows.Window]) -> CacheSlots | dict[tuple[str, str], Full]:
    counted = list(_counted(opened))
    taken = [_slot(window, count) for window, count in counted]
    for (window, count), slot in zip(counted, taken, strict=True):
        if count > window.limit:
            return {window.tally.counter: _full(taken, slot)}
    return CacheSlots(tuple(taken))


def _full(taken: Sequence[CacheSlot], over: CacheSlot) -> Full:
    """Give back what was `taken`, at once, or a slot that is given back would not be free; `over` is one too many."""
    key = over.key
    keys = [slot.key for slot in taken if slot.key is not None]
    is_shut = _answer(lambda: _give_back(keys, None if key is None else windows.mark(key)))
    return Full(over.time_left) if key is None else _shut_by(key, over.time_left, is_shut)


def _shut_by(key: str, time_left: int, is_shut: bool) -> Full:
    give_up = partial(_quietly, partial(_shut, key, int(PENDING)))
    return Full(time_left, is_pending=not is_shut, give_up=give_up)


def look(tallies: Sequence[Tally]) -> dict[tuple[str, str], Full]:
    """Return by `counter` what those of `tallies` say that are full: one round trip, which writes nothing.

    A hint: who gets a slot is decided where it is taken. While the cache does not count it has nothing to say.
    """
    if not tallies or _is_left_alone():
        return {}
    opened, moment = [windows.opened(tally) for tally in tallies], int(time.time())
    try:
        found = _answer(lambda: _read([key for one in opened for key in (one.key, one.mark)]))
    except Unavailable:
        return {}
    full = [one for one in opened if int(found.get(one.key) or 0) >= one.limit]
    return {one.tally.counter: _shut_by(one.key, one.time_left(moment), bool(found.get(one.mark))) for one in full}


def _read(keys: Sequence[str]) -> dict[str, Any]:
    found = caches[settings.CACHE]
    return pipelines.read(found, keys) if pipelines.speaks_to(found) else found.get_many(keys)


def _is_left_alone() -> bool:
    return _broken.get(settings.CACHE, 0.0) > time.monotonic()


def _counted(opened: Sequence[windows.Window]) -> Iterator[tuple[windows.Window, int]]:
    """Count one more in each window, up to the first that is full where they are asked one by one."""
    found = caches[settings.CACHE]
    if pipelines.speaks_to(found):
        lasting = [(window.key, window.lasts) for window in opened]
        yield from zip(opened, _answer(lambda: pipelines.count(found, lasting)), strict=True)
        return
    for window in opened:
        count = _ask(window.tally)["count"]
        yield window, count
        if count > window.limit:
            return


def clear(tally: Tally) -> None:
    """Forget the attempts of the window that is open now."""
    key = windows.key_of(tally)
    _quietly(lambda: caches[settings.CACHE].delete_many([key, windows.mark(key)]))


def is_full(tally: Tally) -> bool:
    """Say whether no slot is left; no while the cache does not answer."""
    try:
        return int(_answer(lambda: caches[settings.CACHE].get(windows.key_of(tally)) or 0)) >= tally.rate.limit
    except Unavailable:
        return False


def _ask(tally: Tally) -> dict[str, Any]:
    """Ask django-ratelimit.

    It answers an outage by None, by a dict that says nothing, or by whatever the client raises.
    """
    rate = (tally.rate.limit, tally.rate.period)

    def value(group: str, request: object) -> str:
        return tally.value

    usage = _answer(lambda: get_usage(None, windows.group(tally), key=value, rate=rate, method=ALL, increment=True))
    if usage is None or (usage["count"], usage["limit"], usage["time_left"]) == (0, 0, -1):
        raise _failed(None)
    found: dict[str, Any] = usage
    return found


def _give_back(keys: Sequence[str], ask: str | None = None) -> bool:
    """Count one less of each of `keys`, and say whether the key `ask` is there."""
    found = caches[settings.CACHE]
    if pipelines.speaks_to(found):
        return pipelines.give_back(found, keys, ask)
    for key in keys:
        with suppress(ValueError):  # the window is over
            found.decr(key)
    return ask is not None and bool(found.get(ask))


def _shut(key: str, seconds: int) -> None:
    caches[settings.CACHE].set(windows.mark(key), 1, seconds)


def _answer(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except Exception as error:  # whatever the client library raises
        raise _failed(error) from error


def _quietly(act: Callable[[], object]) -> None:
    """Run `act`; trouble is told and makes the count stricter, never an error of a login that is decided."""
    try:
        act()
    except Exception as error:
        _failed(error)


def _failed(error: Exception | None) -> Unavailable:
    _broken[settings.CACHE] = time.monotonic() + PAUSE
    name = "no answer" if error is None else type(error).__name__
    logger.error("guard_degraded: the cache %r does not count login attempts (%s).", settings.CACHE, name)
    audit.record(audit.Event.GUARD_DEGRADED, reason=name, cache=settings.CACHE)
    return Unavailable()
