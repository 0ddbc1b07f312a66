"""What a layer of authentication adds to a request, in the framework it is made for: imia, Flask-Login, Django, ours.

`python -m benchmarks.layers KIT` measures one that is not Django's, in an environment that has it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from benchmarks.counting import count_calls
from benchmarks.stacks import ROOT, Stack
from benchmarks.team import Team

OTHERS = (
    Stack("imia", "imia: a bearer token", "benchmarks.kits.imia_app", requires=("imia", "starlette")),
    Stack(
        "flask_login", "Flask-Login: a session", "benchmarks.kits.flask_login_app", requires=("flask", "flask-login")
    ),
)
#: In Django: what is titled so is this stack's second case less its first.
DJANGOS = (
    ("stock Django: a session", "stock", ("page_cookie", "session")),
    ("sessionauth: a session", "ours", ("page_cookie", "session")),
    ("sessionauth: a key", "ours", ("page", "key")),
)
ROUNDS, TIMES = 15, 200


def measure(team: Team) -> dict[str, dict[str, float]]:
    """Return by layer the microseconds and the calls that it adds."""
    found = {}
    for title, stack, cases in DJANGOS:
        for case in cases:
            team.ask(stack, "prepare", case=case, is_async=False)
        times = [
            [team.ask(stack, "time", case=case, is_async=False, times=50) for case in cases] for _ in range(ROUNDS)
        ]
        calls = [team.ask(stack, "count", case=case, is_async=False)["calls"] for case in cases]
        found[title] = {"microseconds": _added(times), "calls": calls[1] - calls[0]}
    for other in OTHERS:
        command = [team.python_of(other), "-m", "benchmarks.layers", other.kit]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
        told = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE).stdout
        found[other.title] = json.loads(told)
    return found


def _added(rounds: list[list[float]]) -> float:
    return round(statistics.median(layer - bare for bare, layer in rounds), 1)


def _time(act: Callable[[], None]) -> float:
    started = time.perf_counter()
    for _ in range(TIMES):
        act()
    return (time.perf_counter() - started) / TIMES * 1e6


def main() -> None:
    acts: Any = import_module(sys.argv[1]).acts()
    for act in acts * 3:
        act()
    rounds = [[_time(act) for act in acts] for _ in range(ROUNDS)]
    calls = [count_calls(act) for act in acts]
    print(json.dumps({"microseconds": _added(rounds), "calls": calls[1] - calls[0]}))


if __name__ == "__main__":
    main()
