"""SESSIONAUTH_USER_LOADER: a project's own way from a session to its user."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from inspect import isawaitable
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from sessionauth.conf import load, settings

logger = logging.getLogger("sessionauth")


class LoaderFailed(Exception):
    """SESSIONAUTH_USER_LOADER raised, or returned what is no user."""


def loaded(request: HttpRequest, session: SessionBase) -> Any | None:
    """Return whom SESSIONAUTH_USER_LOADER knows by `session`, None for nobody. Raises LoaderFailed and logs why."""
    try:
        user = load(str(settings.USER_LOADER))(request, session)
        if isawaitable(user):
            user = async_to_sync(_awaited)(user)
        if user is not None and not hasattr(user, "is_authenticated"):
            raise TypeError(f"a {type(user).__name__} is no user: it has no is_authenticated")
    except Exception:
        logger.exception("SESSIONAUTH_USER_LOADER failed; the request is nobody's.")
        raise LoaderFailed from None
    return user if user is not None and user.is_authenticated else None


async def _awaited(answer: Awaitable[Any]) -> Any:
    return await answer
