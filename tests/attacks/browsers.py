"""Browsers, and sessions from before the app, with every session engine."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.file import SessionStore as FileStore
from django.test import Client

from sessionauth.models import LoginSession
from tests.asking import Sent, ask
from tests.contracts import MODEL_BACKEND, who

ENGINES = ["db", "cached_db", "cache", "file", "signed_cookies", "encrypted_cookies"]
COOKIE = "sessionid"


@pytest.fixture(params=ENGINES)
def engine(request, settings, tmp_path, monkeypatch):
    """Run the test with one of Django's session engines, or with ours."""
    settings.SESSION_ENGINE = engine_path(request.param)
    monkeypatch.setattr(FileStore, "_storage_path", str(tmp_path), raising=False)
    return request.param


def engine_path(name: str) -> str:
    """Return the SESSION_ENGINE that a test calls `name`."""
    ours = name == "encrypted_cookies"
    return f"sessionauth.sessions.{name}" if ours else f"django.contrib.sessions.backends.{name}"


def store(key: str | None = None) -> Any:
    """Return the session of `key`, or a new one."""
    return import_module(settings.SESSION_ENGINE).SessionStore(key)


def sign_in(user: Any, password: str) -> Client:
    """Return a browser in which `user` has signed in by Django's login page."""
    browser = Client()
    response = browser.post("/login/", {"username": user.get_username(), "password": password})
    assert response.status_code == 302, response.content
    return browser


def cookie_of(browser: Client) -> str:
    """Return the session cookie of `browser`."""
    return browser.cookies[COOKIE].value


def user_of(cookie: str, way: str = "client", view: str = "/tell/") -> str | None:
    """Say who a browser with a copy of `cookie` is."""
    answer = ask(way, view, Sent(cookies={COOKIE: cookie}))
    assert answer.status == 200, answer
    return who(answer)["user"]


def old_session(user: Any, backend: str = MODEL_BACKEND, **more: Any) -> str:
    """Return the cookie of a session that was made before the app came, and never seen since."""
    session = store()
    session[SESSION_KEY] = user._meta.pk.value_to_string(user)
    session[BACKEND_SESSION_KEY] = backend
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.update(more)
    session.save()
    return session.session_key


def change(cookie: str, **items: Any) -> str:
    """Return the cookie of the session after `items` were put into it."""
    session = store(cookie)
    session.load()
    session.update(items)
    session.save()
    return session.session_key


def row_of(user: Any) -> LoginSession:
    """Return the newest login session of `user`."""
    return LoginSession.objects.filter(user=user).latest("pk")
