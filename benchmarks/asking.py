"""A request as it is declared, and how it is put to Django's real handlers, without a network between."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import AsyncRequestFactory, RequestFactory

CSRF = "c" * 32
#: As browsers send a form without files. The factory's own choice, multipart, takes Django seven times as long to read.
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Ask:
    """One request, and the statuses that say it went as it should, and the text, where that says who was recognised."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    statuses: tuple[int, ...] = (200,)
    says: str | None = None


class Sync:
    """Asks through the WSGI handler."""

    def __init__(self) -> None:
        self.handler = WSGIHandler()

    def ask(self, ask: Ask, times: int = 1) -> list[float]:
        """Ask so many times in a row, and return the seconds of each.

        Raises AssertionError at an answer that is not expected.
        """
        environ, body = self._environ(ask)
        took = []
        for _ in range(times):
            started = time.perf_counter()
            answer: Any = self.handler({**environ, "wsgi.input": io.BytesIO(body)}, _ignored)
            b"".join(answer)
            _check(ask, answer.status_code, answer.content)
            answer.close()
            took.append(time.perf_counter() - started)
        return took

    def _environ(self, ask: Ask) -> tuple[dict[str, Any], bytes]:
        factory = RequestFactory()
        if ask.form is None:
            return factory.get(ask.path, headers=dict(ask.headers)).environ, b""
        request = factory.post(ask.path, _encoded(ask.form), FORM, headers=_with_csrf(ask.headers))
        return request.environ, request.body


class Async:
    """Asks through the ASGI handler, of the page's async twin."""

    def __init__(self) -> None:
        self.handler = ASGIHandler()
        self.loop = asyncio.new_event_loop()

    def ask(self, ask: Ask, times: int = 1) -> list[float]:
        """See Sync.ask()."""
        return self.loop.run_until_complete(self.aask(ask, times))

    async def aask(self, ask: Ask, times: int = 1) -> list[float]:
        """See Sync.ask()."""
        factory = AsyncRequestFactory()
        path, headers = f"/async{ask.path}", dict(ask.headers)
        if ask.form is None:
            request, body = factory.get(path, headers=headers), b""
        else:
            request = factory.post(path, _encoded(ask.form), FORM, headers=_with_csrf(headers))
            body = request.body
        # The factory sends the cookies of its own jar, too, and Django joins the two headers to what no browser sends.
        scope = {**request.scope, "headers": [one for one in request.scope["headers"] if one != (b"cookie", b"")]}
        took = []
        for _ in range(times):
            started = time.perf_counter()
            await self._once(dict(scope), body, ask)
            took.append(time.perf_counter() - started)
        return took

    async def _once(self, scope: dict[str, Any], body: bytes, ask: Ask) -> None:
        came, left, status, parts = False, asyncio.Event(), 0, []

        async def receive() -> dict[str, Any]:
            nonlocal came
            if not came:
                came = True
                return {"type": "http.request", "body": body, "more_body": False}
            await left.wait()  # nobody hangs up
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                parts.append(message["body"])

        await self.handler(scope, receive, send)
        _check(ask, status, b"".join(parts))


def _check(ask: Ask, status: int, body: bytes) -> None:
    assert status in ask.statuses, (ask, status, body[:300])
    assert ask.says in (None, body.decode()), (ask, body[:300])


def _encoded(form: Mapping[str, str]) -> str:
    return urlencode({**form, "csrfmiddlewaretoken": CSRF})


def _with_csrf(headers: Mapping[str, str]) -> dict[str, str]:
    cookies = [headers["cookie"]] if "cookie" in headers else []
    return {**headers, "cookie": "; ".join([*cookies, f"csrftoken={CSRF}"])}


def _ignored(status: str, headers: Any, failure: Any = None, /) -> Any:
    """Stand for the server's start_response()."""
