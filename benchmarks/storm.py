"""Sixteen sign in at once, with Argon2 as Django comes with it, in one ASGI process: what does everybody else feel?

Pages are asked for whether or not those before have been answered, as strangers do: who waits for an answer first asks
whoever is slow less often, and the slow one would be spared both the work and the worst of its waits (Gil Tene,
"coordinated omission"). One storm is soon over: the percentiles are of several storms together.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any

LOGINS = 16
#: Seconds between two looks at the loop, and between two pages that are asked for.
TICK, PAUSE = 0.005, 0.025


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
    asked, due = [], time.perf_counter()
    while not over.is_set():
        asked.append(asyncio.ensure_future(_visit(way, page, pages, due)))
        due += PAUSE
        await asyncio.sleep(max(due - time.perf_counter(), 0))
    # Those that were due while the loop stood still came, too.
    end = time.perf_counter()
    while due < end:
        asked.append(asyncio.ensure_future(_visit(way, page, pages, due)))
        due += PAUSE
    await asyncio.gather(*asked)


async def _visit(way: Any, page: Any, pages: list[float], due: float) -> None:
    await way.aask(page)
    pages.append((time.perf_counter() - due) * 1000)
