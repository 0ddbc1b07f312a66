"""Lets the rows of a scenario take turns, A B C A B C, and compares each round with itself.

A machine that is busy for a second is so to everyone in that round, and the median forgets the round. Every other round
goes backwards, so that nobody always comes after the same neighbour. One process keeps what the addresses of its memory
cost it, up to a tenth, for as long as it lives: so several take part for each contestant, one after the other.
"""

from __future__ import annotations

import statistics
import sys
from dataclasses import dataclass
from typing import Any

from benchmarks.scenarios import Row, Scenario
from benchmarks.stacks import StackFailed
from benchmarks.team import Team

#: For how many seconds it is looked where the time of a row goes.
SAMPLED = 3


@dataclass(frozen=True)
class Effort:
    """How much is measured: rounds, how long a row's turn in one takes, in seconds, and by how many processes each."""

    rounds: int = 33
    turn: float = 0.05
    processes: int = 3


def measure(team: Team, scenario: Scenario, effort: Effort) -> dict[str, dict[str, Any]]:
    """Return by row its counts, its ratio to the baseline (median, least, most) and its microseconds.

    A row whose stack cannot be had here is left out, and said so on stderr.
    """
    rows = [row for row in scenario.rows if _is_ready(team, scenario, row)]
    if scenario.baseline not in rows:
        return {}
    found: dict[str, dict[str, Any]] = {row.key: count(team, scenario, row) for row in rows}
    if effort.rounds:
        for key, figures in _timed(team, scenario, rows, effort).items():
            found[key].update(figures)
    for row in (scenario.baseline, *(row for row in rows if row.goal is not None)):
        found[row.key]["profile"] = team.ask(row.stack, "profile", case=row.case, is_async=scenario.is_async)
        if effort.rounds and not scenario.is_async:
            found[row.key]["sampled"] = team.ask(row.stack, "sample", case=row.case, seconds=SAMPLED)
    return found


def count(team: Team, scenario: Scenario, row: Row) -> dict[str, Any]:
    counted: dict[str, Any] = team.ask(row.stack, "count", case=row.case, is_async=scenario.is_async)
    return counted


def prepare(team: Team, scenario: Scenario, row: Row) -> None:
    team.ask(row.stack, "prepare", case=row.case, is_async=scenario.is_async)


def _is_ready(team: Team, scenario: Scenario, row: Row) -> bool:
    try:
        prepare(team, scenario, row)
    except StackFailed as failure:
        print(f"bench: {scenario.name} goes without {row.key}: {failure}", file=sys.stderr)
        return False
    return True


def _timed(team: Team, scenario: Scenario, rows: list[Row], effort: Effort) -> dict[str, dict[str, Any]]:
    rounds: list[dict[Row, float]] = []
    for number in range(effort.processes):
        if number:
            team.dismiss({row.stack for row in rows})
            for row in rows:
                prepare(team, scenario, row)
        times = {row: _times(team, scenario, row, effort.turn) for row in rows}
        for _ in range(effort.rounds * number // effort.processes, effort.rounds * (number + 1) // effort.processes):
            turns = rows[:: -1 if len(rounds) % 2 else 1]
            rounds.append({row: _time(team, scenario, row, times[row]) for row in turns})
    return {row.key: _figures(rounds, row, scenario.baseline) for row in rows}


def _figures(rounds: list[dict[Row, float]], row: Row, baseline: Row) -> dict[str, Any]:
    ratios = [one[row] / one[baseline] for one in rounds]
    return {
        "microseconds": round(statistics.median(one[row] for one in rounds), 1),
        "ratio": round(statistics.median(ratios), 3),
        "least": round(min(ratios), 3),
        "most": round(max(ratios), 3),
    }


def _times(team: Team, scenario: Scenario, row: Row, turn: float) -> int:
    """Return how many requests fill a turn."""
    return max(3, int(turn * 1e6 / _time(team, scenario, row, 5)))


def _time(team: Team, scenario: Scenario, row: Row, times: int) -> float:
    took: float = team.ask(row.stack, "time", case=row.case, is_async=scenario.is_async, times=times)
    return took
