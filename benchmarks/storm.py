"""Sixteen sign in at once, with Argon2 as Django comes with it, in one ASGI process: what does everybody else feel?"""

from __future__ import annotations

import asyncio
import time
from typing import Any

LOGINS = 16
TICK = 0.005


async def storm(way: Any, login: Any, page: Any) -> dict[str, float]:
    """Return the 99th percentiles of the loop's delay and of a small page's time, in ms, and the logins a second."""
    delays: list[float] = []
    pages: list[float] = []
    over = asyncio.Event()
    watchers = [asyncio.ensure_future(_ticks(delays, over)), asyncio.ensure_future(_visits(way, page, pages, over))]
    await asyncio.sleep(0.2)
    started = time.perf_counter()
    await asyncio.gather(*(way.aask(login) for _ in range(LOGINS)))
    took = time.perf_counter() - started
    over.set()
    await asyncio.gather(*watchers)
    return {"loop": _p99(delays), "page": _p99(pages), "logins": LOGINS / took}


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


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99) - 1 if len(values) > 1 else 0]
