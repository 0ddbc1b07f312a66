"""Middlewares that do to request.user what widely used packages do to it."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib.auth import get_user_model
from django.contrib.auth.middleware import get_user
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject, empty


class Both:
    """Base of middlewares that do something on the way in, under WSGI and ASGI alike, without any I/O."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        self.touch(request)
        return self.get_response(request)

    def touch(self, request: HttpRequest) -> None:
        raise NotImplementedError


class WrapsAndMarks(Both):
    """As django-otp: a lazy user around the lazy user, marked when it is looked at; auser alike."""

    def touch(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(partial(self.marked, request.user))  # type: ignore[assignment]
        request.auser = partial(self.amarked, request.auser)

    def marked(self, user: Any) -> Any:
        user.is_marked = user.is_authenticated
        return user

    async def amarked(self, auser: Callable[[], Awaitable[Any]]) -> Any:
        return self.marked(await auser())


class WrapsCopy(Both):
    """As django-hijack: a lazy copy of the lazy user."""

    def touch(self, request: HttpRequest) -> None:
        user = request.user
        request.user = SimpleLazyObject(lambda: self.marked(copy.copy(user)))  # type: ignore[assignment]

    def marked(self, user: Any) -> Any:
        user.is_marked = user.is_authenticated
        return user


class AsksDjango(Both):
    """As middlewares for JWT do: a lazy user made of Django's own `get_user()`."""

    def touch(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(lambda: get_user(request))  # type: ignore[assignment]


class Looks(Both):
    """As loggers do: looks at the user. Only under WSGI, where that may cost a query."""

    async_capable = False

    def touch(self, request: HttpRequest) -> None:
        request.seen_by_logger = str(request.user)  # type: ignore[attr-defined]


class Forgets(Both):
    """As allauth's headless views do: forgets what was found, so that the user is asked for again."""

    def touch(self, request: HttpRequest) -> None:
        for name in ("_cached_user", "_acached_user"):
            request.__dict__.pop(name, None)
        if isinstance(request.user, SimpleLazyObject):
            request.user._wrapped = empty


def the_user(request: HttpRequest) -> Any:
    """Return the user whom the header X-Act-As names."""
    return get_user_model()._default_manager.get(**{get_user_model().USERNAME_FIELD: request.headers["X-Act-As"]})


class Assigns(Both):
    """As token middlewares do: assigns somebody else."""

    async_capable = False

    def touch(self, request: HttpRequest) -> None:
        if "X-Act-As" in request.headers:
            request.user = the_user(request)


class AssignsLazily(Both):
    """Assigns somebody else, asked for when somebody looks."""

    def touch(self, request: HttpRequest) -> None:
        if "X-Act-As" in request.headers:
            request.user = SimpleLazyObject(lambda: the_user(request))  # type: ignore[assignment]


class AssignsCached(Both):
    """Puts somebody else where Django's middleware keeps whom it found, and leaves request.user alone."""

    async_capable = False

    def touch(self, request: HttpRequest) -> None:
        if "X-Act-As" in request.headers:
            request._cached_user = the_user(request)  # type: ignore[attr-defined]


class AssignsBoth(Both):
    """As OAuth toolkit's middleware does."""

    async_capable = False

    def touch(self, request: HttpRequest) -> None:
        if "X-Act-As" in request.headers:
            request.user = request._cached_user = the_user(request)  # type: ignore[attr-defined]
