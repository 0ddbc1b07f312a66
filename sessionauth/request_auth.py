"""What stands on a request until somebody looks: `request.user`, and `request.auth`, its public face."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.functional import LazyObject, SimpleLazyObject, empty

from sessionauth.authenticators import active, get_auth, identity
from sessionauth.authenticators.base import switched_on
from sessionauth.authenticators.session import SessionAuthenticator
from sessionauth.credentials import bare_users
from sessionauth.request_state import RequestState, begin, state_of
from sessionauth.user_token import UserToken


def put_on(request: HttpRequest) -> RequestState:
    """Put user and auth on `request`, both lazy, and return its state, which says whether a program may have come."""
    state = begin(request)
    try:
        state.session_key = request.session.session_key
    except AttributeError:
        _do_without_session(request)
    state.lazy_user = request.user = RequestUser(request)  # type: ignore[assignment]
    if "_cached_user" not in request.__dict__:
        # Others ask Django's get_user(), which looks here first: so they too are told of what has been revoked.
        request._cached_user = state.lazy_user  # type: ignore[attr-defined]
    state.lazy_auser = request.auser = partial(_auser, request)
    request.auth = RequestAuth(request)  # type: ignore[attr-defined]
    if (places := switched_on.places) is not None:
        state.is_bare = True
        for place in places:
            if place in request.META:
                state.is_bare = False
    return state


def _do_without_session(request: HttpRequest) -> None:
    if not hasattr(request, "session") and any(isinstance(one, SessionAuthenticator) for one in active()):
        raise ImproperlyConfigured(
            "sessionauth's SessionAuthenticator needs 'django.contrib.sessions.middleware.SessionMiddleware' before "
            "'sessionauth.middleware.AuthenticationMiddleware' in MIDDLEWARE. Add it, or take the authenticator out "
            "of SESSIONAUTH_AUTHENTICATORS."
        )


async def _auser(request: HttpRequest) -> Any:
    token = await identity.aauth_of_user(request)
    return await bare_users.aload(request.user if state_of(request).is_settled else token.user)


#: Of lazy objects, whose own ways to it ask what they are wrapped round. Both below are made for every request.
_get, _set = object.__getattribute__, object.__setattr__


class RequestUser(SimpleLazyObject):  # type: ignore[type-arg]
    """What stands on `request.user`: Django's lazy user, made by one step instead of eight."""

    _wrapped: Any = empty

    def __init__(self, request: HttpRequest) -> None:
        _set(self, "_setupfunc", partial(_user_of, request))

    def _setup(self) -> None:
        _set(self, "_wrapped", _get(self, "_setupfunc")())


def _user_of(request: HttpRequest) -> Any:
    return identity.own_auth(request).user


class RequestAuth(LazyObject):  # type: ignore[type-arg]
    """What stands on `request.auth`: always what `get_auth(request)` says at that moment, also after login()."""

    def __init__(self, request: HttpRequest) -> None:
        _set(self, "_request", request)

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
