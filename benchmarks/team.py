"""The workers of a run: one process for each stack, started when it is first needed, in the environment it wants."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.project import Where
from benchmarks.stacks import ROOT, STACKS, Stack, StackFailed


class Team:
    """Gives orders to stacks by name. `python_of` says which interpreter a stack runs in."""

    def __init__(self, where: Where, python_of: Callable[[Stack], str]) -> None:
        self.where, self.python_of = where, python_of
        self._processes: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *failure: object) -> None:
        for process in self._processes.values():
            process.communicate()

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

    def _start(self, name: str) -> subprocess.Popen[str]:
        command = [self.python_of(STACKS[name]), "-m", "benchmarks.worker", name, json.dumps(asdict(self.where))]
        with self._log(name).open("w") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                # The same hashes in every run: what a set or a dictionary costs depends on them.
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._processes[name] = process
        self._answer(name, process)
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
