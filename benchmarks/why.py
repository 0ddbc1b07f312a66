"""The part of docs/performance.md that says of each goal that is missed where the calls go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from benchmarks.scenarios import ALL, Row, Scenario

#: So many modules are named, and none with fewer calls than a hundredth of the request's.
NAMED = 8
OWNERS = ("sessionauth", "django", "asgiref", "the rest")


def told(results: dict[str, Any], label: Any) -> Iterator[str]:
    """Yield a paragraph and a table for each row that misses its goal; `label` names rows as the page does."""
    for scenario in ALL:
        found = results.get("sqlite", {}).get(scenario.name, {})
        base = found.get(scenario.baseline.key, {})
        for row in scenario.rows:
            figures = found.get(row.key, {})
            if is_missed(scenario, row, results) and "profile" in figures and "profile" in base:
                yield from _row(scenario, label(scenario, row), figures, base)


def is_missed(scenario: Scenario, row: Row, results: dict[str, Any]) -> bool:
    """Say whether `row` costs more than its goal on any database that was measured."""
    found = [results.get(backend, {}).get(scenario.name, {}).get(row.key, {}) for backend in ("sqlite", "postgres")]
    limits = zip(found, row.goal or (), strict=False)
    return any(one["ratio"] > limit for one, limit in limits if "ratio" in one)


def _row(scenario: Scenario, label: str, ours: dict[str, Any], base: dict[str, Any]) -> Iterator[str]:
    yield f"### {scenario.title}: {label}\n"
    yield f"| | {' | '.join(OWNERS)} | all |\n|---|{'---|' * len(OWNERS)}---|"
    for title, one in (("ours", ours), ("beside", base)):
        by_owner = owners(one["profile"])
        yield f"| {title} | {' | '.join(str(by_owner[owner]) for owner in OWNERS)} | {sum(by_owner.values())} |"
    total = sum(ours["profile"].values())
    most = [(name, calls) for name, calls in ours["profile"].items() if name and calls * 100 >= total][:NAMED]
    yield "\nMost of ours: " + ", ".join(f"`{name}` {calls}" for name, calls in most) + ".\n"


def owners(profile: dict[str, int]) -> Counter[str]:
    """Return the calls of `profile` by whose modules make them."""
    found: Counter[str] = Counter()
    for name, calls in profile.items():
        first = name.partition(".")[0]
        found[first if first in OWNERS else "the rest"] += calls
    return found
