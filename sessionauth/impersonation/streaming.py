"""Answers that are made while they are sent: the request is the target's until the last piece."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any

from django.http.response import HttpResponseBase, StreamingHttpResponse

from sessionauth.impersonation.stage import Stage


def keep_up(response: HttpResponseBase, stage: Stage) -> None:
    """Have each piece of a streamed `response` made with the session that `stage` has put on the request.

    SessionMiddleware is to find the session that came, and asks before the first piece is made. Without this, what
    makes the pieces would find the actor's session, and by it the actor. As with any session, what is changed meanwhile
    is kept only by `save()`.
    """
    if not isinstance(response, StreamingHttpResponse) or not stage.is_on:
        return
    if getattr(response, "file_to_stream", None) is not None:
        return  # a file asks nobody, and servers send it in a faster way while it is one
    pieces: Any = response.streaming_content
    response.streaming_content = _aeach(pieces, stage) if response.is_async else _each(pieces, stage)


def _each(pieces: Iterable[bytes], stage: Stage) -> Iterator[bytes]:
    coming = iter(pieces)
    while True:
        stage.put_back()
        try:
            piece = next(coming)
        except StopIteration:
            return
        finally:
            stage.restore()
        yield piece


async def _aeach(pieces: AsyncIterable[bytes], stage: Stage) -> AsyncIterator[bytes]:
    coming = aiter(pieces)
    while True:
        stage.put_back()
        try:
            piece = await anext(coming)
        except StopAsyncIteration:
            return
        finally:
            stage.restore()
        yield piece
