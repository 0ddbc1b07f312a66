"""The public face of who a request is: `request.auth`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import LazyObject

from sessionauth.authenticators import get_auth
from sessionauth.user_token import UserToken


class RequestAuth(LazyObject):  # type: ignore[type-arg]
    """What stands on `request.auth`: always what `get_auth(request)` says at that moment, also after login()."""

    def __init__(self, request: HttpRequest) -> None:
        self.__dict__["_request"] = request
        super().__init__()

    @property
    def _wrapped(self) -> UserToken:
        return get_auth(self.__dict__["_request"])

    def __repr__(self) -> str:
        return repr(self._wrapped)

    def __copy__(self) -> RequestAuth:
        return type(self)(self.__dict__["_request"])

    def __deepcopy__(self, memo: dict[int, Any]) -> RequestAuth:
        # Of the request's copy, and without resolving anything: the request is being copied just now.
        request = self.__dict__["_request"]
        return type(self)(memo.get(id(request), request))

    def _setup(self) -> None:
        """Nothing to set up: `_wrapped` is never empty."""
