"""A strict Content-Security-Policy on every response: nothing inline, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

Sync = Callable[[HttpRequest], HttpResponseBase]
Async = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


# Django 6.0 brings a middleware of its own for this; the Invoice Desk also runs on 5.2.
@sync_and_async_middleware
def content_security_policy(get_response: Sync | Async) -> Sync | Async:
    """Add the policy to each response that does not bring one of its own."""
    if iscoroutinefunction(get_response):
        aget_response = cast(Async, get_response)

        async def amiddleware(request: HttpRequest) -> HttpResponseBase:
            return _with_policy(await aget_response(request))

        return amiddleware

    sync_get_response = cast(Sync, get_response)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return _with_policy(sync_get_response(request))

    return middleware


def _with_policy(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    return response
