"""A process that is one stack and does what it is told, line by line: `python -m benchmarks.worker STACK WHERE`.

Each line is an object with "do" and the arguments of a method of `Worker`; each is answered with one line.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import project
from benchmarks.project import Where
from benchmarks.stacks import STACKS

#: More than any limit of the locked stacks, so that the refusal is what is measured.
WARM_UP = 12


class Worker:
    """One stack that asks itself."""

    def __init__(self, kit: Any, sync: Any, asynchronous: Any, counting: Any) -> None:
        self.kit, self.ways, self.counting = kit, (sync, asynchronous), counting
        self.asks: dict[tuple[str, bool], Any] = {}

    def prepare(self, case: str, is_async: bool) -> None:
        """Make what the request of `case` carries, and ask until everything that is done once is done."""
        self.asks[case, is_async] = self.kit.CASES[case]()
        self._ask(case, is_async, WARM_UP)

    def count(self, case: str, is_async: bool) -> dict[str, int]:
        found: dict[str, int] = self.counting.count(lambda: self._ask(case, is_async))
        return found

    def profile(self, case: str, is_async: bool) -> dict[str, int]:
        found: dict[str, int] = self.counting.profile(lambda: self._ask(case, is_async))
        return found

    def sample(self, case: str, seconds: float) -> dict[str, float]:
        """Return the microseconds that each module has of a request; of WSGI alone, for threads have no such clock."""
        ask = self.asks[case, False]
        sampling = import_module("benchmarks.sampling")
        found: dict[str, float] = sampling.sample(lambda times: self.ways[False].ask(ask, times), seconds).by_module()
        return found

    def headers(self, case: str) -> dict[str, str]:
        """Return the headers of the request of `case`, for whoever asks over a network."""
        return dict(self.asks[case, False].headers)

    def time(self, case: str, is_async: bool, times: int) -> float:
        """Return the microseconds of a request: the median of `times`, which forgets where others ran between."""
        gc.collect()
        return statistics.median(self._ask(case, is_async, times)) * 1e6

    def grow(self, growth: str, rows: int) -> int:
        """Fill the tables of `growth` up to so many rows."""
        return int(import_module("benchmarks.growth").grow(growth, rows))

    def memory(self) -> int:
        """Return how many KiB this process has written for itself.

        Not what it maps of files: the pages of an interpreter are private as long as nobody else happens to run it.
        """
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))

    def storm(self) -> dict[str, Any]:
        """Return what others feel while many sign in."""
        way = self.ways[True]
        act = import_module("benchmarks.storm").storm(way, self.kit.CASES["good_login"](), self.kit.CASES["page"]())
        found: dict[str, Any] = way.loop.run_until_complete(act)
        return found

    def _ask(self, case: str, is_async: bool, times: int = 1) -> list[float]:
        took: list[float] = self.ways[is_async].ask(self.asks[case, is_async], times)
        return took


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a stack prints is no answer
    project.configure(STACKS[sys.argv[1]], Where(**json.loads(sys.argv[2])))
    # Only now: these import what wants a project.
    asking, counting = import_module("benchmarks.asking"), import_module("benchmarks.counting")
    kit = import_module(STACKS[sys.argv[1]].kit)
    worker = Worker(kit, asking.Sync(), asking.Async(), counting)
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(worker, command.pop("do"))(**command)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
