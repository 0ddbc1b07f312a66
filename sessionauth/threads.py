"""Work handed over to the thread of the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.views.decorators.debug import sensitive_variables

T = TypeVar("T")


@sensitive_variables("args", "kwargs", "run")
async def in_thread(act: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Return `act(*args, **kwargs)`, called as by `sync_to_async()`, for what has a secret among its arguments.

    With `sync_to_async()` itself they would stand in the tracebacks of what goes wrong, in frames that are not ours.
    """

    @sensitive_variables()
    def run() -> T:
        return act(*args, **kwargs)

    return await sync_to_async(run)()
