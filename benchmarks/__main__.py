"""`./dev bench`, or `python -m benchmarks`: what requests and logins cost, beside those who do the same."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks import extras, measuring, page
from benchmarks.environments import Environments, packages
from benchmarks.measuring import Effort
from benchmarks.project import Where
from benchmarks.scenarios import ALL, SCENARIOS
from benchmarks.stacks import ROOT, STACKS
from benchmarks.team import Team
from tests.servers import postgres, valkey

RESULTS = ROOT / "build" / "bench" / "results.json"
QUICK = ["page", "session", "key", "good_login", "bad_login", "impersonated"]
EPILOG = """\
Each stack is a project of its own in a process and an environment of its own (under build/bench/envs, made at first
use), asked in process through Django's real handlers. Contestants take turns; each round is compared with its own
baseline. Numbers are ratios; below 1.00 is cheaper than the baseline. Calls, statements and commands to the cache are
counted apart from the time, and are the same whatever else the machine does.

examples:
  ./dev bench                          everything, on SQLite and PostgreSQL + Valkey: a quarter of an hour, two cores
  ./dev bench --quick                  the six that matter most, on SQLite: two minutes
  ./dev bench session key --db sqlite  two scenarios
  ./dev bench growth serving --page    two parts of the rest, and the page from these and what was measured before
  ./dev bench --counts                 no clock at all
  ./dev bench --page                   also write docs/performance.md from what was measured, now and before
  python -m benchmarks.counts          what CI checks: our counts beside those of the baselines
  python -m benchmarks.last_used       what it costs to note when a key was last used

scenarios:
"""


def main() -> int:
    options = _options()
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if not options.only_page:
        for backend in options.db:
            _measure(backend, options, results)
    if options.page or options.only_page:
        page.write(results)
        print("docs/performance.md")
    return 0


def _measure(backend: str, options: argparse.Namespace, results: dict[str, Any]) -> None:
    environments = Environments(options.python, options.django)
    with servers(backend) as where, Team(where, environments.python_of) as team:
        for name in [one for one in options.scenario if one in SCENARIOS and backend in SCENARIOS[one].backends]:
            found = measuring.measure(team, SCENARIOS[name], options.effort)
            results.setdefault(backend, {})[name] = found
            print(table(name, backend, found), flush=True)
            RESULTS.write_text(json.dumps(results, indent=1))
        parts = [one for one in extras.ALL if options.more or one in options.scenario]
        extras.measure(team, backend, options.effort, results, parts)
    results["about"] = _about(environments, options, results.get("about", {}))
    RESULTS.write_text(json.dumps(results, indent=1))


@contextmanager
def servers(backend: str) -> Iterator[Where]:
    """Start what `backend` needs, and give where it is."""
    parent = "/tmp" if os.path.isdir("/tmp") else None  # noqa: S108  # the path of a socket must be short
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="sessionauth-", dir=parent) as name:
        folder = Path(name)
        folder.chmod(0o711)
        if backend == "sqlite":
            yield Where(name)
        else:
            yield Where(name, stack.enter_context(postgres(folder)), stack.enter_context(valkey(folder)))
            stack.close()


def table(name: str, backend: str, found: dict[str, dict[str, Any]]) -> str:
    """Return what was measured as text."""
    scenario = SCENARIOS[name]
    lines = [f"\n{scenario.title} ({backend})"]
    lines.append(f"  {'':36} {'ratio':>6} {'least':>6} {'most':>6} {'µs':>8} {'calls':>6} {'SQL':>4} {'cache':>5}")
    for row in scenario.rows:
        one = found.get(row.key)
        if one is not None:
            times = [f"{one.get(figure, 0):6.2f}" for figure in ("ratio", "least", "most")]
            counts = f"{one['calls']:6} {one['statements']:4} {one['cache']:5}"
            title = f"{STACKS[row.stack].title} ({row.case})"
            lines.append(f"  {title:36.36} {' '.join(times)} {one.get('microseconds', 0):8.0f} {counts}")
    return "\n".join(lines)


def _about(environments: Environments, options: argparse.Namespace, before: dict[str, Any]) -> dict[str, Any]:
    """Return what was measured, now and `before`: the versions, and of what kind the machine was."""
    versions: dict[str, str] = dict(before.get("packages", {}))
    for python in environments.made():
        versions.update(packages(python))
    python = subprocess.run([options.python, "-V"], check=True, capture_output=True, text=True).stdout.split()[1]
    return {
        "python": python,
        "packages": versions,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "rounds": options.effort.rounds,
        "turn": options.effort.turn,
    }


def _options() -> argparse.Namespace:
    listed = "\n".join(f"  {scenario.name:16} {scenario.title}" for scenario in ALL)
    listed += f"\nand, as a part of everything or by name: {', '.join(extras.ALL)}"
    parser = argparse.ArgumentParser(
        prog="./dev bench",
        description="What requests and logins cost, beside stock Django and those who do the same.",
        epilog=EPILOG + listed,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("scenario", nargs="*", metavar="SCENARIO", help="only these (all)")
    add("--quick", action="store_true", help="six scenarios, SQLite, eleven rounds")
    add("--counts", action="store_true", help="count, and measure no time")
    add("--db", choices=["sqlite", "postgres"], action="append", help="only on this (both); postgres: with Valkey")
    add("--rounds", type=int, help="rounds of each scenario (33)")
    add("--turn", type=float, default=0.05, help="seconds that a contestant's turn in a round takes (0.05)")
    add("--python", default=sys.executable, help="the interpreter of the environments (this one)")
    add("--django", default="Django>=5.2,<6.2", help="the requirement for Django (Django>=5.2,<6.2)")
    add("--more", action="store_true", help="also growing tables, memory, a storm of logins, other frameworks")
    add("--page", action="store_true", help="write docs/performance.md afterwards")
    add("--only-page", action="store_true", help="write docs/performance.md from the results that are there")
    options = parser.parse_args()
    if unknown := [name for name in options.scenario if name not in (*SCENARIOS, *extras.ALL)]:
        parser.error(f"no such scenario: {', '.join(unknown)} (there are {', '.join((*SCENARIOS, *extras.ALL))})")
    rounds = options.rounds if options.rounds is not None else 11 if options.quick else 33
    options.effort = Effort(0 if options.counts else rounds, options.turn)
    options.db = options.db or (["sqlite"] if options.quick else ["sqlite", "postgres"])
    options.more = options.more or not (options.quick or options.scenario or options.counts)
    options.scenario = options.scenario or (QUICK if options.quick else list(SCENARIOS))
    return options


if __name__ == "__main__":
    sys.exit(main())
