"""The order of MIDDLEWARE: what the checks say, and that it is so."""

from __future__ import annotations

from itertools import permutations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sessionauth.models import APIKey
from tests.checks.asking import BEARER, THINGS, codes, hint, using

OURS = "sessionauth.middleware.AuthenticationMiddleware"
DJANGOS = "django.contrib.auth.middleware.AuthenticationMiddleware"
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
FETCH = "django.middleware.cache.FetchFromCacheMiddleware"
BOTH = "django.middleware.cache.CacheMiddleware"
# The admin has checks of its own on MIDDLEWARE, and would not do without any of these.
WITHOUT_ADMIN = {"INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "sessionauth"]}


@pytest.mark.once
@pytest.mark.parametrize(
    ("middleware", "expected"),
    [
        ([SESSION, OURS], []),
        ([SESSION, CSRF, OURS], []),
        ([SESSION, OURS, CSRF], []),
        ([CSRF, SESSION, OURS], []),
        ([SESSION, OURS, LOGIN_REQUIRED], []),
        ([UPDATE, SESSION, OURS, FETCH], []),
        ([f"{THINGS}.SessionMiddleware", OURS], []),
        ([SESSION, "tests.checks.nowhere.Middleware", OURS], []),
        ([SESSION, f"{THINGS}.of_request", OURS], []),
        ([SESSION], ["W060"]),
        ([SESSION, DJANGOS], ["W060"]),
        ([], ["W060"]),
        (None, ["W060"]),
        ([SESSION, OURS, 5], []),
        ([SESSION, DJANGOS, OURS], ["E061"]),
        ([SESSION, OURS, DJANGOS], ["E061"]),
        ([SESSION, OURS, OURS], ["E061"]),
        ([OURS], ["E062"]),
        ([OURS, SESSION], ["E062"]),
        ([SESSION, LOGIN_REQUIRED, OURS], ["W063"]),
        ([SESSION, OURS, UPDATE, FETCH], ["W064"]),
        ([UPDATE, FETCH, SESSION, OURS], ["W065"]),
        ([BOTH, SESSION, OURS], ["W065"]),
        ([SESSION, OURS, BOTH], ["W064"]),
    ],
)
def test_middleware(middleware, expected):
    assert codes(MIDDLEWARE=middleware, **WITHOUT_ADMIN) == expected


@pytest.mark.once
def test_middleware__says_where_ours_belongs():
    assert f"in place of {DJANGOS}" in hint("W060", MIDDLEWARE=[SESSION, DJANGOS], **WITHOUT_ADMIN)
    assert "after SessionMiddleware" in hint("W060", MIDDLEWARE=[SESSION], **WITHOUT_ADMIN)


@pytest.mark.once
def test_sessions__are_not_needed_where_nobody_is_known_by_one():
    assert codes(MIDDLEWARE=[OURS], **WITHOUT_ADMIN, **using(BEARER)) == []


@pytest.mark.once
@pytest.mark.parametrize("name", ["CSRF_USE_SESSIONS", "SESSION_SAVE_EVERY_REQUEST"])
def test_sessions__are_touched_by_settings_of_django(name):
    assert codes(**{name: True}) == ["W066"]
    assert codes(**{name: True}, **using("sessionauth.authenticators.session.SessionAuthenticator")) == []


@pytest.fixture
def key(make_user):
    return APIKey.objects.issue(user=make_user("alice"))


@pytest.fixture
def browse(settings):
    """`browse(middleware)`: a client that enforces CSRF checks, and a site with that MIDDLEWARE."""

    def start(*middleware: str) -> Client:
        settings.MIDDLEWARE, settings.ROOT_URLCONF = middleware, "tests.checks.urls"
        return Client(enforce_csrf_checks=True)

    return start


@pytest.mark.parametrize(
    "middleware", [order for order in permutations([SESSION, CSRF, OURS]) if order.index(SESSION) < order.index(OURS)]
)
def test_csrf__is_freed_for_keys_and_checked_for_cookies_in_any_order(browse, key, middleware):
    client = browse(*middleware)
    assert client.post("/whoami/", headers={"X-Api-Key": key[1]}).content == b"alice"
    client.force_login(key[0].user)
    assert client.post("/whoami/").status_code == 403
    assert codes(MIDDLEWARE=list(middleware)) == []


def test_pages_from_the_cache__are_shown_to_revoked_keys_if_fetched_too_early(browse, key):
    row, secret = key
    for middleware, status in [([UPDATE, SESSION, OURS, FETCH], 401), ([UPDATE, FETCH, SESSION, OURS], 200)]:
        client = browse(*middleware)
        client.get("/whoami/", headers={"X-Api-Key": secret})
        row.revoke()
        assert client.get("/whoami/", headers={"X-Api-Key": secret}).status_code == status
        APIKey.objects.update(revoked_at=None)
        row.refresh_from_db()


def test_pages_from_the_cache__are_shown_to_others_if_stored_too_early(browse, key):
    for middleware, shown in [([UPDATE, SESSION, OURS, FETCH], b"nobody"), ([SESSION, OURS, UPDATE, FETCH], b"alice")]:
        client = browse(*middleware)
        client.get("/whoami/", headers={"X-Api-Key": key[1]})
        assert Client().get("/whoami/").content == shown
        cache.clear()


def test_login_required__above_us_sends_keys_with_scopes_to_log_in(browse, key, settings):
    settings.LOGIN_URL = "enter"
    headers = {"X-Api-Key": APIKey.objects.issue(user=key[0].user, scopes=[])[1]}
    for middleware, status in [([SESSION, OURS, LOGIN_REQUIRED], 200), ([SESSION, LOGIN_REQUIRED, OURS], 302)]:
        assert browse(*middleware).get("/open/", headers=headers).status_code == status


@pytest.mark.parametrize("name", ["CSRF_USE_SESSIONS", "SESSION_SAVE_EVERY_REQUEST"])
def test_session__is_loaded_or_saved_for_a_key_that_comes_with_a_cookie(browse, key, settings, name):
    """What W066 says: one query more than the key's own."""
    client = browse(SESSION, CSRF, OURS)
    client.force_login(key[0].user)
    settings.SESSIONAUTH_LAST_USED_INTERVAL = None
    assert _queries(client, key[1]) == 1
    setattr(settings, name, True)
    assert _queries(client, key[1]) > 1


def _queries(client: Client, secret: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/page/", headers={"X-Api-Key": secret}).status_code == 200
    return len(queries)
