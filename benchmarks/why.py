"""The part of docs/performance.md that says of each goal that is missed where the time and the calls go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from benchmarks import words
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
    if reason := words.REASONS.get(scenario.name):
        yield f"{reason}\n"
    yield f"| | {' | '.join(OWNERS)} | all |\n|---|{'---|' * len(OWNERS)}---|"
    for figure, unit in (("profile", "calls"), ("sampled", "µs")):
        if figure in ours and figure in base:
            for title, one in (("ours", ours), ("beside", base)):
                by_owner = owners(one[figure])
                cells = [f"{by_owner[owner]:.0f}" for owner in OWNERS]
                yield f"| {unit}, {title} | {' | '.join(cells)} | {sum(by_owner.values()):.0f} |"
    yield f"\nMost calls: {_most(ours['profile'])}."
    if "sampled" in ours:
        yield f"\nMost µs: {_most(ours['sampled'])}."
    yield ""


def _most(profile: dict[str, float]) -> str:
    total = sum(profile.values())
    most = [(name, value) for name, value in profile.items() if name and value * 100 >= total][:NAMED]
    return ", ".join(f"`{name}` {value:.0f}" for name, value in most)


def owners(profile: dict[str, float]) -> Counter[str]:
    """Return what `profile` says of modules by whose they are."""
    found: Counter[str] = Counter()
    for name, value in profile.items():
        first = name.partition(".")[0]
        found[first if first in OWNERS else "the rest"] += value  # type: ignore[assignment]  # a Counter adds floats
    return found
