"""A project's own function as an authenticator."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Collection
from inspect import isawaitable
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.http import HttpRequest

from sessionauth.authenticators.base import BaseAuthenticator
from sessionauth.conf import load
from sessionauth.exceptions import InvalidCredential
from sessionauth.user_token import LoginState, UserToken

logger = logging.getLogger("sessionauth")


class CallbackAuthenticator(BaseAuthenticator):
    """Asks `callback(request)`, sync or async, who it is.

    The answer is a user, a UserToken, or None to let the next one try. It is asked when somebody looks at the user, or
    before the view with `ambient=False`; raising InvalidCredential makes the request nobody's in the first case, and
    refuses it in the second. Any other exception is logged and means "not accepted": a broken callback lets nobody in
    and brings no page down.
    """

    name = "callback"
    lazy = True

    def __init__(
        self, *, callback: str, name: str | None = None, ambient: bool = True, vary: Collection[str] = ("*",)
    ) -> None:
        """Configure the callback.

        `callback` is its dotted path and `name` what `auth.method` says. `vary` lists the headers it reads; unknown, an
        answer cannot be cached at all. `ambient=False` promises that no browser sends them by itself: where one of them
        is present the callback is asked before the view, and the request is freed from CSRF checks.

        Raises ValueError for `ambient=False` without the headers.
        """
        if not ambient and "*" in vary:
            raise ValueError("ambient=False needs vary, the headers that the callback reads")
        self.callback = load(callback)
        self.name = name or self.name
        self.ambient, self.lazy = ambient, ambient
        self.carriers = tuple(vary)

    def extract(self, request: HttpRequest) -> Any:
        """Return the request itself: only the callback knows what it looks for.

        One that promises to read headers is spared where none of them came.
        """
        if "*" not in self.carriers and not any(_has_header(request, carrier) for carrier in self.carriers):
            return None
        return request

    def authenticate(self, request: HttpRequest, credential: Any) -> UserToken | None:
        """See BaseAuthenticator.authenticate()."""
        try:
            answer = self.callback(request)
            return self._token(async_to_sync(_awaited)(answer) if isawaitable(answer) else answer)
        except InvalidCredential:
            raise
        except Exception as error:
            raise self._broken() from error

    async def aauthenticate(self, request: HttpRequest, credential: Any) -> UserToken | None:
        """See authenticate()."""
        try:
            is_async = iscoroutinefunction(self.callback)
            answer = self.callback(request) if is_async else await sync_to_async(self.callback)(request)
            return self._token(await answer if isawaitable(answer) else answer)
        except InvalidCredential:
            raise
        except Exception as error:
            raise self._broken() from error

    def _broken(self) -> InvalidCredential:
        logger.exception("The callback of the authenticator %r failed.", self.name)
        return InvalidCredential("unavailable")

    def _token(self, answer: Any) -> UserToken | None:
        if answer is None or answer is False or isinstance(answer, UserToken):
            return answer or None
        if not hasattr(answer, "is_authenticated"):
            raise TypeError(f"a {type(answer).__name__} is no user: it has no is_authenticated")
        if not answer.is_authenticated:
            return None
        if not getattr(answer, "is_active", True):
            raise InvalidCredential("inactive")
        return UserToken(answer, LoginState.PROGRAM, self.name)


async def _awaited(answer: Awaitable[Any]) -> Any:
    return await answer


def _has_header(request: HttpRequest, name: str) -> bool:
    return "HTTP_" + name.upper().replace("-", "_") in request.META
