"""The classes in a site that has not our middleware but Django's, or none at all."""

from __future__ import annotations

import pytest
from ninja import NinjaAPI
from ninja.testing import TestClient

from sessionauth import signals
from sessionauth.contrib.ninja import AccessTokenAuth, Scope, install
from sessionauth.models import AccessToken, APIKey
from tests.asking import counted
from tests.contrib.ninja.site import VIEW, told

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.contrib.ninja.site")]

OURS, DJANGOS = "sessionauth.middleware.AuthenticationMiddleware", "django.contrib.auth.middleware"


@pytest.fixture(autouse=True, params=["djangos", "none"])
def _without(request, settings):
    if request.param == "djangos":
        own = f"{DJANGOS}.AuthenticationMiddleware"
        settings.MIDDLEWARE = [own if one == OURS else one for one in settings.MIDDLEWARE]
    else:
        gone = (OURS, "django.contrib.messages.middleware.MessageMiddleware")
        settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if one not in gone]


def said(response):
    return response.status_code, response.json().get("code")


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize("name", ["token", "request", "scope", "session-first", "session-last"])
def test_token__is_the_user_of_the_request(ask, token, name):
    response = ask(name, "POST", **bearer(token))
    assert response.json() == {"user": "alice", "auth": "bearer", "face": "bearer", "is_same": True}


def test_session__is_csrf_checked(ask, alice):
    ask.sign_in(alice)
    assert ask("session").json()["user"] == "alice"
    for order in ("session", "session-first", "session-last", "request", "scope"):
        assert said(ask(order, "POST")) == (403, "csrf_failed")
        assert ask(order, "POST", csrf=True).json()["user"] == "alice"


def test_a_session_that_is_revoked__is_nobodys(ask, alice):
    ask.sign_in(alice)
    alice.sessionauth_loginsession_set.get().revoke()
    assert said(ask("session")) == (401, "not_authenticated")


def test_restricted__reaches_only_what_states_a_scope(ask, root):
    _, secret = AccessToken.objects.issue(user=root, scopes=[VIEW])
    for name in ("scope", "scope-django", "token-then-scope"):
        assert ask(name, "POST", csrf=True, **bearer(secret)).json()["user"] == "root", name
    for name in ("token", "request", "own", "fresh", "both"):
        assert said(ask(name, "POST", **bearer(secret)))[0] in (401, 403), name


def test_a_wrong_token__is_refused_at_once(ask, alice, token):
    AccessToken.objects.get().revoke()
    ask.sign_in(alice)
    response = ask("session-last", csrf=True, **bearer(token))
    assert said(response) == (401, "invalid_token")
    assert 'error="invalid_token"' in response["WWW-Authenticate"]


def test_two_secrets__are_a_400(ask, token, key):
    assert said(ask("request", X_Api_Key=key, **bearer(token))) == (400, "invalid_request")


def test_wrong_keys__are_counted(settings, ask, key):
    if not settings.CACHES["default"]["BACKEND"].endswith("RedisCache"):
        pytest.skip("wrong secrets are counted in a shared cache alone")
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_KEY_FAILURE_RATE = "2/d"
    APIKey.objects.get().revoke()
    assert [ask("key", X_Api_Key=key).status_code for _ in range(3)] == [401, 401, 429]


def test_queries__one_for_a_list_of_classes(ask, token):
    ask("session-first", **bearer(token))
    with counted() as statements:
        ask("session-first", **bearer(token))
    assert len(statements) == 1


def test_books__are_kept_at_once(ask, token):
    ask("token", **bearer(token))
    assert AccessToken.objects.get().last_used_at is not None


def test_user_loaded__is_told_once_it_is_accepted(ask, alice, root, token):
    loaded = []
    signals.user_loaded.connect(receiver := lambda user, method, **_: loaded.append((user, method)))
    try:
        ask("token", **bearer(token))
        ask("fresh", **bearer(token))
    finally:
        signals.user_loaded.disconnect(receiver)
    assert loaded == [(alice, "bearer")]


def test_ninjas_own_test_client__gets_in(alice, token):
    own = install(NinjaAPI(urls_namespace="tested"))
    own.get("/scope", auth=[AccessTokenAuth(), Scope(VIEW)])(told)
    client = TestClient(own)
    # It takes the names of headers as they are written, and servers write them in capitals.
    assert client.get("/scope", headers={"AUTHORIZATION": f"Bearer {token}"}).json()["user"] == "alice"
    assert client.get("/scope").status_code == 401
