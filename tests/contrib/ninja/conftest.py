"""Who asks the APIs, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission
from django.middleware.csrf import _get_new_csrf_string
from django.test import AsyncClient, Client

from sessionauth.models import AccessToken, APIKey

SYNC, ASYNC = "sync", "async"


class Asker:
    """Somebody who asks sync or async operations, under WSGI or ASGI, with CSRF checks as for real."""

    def __init__(self, kind: str, *, asgi: bool) -> None:
        """Take which operations are asked (`kind`), and whether through the ASGI handler."""
        self.kind, self.asgi = kind, asgi
        make: Any = AsyncClient if asgi else Client
        self.client = make(enforce_csrf_checks=True, raise_request_exception=False)

    def sign_in(self, user: Any) -> None:
        self.client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def sign_in_by_password(self, user: Any, password: str) -> None:
        self.client.logout()
        assert self.client.login(username=user.get_username(), password=password)

    def __call__(self, name: str, method: str = "GET", *, api: str = "api", csrf: bool = False, **headers: str) -> Any:
        """Ask the operation `name`, of this kind (where `*` stands for it, if it does)."""
        path = f"/{api}/{name.replace('*', self.kind) if '*' in name else f'{self.kind}/{name}'}"
        return self.at(path, method, csrf=csrf, **headers)

    def at(self, path: str, method: str = "GET", *, csrf: bool = False, **headers: str) -> Any:
        """Ask for `path`."""
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        if csrf:
            secret = _get_new_csrf_string()
            self.client.cookies["csrftoken"] = secret
            sent["X-CSRFToken"] = secret
        if self.asgi:

            async def go() -> Any:
                return await self.client.generic(method, path, headers=sent)

            return async_to_sync(go)()
        return self.client.generic(method, path, headers=sent)


@pytest.fixture(params=["wsgi-sync", "wsgi-async", "asgi-sync", "asgi-async"])
def ask(request: pytest.FixtureRequest) -> Asker:
    server, kind = request.param.split("-")
    return Asker(kind, asgi=server == "asgi")


@pytest.fixture
def alice(make_user: Callable[..., Any]) -> Any:
    user = make_user("alice")
    user.user_permissions.add(Permission.objects.get(codename="view_user"))
    return user


@pytest.fixture
def root(make_user: Callable[..., Any]) -> Any:
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def token(alice: Any) -> str:
    return str(AccessToken.objects.issue(user=alice, name="script")[1])


@pytest.fixture
def key(alice: Any) -> str:
    return str(APIKey.objects.issue(user=alice, name="desk")[1])
