"""Projects as `django-admin startproject` makes them, to which our lines are added and from which they are taken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.coexistence import databases

ROOT = Path(__file__).parents[3]

#: Added to the settings that Django wrote: a test is quick, and has databases of its own.
FOR_TESTS = """

import json as _json, os as _os
DATABASES = _json.loads(_os.environ["STOCK_DATABASES"])
PASSWORD_HASHERS = ["tests.project.hashers.FastPBKDF2PasswordHasher"]
ALLOWED_HOSTS = ["testserver"]
"""

TWO_LINES = """
INSTALLED_APPS += ["sessionauth"]
MIDDLEWARE = [
    "sessionauth.middleware.AuthenticationMiddleware"
    if path == "django.contrib.auth.middleware.AuthenticationMiddleware" else path for path in MIDDLEWARE
]
"""

BACKEND = """
AUTHENTICATION_BACKENDS = [
    "sessionauth.backends.SessionAuthBackend",
    *globals().get("AUTHENTICATION_BACKENDS", ["django.contrib.auth.backends.ModelBackend"]),
]
"""

PHASES = {"before": "", "two lines": TWO_LINES, "backend": TWO_LINES + BACKEND}

Step = tuple[str, dict[str, Any]]


def do(act: str, /, **given: Any) -> Step:
    """Name an act of `tests.coexistence.stock.acts` and what it is given."""
    return act, given


class StockProject:
    """A project called `desk` in a folder. What is done in it is done in a process of its own; cookies are kept."""

    def __init__(self, folder: Path, *, more: str = "", files: dict[str, str] | None = None, bases: int = 1) -> None:
        """Make it.

        `more` are lines for its settings, `files` further files by their paths, `bases` is how many databases it has.
        """
        self.folder = folder
        self.databases = [databases.new(folder) for _ in range(bases)]
        command = [sys.executable, "-m", "django", "startproject", "desk", str(folder)]
        subprocess.run(command, check=True, env=self._environment())
        for path, text in (files or {}).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        self._settings = (folder / "desk" / "settings.py").read_text() + FOR_TESTS + more

    def run(self, phase: str, *steps: Step) -> list[Any]:
        """Do `steps` in `phase`, one after the other, and return what each returns."""
        (self.folder / "desk" / "settings.py").write_text(self._settings + PHASES[phase])
        command = [sys.executable, "-W", "error", "-m", "tests.coexistence.stock"]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment(),
            input=json.dumps(steps),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{phase}, {[act for act, _ in steps]}:\n{done.stderr}"
        returned: list[Any] = json.loads(done.stdout)
        return returned

    def remove(self) -> None:
        """Remove its databases."""
        databases.remove(*self.databases)

    def _environment(self) -> dict[str, str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SESSIONAUTH_TEST_")}
        described = dict(zip(["default", "people"], self.databases, strict=False))
        return environment | {
            "PYTHONPATH": os.pathsep.join([str(self.folder), str(ROOT)]),
            "DJANGO_SETTINGS_MODULE": "desk.settings",
            "STOCK_DATABASES": json.dumps(described),
        }
