"""What a request costs in figures that no busy machine can blur: functions entered, statements, commands, threads.

A function is counted when it is entered, in Python or in C, in whatever thread.
"""

from __future__ import annotations

import gc
import itertools
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any
from unittest import mock

from asgiref.sync import SyncToAsync
from django.conf import settings
from django.core.cache import caches
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

#: What LocMemCache does for its callers; with Valkey, what goes through the socket is counted instead.
LOCAL = ("add", "get", "set", "touch", "incr", "has_key", "delete")


def count(act: Callable[[], None]) -> dict[str, int]:
    """Do `act` three times, unlooked at, for its calls, and for what it asks of others; return the figures."""
    act()
    calls = count_calls(act)
    tally = {"calls": calls, "statements": 0, "commits": 0, "cache": 0, "hops": 0}
    with ExitStack() as stack:
        for name in ("execute", "executemany"):
            stack.enter_context(_counted(CursorWrapper, name, tally, "statements"))
        stack.enter_context(_counted(BaseDatabaseWrapper, "_commit", tally, "commits"))
        # Into the thread of the database and back, under ASGI.
        stack.enter_context(_counted(SyncToAsync, "__call__", tally, "hops"))
        for owner, name in _cache_commands():
            stack.enter_context(_counted(owner, name, tally, "cache"))
        act()
    return tally


def count_calls(act: Callable[[], None]) -> int:
    """Return how many functions `act` enters: in this thread, and in those that begin meanwhile."""
    entered = itertools.count()
    _watched(act, lambda frame: next(entered))
    return next(entered)


def profile(act: Callable[[], None]) -> dict[str, int]:
    """Return how many functions `act` enters in each module, the most first; those in C count for their callers."""
    found: Counter[str] = Counter()

    def note(frame: Any) -> None:
        found[frame.f_globals.get("__name__", "")] += 1

    _watched(act, note)
    return dict(found.most_common())


def _watched(act: Callable[[], None], entered: Callable[[Any], object]) -> None:
    """Do `act`, and tell `entered` the frame of each function that is entered, or calls one in C."""

    def note(frame: Any, event: str, argument: Any) -> None:
        if event in ("call", "c_call"):
            entered(frame)

    gc.collect()
    threading.setprofile(note)  # Django's ASGI handler has a thread for each request
    gc.disable()  # what is cleared away is not this request's
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
        gc.enable()
        threading.setprofile(None)


def _cache_commands() -> Iterator[tuple[Any, str]]:
    if "redis" in settings.CACHES["default"]["BACKEND"]:
        yield import_module("redis.connection").AbstractConnection, "send_packed_command"
        return
    for name in LOCAL:
        yield type(caches["default"]), name


@contextmanager
def _counted(owner: Any, name: str, tally: dict[str, int], figure: str) -> Iterator[None]:
    original = getattr(owner, name)

    def counted(*args: Any, **kwargs: Any) -> Any:
        tally[figure] += 1
        return original(*args, **kwargs)

    with mock.patch.object(owner, name, counted):
        yield
