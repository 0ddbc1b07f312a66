"""Ask the site: through Django's clients, or through the real handlers with raw bytes on the wire."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.test import AsyncClient, Client

HOST = "testserver"


@dataclass(frozen=True)
class Sent:
    """What a request carries besides its path."""

    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    query: str = ""

    def all_headers(self) -> dict[str, str]:
        """Return the headers with the cookies among them."""
        if not self.cookies:
            return self.headers
        return {**self.headers, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def also(self, **headers: str) -> Sent:
        """Return the same with further headers; `X_Api_Key` stands for X-Api-Key."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return Sent({**self.headers, **more}, self.cookies, self.query)


@dataclass(frozen=True)
class Answer:
    """What came back, the same whatever was asked through; header names are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the header `name`, None if it is absent."""
        return dict(self.headers).get(name.lower())

    @property
    def vary(self) -> set[str]:
        """The names in Vary, in lower case."""
        value = self.header("Vary") or ""
        return {name.strip().lower() for name in value.split(",") if name.strip()}

    @property
    def sets_cookies(self) -> bool:
        """Whether any cookie is set or deleted."""
        return self.header("Set-Cookie") is not None


def environ_of(
    path: str, headers: Sequence[tuple[bytes, bytes]], query: bytes = b"", method: str = "GET", body: bytes = b""
) -> dict[str, object]:
    """Return the WSGI environment of a request as a server would make it: bytes as latin-1, equal names joined."""
    environ: dict[str, object] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_NAME": HOST,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": HOST,
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ and key != "HTTP_HOST" else text
    return environ


def scope_of(
    path: str, headers: Sequence[tuple[bytes, bytes]], query: bytes = b"", method: str = "GET", body: bytes = b""
) -> dict[str, object]:
    """Return the ASGI scope of a request: raw bytes, every header on its own."""
    own = [(b"host", HOST.encode()), (b"content-length", str(len(body)).encode())]
    own.append((b"content-type", b"application/x-www-form-urlencoded"))
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "client": ("127.0.0.1", 4711),
        "server": (HOST, 80),
        "headers": [*own, *((name.lower(), value) for name, value in headers)],
    }


def through_wsgi(handler: WSGIHandler, environ: dict[str, object]) -> Answer:
    """Run `handler` as a WSGI server does."""
    told: dict[str, object] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
        told["status"], told["headers"] = int(status.split(" ")[0]), headers
        return None

    response = handler(environ, start_response)
    try:
        body = b"".join(response)
    finally:
        response.close()
    return _answer(told["status"], told["headers"], body)


async def athrough_asgi(handler: ASGIHandler, scope: dict[str, object], body: bytes = b"") -> Answer:
    """Run `handler` as an ASGI server does; the client stays on the line until it has its answer."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    told: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        if messages:
            return messages.pop()
        await asyncio.get_running_loop().create_future()  # until the handler has answered and cancels it
        raise AssertionError

    async def send(message: dict[str, object]) -> None:
        told.append(message)

    await handler(scope, receive, send)
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in told[0]["headers"]]
    return _answer(told[0]["status"], headers, b"".join(message.get("body", b"") for message in told[1:]))


def _answer(status: int, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
    # Django 5.2 writes a space before the first cookie's name, under WSGI alone.
    return Answer(status, tuple(sorted((name.lower(), value.strip()) for name, value in headers)), body)


WAYS = ("client", "async_client", "wsgi", "asgi")


def ask(way: str, path: str, sent: Sent = Sent(), method: str = "GET", *, enforce_csrf: bool = True) -> Answer:
    """Ask for `path` in one of WAYS and return the answer in one form."""
    if way in ("wsgi", "asgi"):
        headers = [(name.encode(), value.encode("utf-8")) for name, value in sent.all_headers().items()]
        query = sent.query.encode()
        with connections_kept():
            if way == "wsgi":
                return through_wsgi(handler(WSGIHandler), environ_of(path, headers, query, method))
            return async_to_sync(athrough_asgi)(handler(ASGIHandler), scope_of(path, headers, query, method))
    url = path + (f"?{quote(sent.query, safe='=&%')}" if sent.query else "")
    arguments = {"enforce_csrf_checks": enforce_csrf, "raise_request_exception": False}
    if way == "client":
        client = Client(**arguments)
        client.cookies = SimpleCookie(sent.cookies)
        response = client.generic(method, url, headers=sent.headers)
    else:
        async_client = AsyncClient(**arguments)
        async_client.cookies = SimpleCookie(sent.cookies)

        async def go():  # type: ignore[no-untyped-def]
            return await async_client.generic(method, url, headers=sent.headers)

        response = async_to_sync(go)()
    cookies = [("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values()]
    return _answer(response.status_code, [*response.items(), *cookies], response.content)


def handler(kind: type[Any]) -> Any:
    """Return a handler of `kind` with the middleware of today's settings."""
    return _handler(kind, tuple(settings.MIDDLEWARE), settings.SESSION_ENGINE)


@cache
def _handler(kind: type[Any], *read_while_loading: object) -> Any:
    return kind()


@contextmanager
def connections_kept() -> Iterator[None]:
    """Let a request not close the connection in whose transaction the test is, as Django's test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the SQL of this thread's connection."""
    statements: list[str] = []

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield statements
