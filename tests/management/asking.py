"""Ask a command, as a shell does."""

from __future__ import annotations

import io
import json
from typing import Any

from django.core.management import call_command


class Terminal(io.StringIO):
    """What says that somebody is looking."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def run(name: str, *arguments: str, stderr: io.StringIO | None = None) -> str:
    """Return what the command `name` printed."""
    out = io.StringIO()
    call_command(name, *arguments, stdout=out, stderr=stderr or io.StringIO())
    return out.getvalue()


def run_json(name: str, *arguments: str) -> Any:
    """Return what the command `name` printed for programs."""
    return json.loads(run(name, *arguments, "--json"))
