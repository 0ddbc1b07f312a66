"""What is no race between requests: growing tables, memory, a storm of logins, many refusals, a server, frameworks."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from benchmarks import layers, serving
from benchmarks.growth import GROWING
from benchmarks.measuring import Effort
from benchmarks.project import Where
from benchmarks.stacks import STACKS, StackFailed
from benchmarks.storm import p99
from benchmarks.team import Team

SIZES = (1_000, 10_000, 1_000_000)
#: Which of them the others are compared with.
BASE = 1
Part = Callable[[Team, Effort], Any]
#: After so many attempts on one account, what is refused costs what it did after ten.
REFUSED = 10_000
YARDSTICK = "page"
OURS_HERE = ("ours_core", "ours", "ours_drf")
REMEMBERING = ("stock", *OURS_HERE, "hijack", "impersonate", "allauth", "axes", "drf", "knox", "api_key")
STORMS = ("stock_argon2", "ours_argon2")
PROCESSES = 3
#: How many storms: stock Django answers some thirty pages in one.
WEATHER = 7


def measure(team: Team, backend: str, effort: Effort, results: dict[str, Any], names: Collection[str]) -> None:
    """Measure those of `names`, and put what is found into `results`."""
    more = results.setdefault("more", {})
    for name in names:
        try:
            if name in EACH_BACKEND:
                more.setdefault(name, {})[backend] = EACH_BACKEND[name](team, effort)
            elif backend == "sqlite":  # no question to a server
                more[name] = ONCE[name](team, effort)
        except StackFailed as failure:
            print(f"bench: without {name}: {failure}", file=sys.stderr)


def growth(team: Team, effort: Effort) -> dict[str, list[dict[str, Any]]]:
    """Return by contestant what its request costs at each size, beside a page of its own that looks at nobody."""
    found = {}
    for stack, case, kind in GROWING:
        try:
            for one in (YARDSTICK, case):
                team.ask(stack, "prepare", case=one, is_async=False)
            found[f"{stack}/{case}"] = [_at(team, stack, case, kind, size, effort) for size in SIZES]
        except StackFailed as failure:
            print(f"bench: growth goes without {stack}: {failure}", file=sys.stderr)
    return found


def _at(team: Team, stack: str, case: str, kind: str, size: int, effort: Effort) -> dict[str, Any]:
    rows = team.ask(stack, "grow", growth=kind, rows=size)
    team.ask(stack, "time", case=case, is_async=False, times=20)
    ratios = [_time(team, stack, case) / _time(team, stack, YARDSTICK) for _ in range(effort.rounds)]
    counts = team.ask(stack, "count", case=case, is_async=False)
    print(f"  {STACKS[stack].title} ({case}), {rows} rows: {statistics.median(ratios):.2f} pages", flush=True)
    return {"rows": rows, "pages": round(statistics.median(ratios), 3), "calls": counts["calls"]}


def _time(team: Team, stack: str, case: str) -> float:
    took: float = team.ask(stack, "time", case=case, is_async=False, times=60)
    return took


def memory(team: Team, effort: Effort) -> dict[str, float]:
    """Return by stack how many MiB a process that has answered has more than stock Django; the median of three.

    Its tables were made by another process, as those of a server are: a process that has migrated keeps a multiple of
    that, of the models of every migration.
    """
    found: dict[str, list[float]] = {}
    for name in REMEMBERING:
        where = team.where.under(name)
        try:
            _answering(team, name, where)
            sizes = [_answering(team, name, replace(where, is_migrated=True)) for _ in range(PROCESSES)]
        except StackFailed as failure:
            print(f"bench: memory goes without {name}: {failure}", file=sys.stderr)
        else:
            found[name] = sizes
    medians = {name: statistics.median(sizes) for name, sizes in found.items()}
    return {name: round(size - medians["stock"], 1) for name, size in medians.items()}


def _answering(team: Team, name: str, where: Where) -> float:
    """Return the MiB of a process of its own that has answered."""
    with Team(where, team.python_of) as alone:
        alone.ask(name, "prepare", case="page", is_async=False)
        size: float = alone.ask(name, "memory") / 1024
    return size


def storm(team: Team, effort: Effort) -> dict[str, dict[str, float]]:
    """Return by stack what a bystander feels while sixteen sign in, in milliseconds, and the logins a second."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in STORMS}
    for _ in range(WEATHER):
        for name in STORMS:
            team.ask(name, "prepare", case="page", is_async=True)
            found[name].append(team.ask(name, "storm"))
    return {name: _felt(storms) for name, storms in found.items()}


def _felt(storms: list[dict[str, Any]]) -> dict[str, float]:
    late = {figure: p99([value for one in storms for value in one[figure]]) for figure in ("loop", "page")}
    return {name: round(value, 1) for name, value in late.items()} | {
        "logins": round(statistics.median(one["logins"] for one in storms), 1),
        "pages": sum(len(one["page"]) for one in storms),
    }


def refused(team: Team, effort: Effort) -> dict[str, dict[str, int]]:
    """Return what an attempt that is refused unlooked at costs after a dozen of them, and after ten thousand."""
    with Team(team.where.under("refused"), team.python_of) as alone:
        ask: dict[str, Any] = {"case": "locked", "is_async": False}
        alone.ask("ours_locked", "prepare", **ask)
        few = alone.ask("ours_locked", "count", **ask)
        alone.ask("ours_locked", "time", times=REFUSED, **ask)
        return {"few": few, "many": alone.ask("ours_locked", "count", **ask)}


EACH_BACKEND: dict[str, Part] = {"growth": growth, "serving": lambda team, effort: serving.measure(team)}
ONCE: dict[str, Part] = {
    "memory": memory,
    "storm": storm,
    "refused": refused,
    "layers": lambda team, effort: layers.measure(team),
}
ALL = (*EACH_BACKEND, *ONCE)
