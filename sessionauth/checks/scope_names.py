"""The names in SESSIONAUTH_SCOPES."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage

from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask

RESERVED = Finding(
    "E195",
    "SESSIONAUTH_SCOPES declares {scope}, and names that begin with `sessionauth:` are this app's.",
    "Call it something else: built-in scopes keep their meaning, whatever stands there.",
)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check what scopes are called."""
    return ask(names)


def names() -> Iterator[CheckMessage]:
    """Look for names that are not the project's to give."""
    for scope in reading.value_of("SCOPES"):
        if scope.startswith("sessionauth:"):
            yield RESERVED(scope=reading.shown(scope))
