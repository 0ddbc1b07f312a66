"""What CI checks: how many functions we enter for each request, beside whoever is the baseline in the same run.

`python -m benchmarks.counts` compares with benchmarks/expected.json and fails where a ratio has become a fifth worse,
or where there is one statement more. `--write` makes what is counted now the expectation: after making something
faster, so that it stays so; after making it slower on purpose, with a reason in the commit. Ratios, because the next
Python or Django may count otherwise, and does so for both.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from benchmarks import measuring
from benchmarks.project import Where
from benchmarks.scenarios import SCENARIOS, Row, Scenario
from benchmarks.stacks import ROOT, Stack
from benchmarks.team import Team

EXPECTED = ROOT / "benchmarks" / "expected.json"
TOLERANCE = 1.2
#: Scenarios, and our rows in them; all of this is installed with `.[dev]`.
CHECKED = {
    "page": ["ours/page"],
    "page_async": ["ours/page"],
    "session": ["ours/session", "ours_engine/session"],
    "session_async": ["ours/session", "ours_engine/session"],
    "page_lean": ["ours_lean/page"],
    "session_lean": ["ours_lean/session", "ours_engine_lean/session"],
    "session_signed": ["ours_signed/session"],
    "key": ["ours/key", "ours/token", "ours_drf/key", "ours_ninja/key"],
    "cached_key": ["ours_cached/cached_key"],
    "malformed_key": ["ours/malformed_key"],
    "good_login": ["ours/good_login", "ours/managed_login"],
    "bad_login": ["ours/bad_login"],
    "locked": ["ours_locked/locked"],
    "impersonated": ["ours/impersonated"],
}

Counts = dict[str, dict[str, float]]


def counted(
    team: Team,
    names: Collection[str] = tuple(CHECKED),
    *,
    stacks: Collection[str] | None = None,
    instead: Mapping[str, str] = MappingProxyType({}),
) -> Counts:
    """Return by scenario and row the ratio of calls to the baseline, and the statements.

    `names` are scenarios, `stacks` those whose rows are counted (all that are checked); `instead` names other stacks to
    take the place of ours.
    """
    found: Counts = {}
    for name in names:
        scenario = SCENARIOS[name]
        base = _one(team, scenario, scenario.baseline)
        for row in scenario.rows:
            if row.key in CHECKED[name] and (stacks is None or row.stack in stacks):
                ours = _one(team, scenario, Row(instead.get(row.stack, row.stack), row.case))
                ratio = round(ours["calls"] / base["calls"], 3)
                found[f"{name}: {row.key}"] = {"calls": ratio, "statements": ours["statements"]}
    return found


def _one(team: Team, scenario: Scenario, row: Row) -> dict[str, Any]:
    measuring.prepare(team, scenario, row)
    return measuring.count(team, scenario, row)


def regressions(expected: Counts, found: Counts) -> list[str]:
    """Return what has become a fifth worse, or asks the database more often, as sentences."""
    worse = []
    for name, one in found.items():
        before = expected.get(name)
        if before is None:
            worse.append(f"{name}: nothing is expected yet (python -m benchmarks.counts --write)")
        elif one["calls"] > before["calls"] * TOLERANCE:
            worse.append(f"{name}: {one['calls']:.2f} times the calls of the baseline, {before['calls']:.2f} expected")
        elif one["statements"] > before["statements"]:
            worse.append(f"{name}: {one['statements']} statements, {before['statements']} expected")
    return worse


def expected() -> Counts:
    read: Counts = json.loads(EXPECTED.read_text())
    return read


def in_place(stack: Stack) -> str:
    """Return this interpreter: what is checked needs nothing but what `.[dev]` has installed."""
    return sys.executable


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="make what is counted now the expectation")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Team(Where(folder), in_place) as team:
        found = counted(team)
    for name, one in found.items():
        print(f"{name:36} {one['calls']:6.3f} {one['statements']:3}")
    if options.write:
        EXPECTED.write_text(json.dumps(found, indent=1) + "\n")
        return 0
    worse = regressions(expected(), found)
    print("\n".join(worse) or "nothing has become a fifth worse")
    return int(bool(worse))


if __name__ == "__main__":
    sys.exit(main())
