"""The books of a request: kept on the way out, outside the view's transaction."""

from __future__ import annotations

import asyncio

from asgiref.sync import sync_to_async

from sessionauth import audit
from sessionauth.request_state import RequestState
from sessionauth.sessions import registry


def keep(state: RequestState) -> None:
    """Do what was left for later, and write down what has happened; no trouble with one entry keeps the others out."""
    while state.later:
        acts, state.later = state.later, []
        for act in acts:
            registry.best_effort(act)
    audit.write_pending(state)


def close(state: RequestState) -> None:
    """Keep what is not kept yet: the view, or something on the way out, may have raised."""
    if state.later or state.events:
        keep(state)
    state.is_closed = True


async def aclose(state: RequestState) -> None:
    """See close(). A client that goes away has the task cancelled, which must not lose what it has done."""
    if state.later or state.events:
        await asyncio.shield(sync_to_async(keep)(state))
    state.is_closed = True
