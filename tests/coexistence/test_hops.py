"""Under ASGI each hop into a thread costs as much as a small view: ours takes none that it does not need."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from asgiref.sync import SyncToAsync, async_to_sync
from django.test import AsyncClient
from django.utils.log import log_response

from sessionauth import signals
from sessionauth.impersonation.stage import MARKER
from sessionauth.models import APIKey, AuthEvent, LoginSession
from sessionauth.sessions import series
from sessionauth.testing import impersonate
from tests.contracts import MODEL_BACKEND

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.coexistence.idioms")]

OURS = "sessionauth.middleware.AuthenticationMiddleware"
DJANGOS = "django.contrib.auth.middleware.AuthenticationMiddleware"
IMPERSONATION = "sessionauth.impersonation.middleware.ImpersonationMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


@pytest.fixture
def hops(monkeypatch, settings):
    """`hops(path, middleware, client, **headers)`: how often a request under ASGI went into a thread.

    `middleware` is one or several, behind that of sessions, and `method` and `status` are those of the request.
    """
    counted = []
    original = SyncToAsync.__call__

    async def count(self, *args, **kwargs):
        if self.func is not log_response:  # Django's own, for each answer of an error
            counted.append(self.func)
        return await original(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", count)

    def run(path, middleware, client=None, *, method="get", status=200, **headers):
        settings.MIDDLEWARE = [SESSIONS, *([middleware] if isinstance(middleware, str) else middleware or ())]
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        asking = AsyncClient()
        asking.cookies = client.cookies if client else asking.cookies
        counted.clear()
        response = async_to_sync(getattr(asking, method))(path, headers=headers)
        assert response.status_code == status
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


@pytest.mark.parametrize("policy", ["reject", "ignore"])
def test_malformed_key__takes_none(hops, settings, key, policy):
    """Refused before the database is asked; so nobody waits for a thread."""
    settings.SESSIONAUTH_INVALID_CREDENTIAL = policy
    status = 401 if policy == "reject" else 200
    assert refused(hops, status, X_Api_Key=key[:-1]) == 0


def test_two_credentials__take_none(hops, key):
    another = key[:-1] + ("x" if key[-1] != "x" else "y")
    assert refused(hops, 400, X_Api_Key=key, Authorization=f"Bearer {another}") == 0


def test_unknown_key__takes_one_for_lookup_count_and_books(hops, key):
    APIKey.objects.all().delete()
    assert refused(hops, 401, X_Api_Key=key) == 1
    assert AuthEvent.objects.filter(event="credential_rejected").exists()


def refused(hops, status, **headers):
    """Return how many hops our middleware takes for a request that it refuses before the view."""
    return hops("/auntouched/", OURS, status=status, **headers) - hops("/auntouched/", None)


def test_cached_key__takes_one(hops, settings, key):
    settings.SESSIONAUTH_KEY_CACHE = "default"
    hops("/auntouched/", OURS, X_Api_Key=key)
    assert hops("/auntouched/", OURS, X_Api_Key=key) - hops("/auntouched/", None) == 1


def test_receiver_of_user_loaded__takes_none_of_its_own(hops, client, alice):
    client.force_login(alice)
    hops("/acounted/", OURS, client)
    with connected(signals.user_loaded):
        assert added(hops, "/acounted/", client)[0] == 1


def test_visitor_who_may_not_come__takes_none_but_for_what_others_do(hops, settings):
    settings.SESSIONAUTH_ON_FAILURE = "redirect"
    assert refused(hops, 302) == 0
    with connected(signals.auth_required):
        assert refused(hops, 302) == 1


def test_visitor_whom_a_decorator_sends_away__takes_none_but_for_what_others_do(hops):
    plain = hops("/auntouched/", None)
    assert hops("/auntouched-private/", OURS, status=302) - plain == 0
    with connected(signals.auth_required):
        assert hops("/auntouched-private/", OURS, status=302) - plain == 1


def test_impersonated_page__takes_one(hops, settings, client, make_user, alice):
    """Session, actor, target and impersonation are one hop; nothing of the way out is, unless there is something."""
    settings.MIDDLEWARE = [SESSIONS, OURS, IMPERSONATION]
    client.force_login(make_user("root", is_superuser=True))
    client.get("/acounted/")
    impersonate(client, alice)
    plain = hops("/auntouched/", None, client)
    assert hops("/acounted/", [OURS, IMPERSONATION], client) - plain == 1
    client.cookies.pop(MARKER)
    assert hops("/acounted/", [OURS, IMPERSONATION], client) - plain == 1


def test_form_of_nobody__takes_none(hops, client, alice):
    client.force_login(alice)
    both = [OURS, IMPERSONATION]
    assert hops("/auntouched/", both, client, method="post") == hops("/auntouched/", None, client, method="post")


@contextmanager
def connected(signal):
    def hear(**kwargs):
        """Do something that may wait."""

    signal.connect(hear)
    try:
        yield
    finally:
        signal.disconnect(hear)
