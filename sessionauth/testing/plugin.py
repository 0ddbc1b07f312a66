"""The pytest plugin: fixtures beside those of pytest-django. Loaded before Django has its settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from sessionauth import testing

if TYPE_CHECKING:
    from django.test import AsyncClient, Client

    from sessionauth.models import Impersonation
    from sessionauth.testing import AsyncAuthClient, AuthClient


@pytest.fixture
def auth_client(client: Client) -> AuthClient:
    """Django's test client that also signs in with tokens and keys: `auth_client.force_login(user, method="bearer")`.

    Asks for pytest-django's `client` so that it skips where that one does.
    """
    return testing.AuthClient()


@pytest.fixture
def async_auth_client(async_client: AsyncClient) -> AsyncAuthClient:
    """The same over ASGI: `await async_auth_client.aforce_login(user, method="api_key")`."""
    return testing.AsyncAuthClient()


@pytest.fixture
def impersonate(client: Client) -> Callable[..., Impersonation]:
    """Have a client that is signed in act as somebody else. See `sessionauth.testing.impersonate`."""
    return testing.impersonate


@pytest.fixture
def login_disabled(client: Client) -> Iterator[None]:
    """Let everybody pass the rules of sessionauth for one test. See `sessionauth.testing.login_disabled`."""
    with testing.login_disabled():
        yield
