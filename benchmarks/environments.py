"""An environment for each set of requirements, under build/bench/envs: a stack has nothing of another stack's.

All have one Django, the newest that the interpreter takes or the one that is asked for. What is installed comes from
wherever pip's configuration says, and stays until the requirements change.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from functools import cache

from benchmarks.stacks import ROOT, Stack, StackFailed

PLACE = ROOT / "build" / "bench" / "envs"
#: The clients of the servers, in every environment.
CLIENTS = ("psycopg[binary]>=3.2", "redis>=5.2")


class Environments:
    """Makes environments with `interpreter`, and `django` ("Django==5.2.*") in them."""

    def __init__(self, interpreter: str, django: str) -> None:
        self.interpreter, self.django = interpreter, django
        self._made: dict[tuple[str, ...], str] = {}

    def python_of(self, stack: Stack) -> str:
        """Return the interpreter of the environment of `stack`, made now if need be."""
        wanted = (self.django, *CLIENTS, *stack.requires)
        if wanted not in self._made:
            self._made[wanted] = self._made_now(stack.name, wanted)
        return self._made[wanted]

    def made(self) -> list[str]:
        """Return the interpreters that were asked for."""
        return list(self._made.values())

    def _made_now(self, name: str, wanted: tuple[str, ...]) -> str:
        digest = hashlib.sha256(repr((_version(self.interpreter), sorted(wanted))).encode()).hexdigest()[:12]
        folder = PLACE / digest
        python = folder / "bin" / "python"
        if (folder / "complete").exists():
            return str(python)
        print(f"bench: making the environment of {name} ...", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        with (PLACE / f"{digest}.log").open("w+") as log:
            for command in (
                [self.interpreter, "-m", "venv", "--clear", str(folder)],
                [str(python), "-m", "pip", "install", "--disable-pip-version-check", *wanted],
            ):
                if subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode:
                    log.seek(0)
                    raise StackFailed(f"{name}: its packages cannot be installed\n{log.read()[-2000:]}")
        (folder / "complete").touch()
        return str(python)


@cache
def _version(interpreter: str) -> str:
    return subprocess.run([interpreter, "-VV"], check=True, capture_output=True, text=True).stdout


def packages(python: str) -> dict[str, str]:
    """Return the versions of what is installed in the environment of `python`."""
    command = [python, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(line.split("==", 1) for line in listed.split() if "==" in line)
