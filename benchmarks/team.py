"""The workers of a run: a process for each stack, started when it is first needed, in the environment it wants."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.project import Where
from benchmarks.stacks import ROOT, STACKS, Stack, StackFailed

COMPILED = ROOT / "build" / "bench" / "compiled"


class Team:
    """Gives orders to stacks by name. `python_of` says which interpreter a stack runs in."""

    def __init__(self, where: Where, python_of: Callable[[Stack], str]) -> None:
        self.where, self.python_of = where, python_of
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._migrated: set[str] = set()

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *failure: object) -> None:
        self.dismiss(list(self._processes))

    def ask(self, name: str, do: str, **arguments: Any) -> Any:
        """Let the stack `name` do something, and return its answer; raises StackFailed."""
        process = self._processes.get(name) or self._start(name)
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise StackFailed(self._last_words(name)) from None
        return json.loads(self._answer(name, process))

    def dismiss(self, names: Iterable[str]) -> None:
        """End the processes of these stacks, which others take the place of when they are asked again."""
        for name in names:
            if process := self._processes.pop(name, None):
                process.communicate()

    def _start(self, name: str) -> subprocess.Popen[str]:
        where = replace(self.where, is_migrated=self.where.is_migrated or name in self._migrated)
        command = [self.python_of(STACKS[name]), "-m", "benchmarks.worker", name, json.dumps(asdict(where))]
        with self._log(name).open("w") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._processes[name] = process
        self._answer(name, process)
        self._migrated.add(name)
        return process

    def _answer(self, name: str, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise StackFailed(self._last_words(name))
        return line

    def _log(self, name: str) -> Path:
        return Path(self.where.folder) / f"{name}.log"

    def _last_words(self, name: str) -> str:
        return f"{name}: {self._log(name).read_text()[-2000:]}"


def _environment() -> dict[str, str]:
    # The same hashes in every run: what a set or a dictionary costs depends on them. And all that a stack imports is
    # compiled, as it is where pip has installed it: compiling leaves holes in memory.
    own = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0", "PYTHONPYCACHEPREFIX": str(COMPILED)}
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | own
