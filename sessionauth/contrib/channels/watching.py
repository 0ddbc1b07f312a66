"""Runs a consumer for whom it may be run for, and ends its socket when that changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any

from django.utils import timezone

from sessionauth.contrib.channels.connection import KEY, Connection
from sessionauth.contrib.channels.handshake import Scope, to_choose, without_secret
from sessionauth.contrib.channels.terms import TRY_AGAIN_LATER, Terms

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[Any]]

logger = logging.getLogger("sessionauth")


class SocketClosed(OSError):
    """The socket was closed because it is nobody's any more: nothing more can be sent."""


async def run(app: App, terms: Terms, connection: Connection, scope: Scope, receive: Receive, send: Send) -> Any:
    """Run `app` if the terms are met; otherwise accept the socket and close it with a code that says why.

    Accepted, because a browser is told nothing of a handshake that is refused.
    """
    choose = partial(_choosing, to_choose(scope), send)
    code = await connection.admit(terms)
    if code is not None:
        return await _turn_away(code, receive, choose)
    inside = {
        **without_secret(scope),
        KEY: connection,
        "auth": connection.auth,
        "user": connection.auth.user if connection.auth is not None else None,
    }
    if "session" in scope and connection.session is not None:
        inside["session"] = connection.session
    socket = _Socket(inside, terms, connection, receive, choose)
    inside["auth_is_still_good"] = socket.is_still_good
    return await socket.run(app)


async def _turn_away(code: int, receive: Receive, send: Send) -> None:
    if (await receive())["type"] == "websocket.connect":
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": code})


async def _choosing(protocol: str | None, send: Send, message: Message) -> None:
    """Send `message`; an acceptance that chooses no subprotocol chooses ours, if it was offered."""
    if message["type"] == "websocket.accept" and protocol is not None and not message.get("subprotocol"):
        message = {**message, "subprotocol": protocol}
    await send(message)


class _Socket:
    """A socket in use: what passes between server and consumer, and when to look again."""

    def __init__(self, scope: dict[str, Any], terms: Terms, connection: Connection, receive: Receive, send: Send):
        self._scope, self._terms, self._connection = scope, terms, connection
        self._receive, self._send = receive, send
        self._ended = asyncio.Event()
        self._code = 0

    async def run(self, app: App) -> Any:
        """Run `app` and look again from time to time whether it may go on."""
        auth = self._connection.auth
        if self._terms.recheck_every is None or auth is None or not auth.is_authenticated:
            return await app(self._scope, self._receive, self._send)
        self._connection.watcher = self
        watch = asyncio.ensure_future(self._watch(self._terms.recheck_every))
        try:
            return await app(self._scope, self._receive_or_end, self._send_or_end)
        except SocketClosed:
            return None
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def is_still_good(self) -> bool:
        """Say whether the socket is still that of who opened it; consumers may ask before they do something grave.

        `scope["user"]` and `scope["auth"]` are anew then. Where it is not, the socket is closed.
        """
        if self._ended.is_set():
            return False
        code = await self._connection.recheck(self._terms)
        if code is not None:
            await self._end(code)
            return False
        auth = self._connection.auth
        if auth is not None:
            self._scope["auth"], self._scope["user"] = auth, auth.user
        return True

    async def _watch(self, every: float) -> None:
        """Look again for as long as nobody further in does, and never leave a socket unwatched."""
        try:
            await asyncio.sleep(self._until_next(every))
            while self._connection.watcher is self and await self.is_still_good():
                await asyncio.sleep(self._until_next(every))
        except Exception:
            logger.exception("A socket could not be watched any more, and is closed.")
            await self._end(TRY_AGAIN_LATER)

    def _until_next(self, every: float) -> float:
        """Return the seconds to wait: until the credential ends, if that comes first."""
        end = self._connection.expires_at
        return every if end is None else min(every, max((end - timezone.now()).total_seconds(), 0.05))

    async def _end(self, code: int) -> None:
        if self._ended.is_set():
            return
        self._code = code
        self._ended.set()
        await self._send({"type": "websocket.close", "code": code})

    async def _receive_or_end(self) -> Message:
        """Return what the client sends next, or that it has gone as soon as the socket is ended."""
        coming: asyncio.Future[Message] = asyncio.ensure_future(self._receive())
        ending: asyncio.Future[Any] = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({coming, ending}, return_when=asyncio.FIRST_COMPLETED)
            if self._ended.is_set():
                return {"type": "websocket.disconnect", "code": self._code}
            return coming.result()
        finally:
            for one in (coming, ending):
                one.cancel()
            await asyncio.gather(coming, ending, return_exceptions=True)

    async def _send_or_end(self, message: Message) -> None:
        if self._ended.is_set():
            if message["type"] == "websocket.close":
                return
            raise SocketClosed("The socket is nobody's any more.")
        await self._send(message)
