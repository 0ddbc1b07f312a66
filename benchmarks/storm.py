"""Sixteen sign in at once, with Argon2 as Django comes with it, in one ASGI process: what does everybody else feel?

One storm holds up some for so long that few pages fall into it: the percentiles are of several storms together.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any

LOGINS = 16
TICK = 0.005


async def storm(way: Any, login: Any, page: Any) -> dict[str, Any]:
    """Return how late the loop was each time and what each small page took, in ms, and the logins a second."""
    delays: list[float] = []
    pages: list[float] = []
    over = asyncio.Event()
    watchers = [asyncio.ensure_future(_ticks(delays, over)), asyncio.ensure_future(_visits(way, page, pages, over))]
    started = time.perf_counter()
    await asyncio.gather(*(way.aask(login) for _ in range(LOGINS)))
    took = time.perf_counter() - started
    over.set()
    await asyncio.gather(*watchers)
    return {"loop": delays, "page": pages, "logins": LOGINS / took}


def p99(values: list[float]) -> float:
    """Return the 99th percentile by nearest rank: the least value that 99 % do not exceed."""
    return sorted(values)[math.ceil(len(values) * 0.99) - 1]


async def _ticks(delays: list[float], over: asyncio.Event) -> None:
    while not over.is_set():
        started = time.perf_counter()
        await asyncio.sleep(TICK)
        delays.append((time.perf_counter() - started - TICK) * 1000)


async def _visits(way: Any, page: Any, pages: list[float], over: asyncio.Event) -> None:
    while not over.is_set():
        started = time.perf_counter()
        await way.aask(page)
        pages.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(TICK)
