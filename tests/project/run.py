"""Ask a settings project a question in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PREAMBLE = """\
import django
from django.conf import settings
from django.core.management import call_command

for name, value in {overrides!r}.items():
    setattr(settings, name, value)
django.setup()
"""


def run_in_project(
    code: str, project: str = "tests.project.settings", *, migrate: bool = False, **overrides: Any
) -> subprocess.CompletedProcess[str]:
    """Run `code` after `django.setup()` under the settings module `project` and return what became of it.

    The database is an empty SQLite file, with `migrate` one that has its tables. `overrides` are settings that are
    changed before the setup; they must have a `repr` that Python reads. `call_command` and `settings` are there.
    """
    parts = [PREAMBLE.format(overrides=overrides), "call_command('migrate', verbosity=0)\n" if migrate else "", code]
    with tempfile.TemporaryDirectory(prefix="sessionauth-project-") as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SESSIONAUTH_TEST_")}
        environment |= {"DJANGO_SETTINGS_MODULE": project, "SESSIONAUTH_TEST_FOLDER": folder}
        command = [sys.executable, "-W", "error", "-c", "".join(parts)]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
