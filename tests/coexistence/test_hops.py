"""Under ASGI each hop into a thread costs as much as a small view: ours takes none that it does not need."""

from __future__ import annotations

import pytest
from asgiref.sync import SyncToAsync, async_to_sync
from django.test import AsyncClient

from sessionauth.models import LoginSession
from sessionauth.sessions import series
from tests.contracts import MODEL_BACKEND

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.coexistence.idioms")]

OURS = "sessionauth.middleware.AuthenticationMiddleware"
DJANGOS = "django.contrib.auth.middleware.AuthenticationMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


@pytest.fixture
def hops(monkeypatch, settings):
    """`hops(path, middleware, client, **headers)`: how often a GET under ASGI went into a thread."""
    counted = []
    original = SyncToAsync.__call__

    async def count(self, *args, **kwargs):
        counted.append(self.func)
        return await original(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", count)

    def run(path, middleware, client=None, **headers):
        settings.MIDDLEWARE = [SESSIONS, *([middleware] if middleware else [])]
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        asking = AsyncClient()
        asking.cookies = client.cookies if client else asking.cookies
        counted.clear()
        response = async_to_sync(asking.get)(path, headers=headers)
        assert response.status_code == 200
        return len(counted)

    return run


def added(hops, path, client=None, *, plain="/auntouched/", **headers):
    """Return how many hops our middleware adds to what the page costs without any, and Django's."""
    without = hops(plain, None, client, **headers)
    return hops(path, OURS, client, **headers) - without, hops(path, DJANGOS, client, **headers) - without


def test_untouched_page__takes_none(hops, client, alice):
    assert added(hops, "/auntouched/")[0] == 0
    client.force_login(alice)
    ours, djangos = added(hops, "/auntouched/", client)
    assert (ours, djangos) == (0, 1)


def test_page_that_asks_of_a_visitor__takes_none(hops):
    assert added(hops, "/acounted/")[0] == 0


def test_page_that_asks_of_a_session__takes_one(hops, client, alice):
    client.force_login(alice)
    client.get("/acounted/")  # Django's test client signs in without a browser to bind the session to
    ours, djangos = added(hops, "/acounted/", client)
    assert ours == 1
    assert ours < djangos


def test_page_that_asks_of_a_session_with_books_to_keep__takes_two(hops, client, alice):
    client.force_login(alice)
    LoginSession.objects.update(last_seen_at="2026-01-01T00:00Z")
    assert added(hops, "/acounted/", client)[0] == 2
    assert added(hops, "/acounted/", client)[0] == 1


def test_page_that_asks_of_a_remembered_browser__takes_one(hops, client, alice):
    """What Django needs to save a session is Django's; the request beside the one that restores saves none."""
    token, validator = series.enter(alice, 3600, backend=MODEL_BACKEND)
    client.cookies["sessionauth_remember"] = f"{token.selector}.{validator}"
    assert added(hops, "/auntouched/", client)[0] == 0
    hops("/acounted/", OURS, client)
    client.cookies.clear()
    client.cookies["sessionauth_remember"] = f"{token.selector}.{validator}"
    assert added(hops, "/acounted/", client)[0] == 1
    client.cookies["sessionauth_remember"] = "garbage"
    assert added(hops, "/acounted/", client)[0] == 0


@pytest.mark.parametrize("path", ["/auntouched/", "/acounted/"])
def test_page_for_a_key__takes_one_and_one_for_its_first_use(hops, key, path):
    plain = hops("/auntouched/", None)
    assert hops(path, OURS, X_Api_Key=key) - plain == 2
    assert hops(path, OURS, X_Api_Key=key) - plain == 1


def test_malformed_key__takes_none(hops, settings, key):
    """Refused before the database is asked; so nobody waits for a thread."""
    settings.MIDDLEWARE = [SESSIONS, OURS]
    settings.SESSIONAUTH_INVALID_CREDENTIAL = "ignore"
    assert hops("/auntouched/", OURS, X_Api_Key=key[:-1]) - hops("/auntouched/", None) <= 1
