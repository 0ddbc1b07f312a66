"""Where the time of a request goes: whose function runs whenever a clock ticks.

Functions entered say what code does and not how long it takes: one regular expression through a long statement took as
long as a hundred small functions. `python -m benchmarks.sampling ours_engine session` tells the functions of one case,
alone and with all that they call; SQLite, this interpreter.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from types import FrameType
from typing import Any

from benchmarks import project
from benchmarks.project import Where
from benchmarks.stacks import STACKS

#: Between two ticks, in seconds of this process; Linux ticks no faster than every four thousandths.
TICK = 0.001
#: So many requests are asked between two looks at the clock, and lines are printed.
ASKED, LINES = 50, 60


@dataclass
class Samples:
    """How often a function, by its dotted path, was running, and how often it was among those that wait for it."""

    microseconds: float = 0
    alone: Counter[str] = field(default_factory=Counter)
    with_callees: Counter[str] = field(default_factory=Counter)

    def each(self, counter: Counter[str]) -> Iterator[tuple[str, float]]:
        """Yield name and microseconds of a request, the most first."""
        ticks = sum(self.alone.values())
        return ((name, count / ticks * self.microseconds) for name, count in counter.most_common())

    def by_module(self) -> dict[str, float]:
        """Return the microseconds of a request by the module that runs; what is written in C is its caller's."""
        modules: Counter[str] = Counter()
        for name, count in self.alone.items():
            modules[name.partition(":")[0]] += count
        return {name: round(time, 1) for name, time in self.each(modules)}


def sample(ask: Callable[[int], list[float]], seconds: float) -> Samples:
    """Ask for so many seconds of this thread, which must be the main one, and return where they went."""
    found = Samples()

    def tick(number: int, frame: FrameType | None) -> None:
        names = [_name(one) for one in _outwards(frame)]
        found.alone[names[0]] += 1
        found.with_callees.update(set(names))

    before = signal.signal(signal.SIGPROF, tick)
    took: list[float] = []
    until = time.process_time() + seconds
    signal.setitimer(signal.ITIMER_PROF, TICK, TICK)
    try:
        while time.process_time() < until or not found.alone:
            took += ask(ASKED)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    found.microseconds = statistics.median(took) * 1e6
    return found


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _name(frame: FrameType) -> str:
    code: Any = frame.f_code
    return f"{frame.f_globals.get('__name__', '')}:{getattr(code, 'co_qualname', code.co_name)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stack", choices=sorted(STACKS), metavar="STACK", help="a stack of benchmarks/stacks.py")
    parser.add_argument("case", help="a case of its kit")
    parser.add_argument("--seconds", type=float, default=15, help="how long (15)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project.configure(STACKS[options.stack], Where(folder))
        way = import_module("benchmarks.asking").Sync()
        request = import_module(STACKS[options.stack].kit).CASES[options.case]()
        way.ask(request, ASKED)
        found = sample(lambda times: way.ask(request, times), options.seconds)
    print(f"{found.microseconds:.0f} µs a request, {sum(found.alone.values())} samples")
    for title, counter in (("alone", found.alone), ("with what they call", found.with_callees)):
        print(f"\n{title}")
        for (name, microseconds), _ in zip(found.each(counter), range(LINES), strict=False):
            print(f"{microseconds:8.1f}  {name}")


if __name__ == "__main__":
    main()
