"""Who opens sockets, and how."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission
from django.test import Client

from sessionauth.models import AccessToken, tombstones
from tests.contrib.channels.site import APPS

HERE = "http://testserver"


class Socket(ApplicationCommunicator):
    """A socket as a browser or a program opens it: Channels' own for tests cannot be imported without Daphne."""

    #: The subprotocol that the server chose.
    chosen: str | None = None

    async def receive_output(self, timeout: float = 5) -> Any:
        """Return what the application sends, or raise what it has failed with: at once, not after `timeout`."""
        coming = asyncio.ensure_future(super().receive_output(timeout))
        await asyncio.wait({coming, self.future}, return_when=asyncio.FIRST_COMPLETED)
        if not coming.done() and self.output_queue.empty() and self.future.exception() is not None:
            coming.cancel()
            self.future.result()
        return await coming

    async def open(self) -> int | None:
        """Return the close code if it is turned away, else None."""
        await self.send_input({"type": "websocket.connect"})
        message = await self.receive_output(timeout=5)
        assert message["type"] == "websocket.accept", "the handshake itself is always accepted"
        self.chosen = message.get("subprotocol")
        if await self.receive_nothing(timeout=0.02, interval=0.005):
            return None
        message = await self.receive_output(timeout=5)
        return int(message["code"]) if message["type"] == "websocket.close" else None

    async def say(self, text: str) -> Any:
        """Send `text` and return what comes back."""
        await self.send_input({"type": "websocket.receive", "text": text})
        message = await self.receive_output(timeout=5)
        assert message["type"] == "websocket.send", message
        return message["text"]

    async def who(self) -> Any:
        """Return what the consumer knows."""
        return json.loads(await self.say("who?"))

    async def closed(self) -> int:
        """Return the code with which the server closes it."""
        while True:
            message = await self.receive_output(timeout=5)
            if message["type"] == "websocket.close":
                return int(message["code"])

    async def leave(self) -> None:
        """Close it from this side, and wait until the application is through."""
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(timeout=5)


Then = Callable[[Socket], Awaitable[Any]]


def open_socket(
    path: str,
    then: Then | None = None,
    *,
    app: Any = "alone",
    headers: dict[str, str] | None = None,
    cookies: dict[str, str] | None = None,
    origin: str | None = None,
    offers: Sequence[str] = (),
    **scope: Any,
) -> Any:
    """Open a socket and return its close code, or what `then` makes of it; by default who it is."""
    sent = {"Host": "testserver", **(headers or {})}
    if origin:
        sent["Origin"] = origin
    if cookies:
        sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())

    where, _, query = path.partition("?")
    wanted = {
        "type": "websocket",
        "path": where,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in sent.items()],
        "subprotocols": list(offers),
        "client": ("127.0.0.1", 4711),
        "server": ("testserver", 80),
        "scheme": "ws",
        "asgi": {"version": "3.0"},
        **scope,
    }

    async def go() -> Any:
        socket = Socket(APPS[app] if isinstance(app, str) else app, wanted)
        try:
            code = await socket.open()
            if code is not None:
                return code
            return await (then(socket) if then is not None else socket.who())
        finally:
            await socket.leave()

    return async_to_sync(go)()


def session_of(user: Any) -> dict[str, str]:
    """Return the cookie of a browser in which `user` has signed in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return {django_settings.SESSION_COOKIE_NAME: client.cookies[django_settings.SESSION_COOKIE_NAME].value}


in_database = sync_to_async


@pytest.fixture(autouse=True)
def _connections_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a socket not close the connection in whose transaction the test is; Channels does so at every message."""
    monkeypatch.setattr("channels.db.close_old_connections", lambda **_: None)


@pytest.fixture(params=sorted(APPS))
def app(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def alice(make_user: Callable[..., Any]) -> Any:
    user = make_user("alice")
    user.user_permissions.add(Permission.objects.get(codename="view_user"))
    return user


@pytest.fixture
def root(make_user: Callable[..., Any]) -> Any:
    return make_user("root", is_superuser=True)


@pytest.fixture
def token(alice: Any) -> str:
    return str(AccessToken.objects.issue(user=alice, name="script")[1])


@pytest.fixture
def key_cache(settings: Any) -> Iterator[None]:
    """Look keys and tokens up in the default cache first."""
    settings.SESSIONAUTH_KEY_CACHE = "default"
    tombstones.resume()
    yield
    tombstones.resume()
