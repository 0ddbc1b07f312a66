"""What the conformance tests ask with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.sessions.backends.file import SessionStore as FileStore

from tests.attacks.browsers import engine_path
from tests.conformance.web import Web

PATHS = {
    "api_key": "sessionauth.authenticators.api_key.APIKeyAuthenticator",
    "basic": "sessionauth.authenticators.basic.BasicAuthenticator",
    "bearer": "sessionauth.authenticators.token.BearerAuthenticator",
    "callback": "sessionauth.authenticators.callback.CallbackAuthenticator",
    "session": "sessionauth.authenticators.session.SessionAuthenticator",
    "token": "sessionauth.authenticators.token.TokenAuthenticator",
}


@pytest.fixture(params=["wsgi", "asgi"])
def web(request, db) -> Web:
    """One browser; the test runs over WSGI and over ASGI."""
    return Web(asgi=request.param == "asgi")


@pytest.fixture
def other_web(web) -> Web:
    """Another browser, over the same interface."""
    return Web(asgi=web.asgi)


@pytest.fixture(params=["db", "cache", "cached_db", "file", "signed_cookies", "encrypted_cookies"])
def engine(request, settings, tmp_path, monkeypatch) -> str:
    """Each of Django's session engines, and ours."""
    settings.SESSION_ENGINE = engine_path(request.param)
    monkeypatch.setattr(FileStore, "_storage_path", str(tmp_path), raising=False)  # it would be kept for other tests
    return str(request.param)


@pytest.fixture
def authenticators(settings) -> Callable[..., None]:
    """`authenticators("basic", "session", api_key={"query_param": "apikey"})`: switch these on and all others off."""

    def switch_on(*names: str, **options: dict[str, Any]) -> None:
        entries: list[Any] = [{"NAME": PATHS[name], "OPTIONS": given} for name, given in options.items()]
        settings.SESSIONAUTH_AUTHENTICATORS = [*entries, *(PATHS[name] for name in names)]

    return switch_on


@pytest.fixture
def permit(db) -> Callable[[Any, str], None]:
    """`permit(alice, "auth.view_user")`."""

    def give(user: Any, name: str) -> None:
        app_label, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app_label, codename=codename))

    return give


@pytest.fixture
def heard() -> Callable[..., Any]:
    """Collect what a signal says while a block runs."""

    @contextmanager
    def listen(signal: Any) -> Iterator[list[dict[str, Any]]]:
        calls: list[dict[str, Any]] = []

        def receive(**kwargs: Any) -> None:
            calls.append(kwargs)

        signal.connect(receive)
        try:
            yield calls
        finally:
            signal.disconnect(receive)

    return listen
