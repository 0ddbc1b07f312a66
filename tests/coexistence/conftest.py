"""How the tests of this folder ask: the same question under WSGI and ASGI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpRequest
from django.test import AsyncClient, Client

from sessionauth.models import APIKey

CSRF = "c" * 32


class Browser:
    """Somebody who asks under WSGI or ASGI, with CSRF checks as for real."""

    def __init__(self, *, asgi: bool) -> None:
        """Take whether the way through the middleware is the asynchronous one."""
        self.asgi = asgi
        kind: Any = AsyncClient if asgi else Client
        self.client = kind(enforce_csrf_checks=True, raise_request_exception=False)

    def sign_in(self, user: Any) -> None:
        """Sign `user` in, as Django's test client does; checks nothing."""
        self.client.force_login(user)

    def get(self, path: str, **headers: str) -> Any:
        """GET `path` and return the response; `X_Api_Key="…"` is a header."""
        return self._ask("get", path, headers)

    def post(self, path: str, data: Any = None, *, csrf: bool = False, **headers: str) -> Any:
        """POST to `path`; with `csrf` as a page of the site does, else as from elsewhere."""
        if csrf:
            self.client.cookies["csrftoken"] = CSRF
            headers["X_CSRFToken"] = CSRF
        return self._ask("post", path, headers, data=data or {})

    def _ask(self, method: str, path: str, headers: dict[str, str], **rest: Any) -> Any:
        call = getattr(self.client, method)
        rest["headers"] = {name.replace("_", "-"): value for name, value in headers.items()}
        return (async_to_sync(call) if self.asgi else call)(path, **rest)


def request_of(response: Any) -> HttpRequest:
    """Return the request that `response` answers, as the middleware left it."""
    request: HttpRequest = getattr(response, "asgi_request", None) or response.wsgi_request
    return request


def vary(response: Any) -> set[str]:
    """Return the headers that the answer varies on, in lower case."""
    return {word.strip().lower() for word in response.get("Vary", "").split(",")} - {""}


@pytest.fixture(params=["wsgi", "asgi"])
def browser(request: pytest.FixtureRequest) -> Browser:
    """A browser without cookies."""
    return Browser(asgi=request.param == "asgi")


@pytest.fixture
def alice(make_user: Callable[..., Any]) -> Any:
    return make_user("alice")


@pytest.fixture
def bob(make_user: Callable[..., Any]) -> Any:
    return make_user("bob")


@pytest.fixture
def key(alice: Any) -> str:
    """The secret of an API key of alice's that may do all that she may."""
    return str(APIKey.objects.issue(user=alice, name="desk")[1])
