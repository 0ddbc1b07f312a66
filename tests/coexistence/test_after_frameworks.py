"""What is left of us after a stock view of REST framework or Ninja, which assign request.user and request.auth."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from sessionauth import LoginState, get_auth
from sessionauth.models import APIKey, LoginSession
from sessionauth.request_state import state_of
from tests.coexistence.conftest import request_of, vary

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.coexistence.frameworks")]

VIEWS = ["/drf/nobody/", "/drf/token/", "/drf/default/", "/ninja/none"]


@pytest.mark.parametrize("path", VIEWS)
def test_after_a_stock_view__we_know_who_came_in_with_a_key(browser, alice, key, path):
    response = browser.get(path, X_Api_Key=key)
    established = state_of(request_of(response)).established
    assert (established.user, established.method, established.state) == (alice, "api_key", LoginState.PROGRAM)
    assert {"authorization", "x-api-key"} <= vary(response)
    assert "cookie" not in vary(response)
    assert not response.cookies


@pytest.mark.parametrize("path", ["/drf/default/", "/ninja/session"])
def test_after_a_stock_view__we_know_who_came_in_with_a_session(browser, alice, path):
    browser.sign_in(alice)
    response = browser.get(path)
    established = state_of(request_of(response)).established
    assert (established.user, established.method) == (alice, "session")
    assert established.credential == LoginSession.objects.get(user=alice)
    assert "cookie" in vary(response)


@pytest.mark.parametrize("path", ["/drf/nobody/", "/ninja/none"])
def test_after_a_view_that_asked_nobody__cookie_is_in_vary_only_if_somebody_looked(browser, alice, path):
    browser.sign_in(alice)
    response = browser.get(path)
    looked = state_of(request_of(response)).established is not None
    assert ("cookie" in vary(response)) is looked


def test_drf_without_our_user__get_auth_follows_request_user(browser, alice, key):
    """REST framework's TokenAuthentication finds no token of its own and makes request.user nobody."""
    response = browser.get("/drf/token/", X_Api_Key=key)
    assert response.json() == {"user": "AnonymousUser", "auth": "None"}
    request = request_of(response)
    assert get_auth(request).is_anonymous
    assert state_of(request).established.user == alice


def test_drf_with_our_user__get_auth_is_still_the_key(browser, alice, key):
    response = browser.get("/drf/default/", X_Api_Key=key)
    assert response.json()["user"] == str(alice)
    auth = get_auth(request_of(response))
    assert (auth.user, auth.method) == (alice, "api_key")
    assert auth.credential == APIKey.objects.get()


def test_ninja__get_auth_is_not_what_ninja_assigned(browser, alice, key):
    response = browser.post("/ninja/bearer", Authorization="Bearer abc", X_Api_Key=key)
    assert response.json() == {"user": str(alice), "auth": "ninja's abc"}
    request = request_of(response)
    assert request.auth == "ninja's abc"
    assert get_auth(request).method == "api_key"


def test_async_ninja__get_auth_is_not_what_ninja_assigned(browser, alice, key):
    response = browser.post("/ninja/async", Authorization="Bearer abc", X_Api_Key=key)
    assert response.json() == {"user": str(alice), "auth": "ninja's abc"}
    assert get_auth(request_of(response)).method == "api_key"


def test_drf_default_classes__our_key_is_freed_from_csrf(browser, alice, key):
    response = browser.post("/drf/known/", X_Api_Key=key)
    assert (response.status_code, response.json()["user"]) == (200, str(alice))


def test_drf_default_classes__a_bearer_token_of_ours_is_freed_from_csrf(browser, alice, key):
    """A key is a key in whichever header it stands."""
    response = browser.post("/drf/known/", Authorization=f"Bearer {key}")
    assert (response.status_code, response.json()["user"]) == (200, str(alice))


def test_drf_default_classes__a_session_is_csrf_checked(browser, alice):
    browser.sign_in(alice)
    refused = browser.post("/drf/known/")
    assert (refused.status_code, "CSRF" in refused.json()["detail"]) == (403, True)
    assert browser.post("/drf/known/", csrf=True).status_code == 200


def test_drf_default_classes__a_key_beside_a_session_is_freed_and_wins(browser, bob, alice, key):
    browser.sign_in(bob)
    response = browser.post("/drf/known/", X_Api_Key=key)
    assert (response.status_code, response.json()["user"]) == (200, str(alice))
    assert "cookie" not in vary(response)


def test_drf_default_classes__a_wrong_key_beside_a_session_does_not_fall_back_to_it(browser, bob, key):
    browser.sign_in(bob)
    APIKey.objects.get().revoke()
    assert browser.post("/drf/known/", X_Api_Key=key).status_code == 401


def test_drf_default_classes__a_key_without_a_user_is_nobody(browser, db):
    _, secret = APIKey.objects.issue(name="service")
    assert browser.post("/drf/known/", X_Api_Key=secret).status_code in (401, 403)


def test_drf_default_classes__a_restricted_key_does_not_get_in(browser, alice):
    _, secret = APIKey.objects.issue(user=alice, scopes=["auth.view_group"])
    response = browser.get("/drf/known/", X_Api_Key=secret)
    assert (response.status_code, response.json()["code"]) == (403, "insufficient_scope")


def test_drf_behind_scope_required__a_restricted_key_gets_in_with_the_scope(browser, alice):
    alice.user_permissions.add(Permission.objects.get(codename="view_group"))
    _, secret = APIKey.objects.issue(user=alice, scopes=["auth.view_group"])
    assert browser.post("/drf/scoped/", X_Api_Key=secret).json()["user"] == str(alice)
    _, other = APIKey.objects.issue(user=alice, scopes=["auth.view_user"])
    assert browser.post("/drf/scoped/", X_Api_Key=other).status_code == 403


@pytest.mark.parametrize("path", ["/ninja/session", "/ninja/session-first", "/ninja/session-last"])
def test_ninja_sessions__our_key_is_freed_from_csrf(browser, alice, key, path):
    response = browser.post(path, X_Api_Key=key)
    assert (response.status_code, response.json()) == (200, {"user": str(alice), "auth": str(alice)})


@pytest.mark.parametrize("path", ["/ninja/session", "/ninja/session-first", "/ninja/session-last"])
def test_ninja_sessions__a_session_is_csrf_checked(browser, alice, path):
    browser.sign_in(alice)
    assert browser.post(path).status_code == 403
    assert browser.post(path, csrf=True).json() == {"user": str(alice), "auth": str(alice)}


@pytest.mark.parametrize("path", ["/ninja/throttled-anonymous", "/ninja/throttled-each"])
def test_ninja_throttles__count_visitors_by_their_address(browser, path):
    """Ninja takes whoever has a request.auth for somebody: on its views there is none but its own."""
    assert [browser.get(path).status_code for _ in range(3)] == [200, 200, 429]
    assert browser.get(path, X_Forwarded_For="10.1.1.1").status_code == 200


@pytest.mark.parametrize("path", ["/ninja/throttled-anonymous", "/ninja/throttled-each"])
def test_ninja_throttles__count_people_of_an_open_view_as_visitors(browser, alice, path):
    browser.sign_in(alice)
    assert [browser.get(path).status_code for _ in range(3)] == [200, 200, 429]


def test_ninja_orders__a_foreign_bearer_is_ninjas_in_either(browser, alice):
    first = browser.post("/ninja/session-last", Authorization="Bearer abc")
    assert first.json() == {"user": "AnonymousUser", "auth": "ninja's abc"}
    assert browser.post("/ninja/session-first", csrf=True, Authorization="Bearer abc").json()["auth"] == "ninja's abc"
    # Ninja's own rule: with the session first, CSRF is checked before the bearer is looked at.
    assert browser.post("/ninja/session-first", Authorization="Bearer abc").status_code in (200, 403)
