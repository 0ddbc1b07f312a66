"""Functions that are named, and imported when they are first called: what a process never does weighs nothing in it.

For wiring alone, where what is named stands above whoever calls it: receivers and checks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.utils.module_loading import import_string


@cache
def late(path: str) -> Callable[..., Any]:
    """Return a function that calls the one at the dotted `path`, always the same."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return import_string(path)(*args, **kwargs)

    call.__module__, _, call.__qualname__ = path.rpartition(".")
    return call
