"""Starlette without imia and with it: a bearer token of a user in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from imia import AuthenticationMiddleware, BearerAuthenticator, InMemoryProvider
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


class User:
    """A user as imia wants one."""

    def get_display_name(self) -> str:
        return "alice"

    def get_id(self) -> str:
        return "alice"

    def get_hashed_password(self) -> str:
        return ""

    def get_scopes(self) -> list[str]:
        return []


class ByToken(InMemoryProvider):  # type: ignore[misc]
    async def find_by_token(self, connection: Any, token: str) -> Any:
        return self.user_map.get(token)


async def page(request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


async def whoami(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.auth.display_name)


LOOP = asyncio.new_event_loop()
SCOPE = {
    "type": "http",
    "method": "GET",
    "path": "/",
    "query_string": b"",
    "headers": [(b"authorization", b"Bearer secret")],
}


def _asking(endpoint: Any, *middleware: Middleware) -> Callable[[], None]:
    application = Starlette(routes=[Route("/", endpoint)], middleware=list(middleware))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        assert message.get("status", 200) == 200

    return lambda: LOOP.run_until_complete(application(dict(SCOPE), receive, send))


def acts() -> tuple[Callable[[], None], Callable[[], None]]:
    """Return the request without the layer, and with it."""
    users = ByToken({"secret": User()})
    layer = Middleware(AuthenticationMiddleware, authenticators=[BearerAuthenticator(users)])
    return _asking(page), _asking(whoami, layer)
