"""A middleware that spends a quarter more calls than a request needs, so that the check on counts has what to find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

#: More than a quarter of the most expensive request that is compared.
WASTED = 1000


def nothing() -> None:
    pass


def Wasteful(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:  # noqa: N802
    """Call a function that does nothing a thousand times for each request."""

    def middleware(request: HttpRequest) -> Any:
        for _ in range(WASTED):
            nothing()
        return get_response(request)

    return middleware
