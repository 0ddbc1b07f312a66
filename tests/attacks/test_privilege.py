"""Tries to get more out of credentials than is in them: freed from CSRF, two at once, a cookie beside a key."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as django_settings
from django.test import Client

from sessionauth import crypto
from sessionauth.authenticators import aauthenticate, authenticate
from sessionauth.authenticators.api_key import APIKeyAuthenticator
from sessionauth.models import AccessToken, APIKey
from tests.asking import WAYS, Sent, ask, counted
from tests.contracts import signed_in_browser, who

BEARER = "sessionauth.authenticators.token.BearerAuthenticator"
TOKEN = "sessionauth.authenticators.token.TokenAuthenticator"
KEY = "sessionauth.authenticators.api_key.APIKeyAuthenticator"
QUERY = {"NAME": KEY, "OPTIONS": {"query_param": "api_key"}}
BASIC = "sessionauth.authenticators.basic.BasicAuthenticator"
SESSION = "sessionauth.authenticators.session.SessionAuthenticator"

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls")]


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def bobs_browser(make_user):
    return signed_in_browser(make_user("bob"))


def new_key(user, **fields):
    return APIKey.objects.issue(user=user, **fields)[1]


def new_token(user, **fields):
    return AccessToken.objects.issue(user=user, **fields)[1]


UNKNOWN = "0" * 32 + crypto.checksum("0" * 32)
WRONG = [
    {"X-Api-Key": "sa_key_x"},
    {"X-Api-Key": f"sa_key_{UNKNOWN}"},
    {"Authorization": "Bearer sa_pat_x"},
    {"Authorization": f"Bearer sa_pat_{UNKNOWN}"},
    {"Authorization": "Bearer foreign"},
    {"X-Api-Key": "foreign"},
    {"X-Api-Key": ""},
]


@pytest.mark.parametrize("headers", WRONG, ids=str)
@pytest.mark.parametrize("policy", ["reject", "ignore"])
@pytest.mark.parametrize("exempt", [[], ["/tell/"]], ids=["", "exempt"])
@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_csrf__is_never_lifted_for_a_session_by_a_header_that_is_not_accepted(
    way, exempt, policy, headers, bobs_browser, settings
):
    settings.SESSIONAUTH_INVALID_CREDENTIAL, settings.SESSIONAUTH_EXEMPT = policy, exempt
    answer = ask(way, "/tell/", Sent(headers, bobs_browser), "POST")
    assert answer.status in (401, 403), answer


@pytest.mark.parametrize("way", WAYS)
def test_csrf__is_checked_for_a_session_and_passed_with_the_token(way, bobs_browser, client):
    assert ask(way, "/tell/", Sent(cookies=bobs_browser), "POST").status == 403
    token = "a" * 32
    passed = Sent({"X-CSRFToken": token}, {**bobs_browser, "csrftoken": token})
    assert who(ask(way, "/tell/", passed, "POST"))["user"] == "bob"
    assert ask(way, "/tell/", passed.also(X_CSRFToken="b" * 32), "POST").status == 403


def test_csrf__is_not_lifted_for_basic_beside_a_wrong_key(settings, alice, bobs_browser):
    settings.SESSIONAUTH_AUTHENTICATORS = [KEY, BASIC, SESSION]
    settings.SESSIONAUTH_INVALID_CREDENTIAL = "ignore"
    basic = "Basic YWxpY2U6Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZQ=="
    sent = Sent({"X-Api-Key": "sa_key_x", "Authorization": basic}, bobs_browser)
    assert who(ask("wsgi", "/tell/", sent))["user"] == "alice"
    assert ask("wsgi", "/tell/", sent, "POST").status == 403


def test_csrf__is_not_lifted_by_a_key_in_the_query(settings, alice, bobs_browser):
    settings.SESSIONAUTH_AUTHENTICATORS = [QUERY, SESSION]
    sent = Sent(cookies=bobs_browser, query=f"api_key={new_key(alice)}")
    assert ask("wsgi", "/tell/", sent, "POST").status == 403
    assert who(ask("wsgi", "/tell/", sent))["user"] == "alice"


def test_csrf__is_not_lifted_by_a_wrong_header_beside_a_good_key_in_the_query(settings, alice):
    settings.SESSIONAUTH_AUTHENTICATORS = [QUERY]
    settings.SESSIONAUTH_INVALID_CREDENTIAL = "ignore"
    for header in ("sa_key_x", crypto.new_secret("sa", "key"), "foreign"):
        sent = Sent({"X-Api-Key": header}, query=f"api_key={new_key(alice)}")
        assert ask("wsgi", "/tell/", sent, "POST").status in (400, 403)


def test_csrf__is_not_lifted_by_asking_by_hand(rf, alice):
    """The key is not the identity of the request then; the cookie beside it is."""
    headers = {"X-Api-Key": new_key(alice)}
    for by_hand in (authenticate, async_to_sync(aauthenticate)):
        request = rf.post("/tell/", headers=headers)
        assert by_hand(request, [APIKeyAuthenticator()]).user == alice
        assert not getattr(request, "_dont_enforce_csrf_checks", False)


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_two_credentials__are_refused_when_they_differ(way, alice, make_user, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [BEARER, TOKEN, QUERY, SESSION]
    eve = make_user("eve")
    key, token, other = new_key(alice), new_token(alice), new_key(eve)
    for sent in (
        Sent({"Authorization": f"Bearer {token}", "X-Api-Key": key}),
        Sent({"Authorization": f"Bearer {key}", "X-Api-Key": other}),
        Sent({"X-Api-Key": key}, query=f"api_key={other}"),
        Sent({"Authorization": f"Token {token}"}, query=f"api_key={key}"),
        Sent({"Authorization": f"Bearer {token}", "X-Api-Key": "sa_key_x"}),
        Sent({"Authorization": "Bearer sa_pat_x", "X-Api-Key": key}),
    ):
        for policy in ("reject", "ignore"):
            settings.SESSIONAUTH_INVALID_CREDENTIAL = policy
            with counted() as statements:
                answer = ask(way, "/tell/", sent)
            assert (answer.status, json.loads(answer.body)["code"], statements) == (400, "invalid_request", []), sent
            assert answer.header("Cache-Control") == "no-store"


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_one_credential_twice__is_one(way, alice, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [BEARER, QUERY, SESSION]
    key = new_key(alice)
    sent = Sent({"Authorization": f"Bearer {key}", "X-Api-Key": key}, query=f"api_key={key}")
    assert who(ask(way, "/tell/", sent))["user"] == "alice"


@pytest.mark.parametrize(
    "headers", [{"Authorization": "Bearer foreign"}, {"Authorization": "Basic YTpi"}, {"X-Api-Key": "foreign"}]
)
def test_foreign_credential_beside_ours__is_nobodys_business(headers, alice):
    ours = (
        {"X-Api-Key": new_key(alice)} if "Authorization" in headers else {"Authorization": f"Bearer {new_token(alice)}"}
    )
    assert who(ask("wsgi", "/tell/", Sent({**headers, **ours})))["user"] == "alice"


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_header_and_cookie__header_wins_and_the_session_is_left_alone(way, alice, bobs_browser):
    sent = Sent({"X-Api-Key": new_key(alice)}, bobs_browser)
    with counted() as statements:
        answer = ask(way, "/tell/", sent)
    assert (who(answer)["user"], answer.sets_cookies) == ("alice", False)
    assert not any("django_session" in sql for sql in statements)
    assert who(ask(way, "/tell/", Sent(cookies=bobs_browser)))["user"] == "bob"


@pytest.mark.parametrize("save_every_request", [False, True])
def test_header__makes_no_session_and_no_cookie(save_every_request, alice, settings):
    settings.SESSION_SAVE_EVERY_REQUEST = save_every_request
    for sent in (
        Sent({"X-Api-Key": new_key(alice)}),
        Sent({"X-Api-Key": "sa_key_x"}),
        Sent({"Authorization": "Bearer x"}),
    ):
        for method in ("GET", "POST"):
            assert not ask("wsgi", "/unchecked/", sent, method).sets_cookies


def test_header__revoked_is_not_made_good_by_the_owners_own_cookie(alice):
    row, secret = APIKey.objects.issue(user=alice)
    row.revoke()
    assert ask("wsgi", "/tell/", Sent({"X-Api-Key": secret}, signed_in_browser(alice))).status == 401


def test_session__of_an_unknown_backend_or_nobody_is_left_as_django_leaves_it(alice):
    browser = Client()
    browser.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    session = browser.session
    session["_auth_user_backend"] = "other.Backend"
    session.save()
    sent = Sent(cookies={"sessionid": browser.cookies["sessionid"].value})
    assert who(ask("wsgi", "/tell/", sent))["user"] is None
    assert browser.session["_auth_user_backend"] == "other.Backend"


@pytest.mark.parametrize(
    "own",
    [
        None,
        "x",
        [],
        {"sid": None},
        {"auth_at": "x"},
        {"auth_at": 1e300},
        {"auth_at": float("nan")},
    ],
)
def test_session__with_odd_data_of_ours_is_no_error(own, alice):
    browser = Client()
    browser.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    session = browser.session
    session["_sessionauth"] = own
    session.save()
    answer = ask("wsgi", "/tell/", Sent(cookies={"sessionid": browser.cookies["sessionid"].value}))
    assert (answer.status, who(answer)["state"]) == (200, "stale")


@pytest.mark.parametrize("pk", ["", "x", "-1", "0", "9" * 60, "1 OR 1=1", "\0", [1], {"a": 1}, True])
def test_session__that_names_no_user_is_nobodys(pk, alice):
    browser = Client()
    browser.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    session = browser.session
    session["_auth_user_id"] = pk
    session.save()
    answer = ask("wsgi", "/tell/", Sent(cookies={"sessionid": browser.cookies["sessionid"].value}))
    assert (answer.status, who(answer)["user"]) == (200, None)


def test_key__of_a_project_with_the_brand_of_another_is_foreign(alice, settings):
    secret = new_key(alice)
    settings.SESSIONAUTH_KEY_BRAND = "ex"
    with counted() as statements:
        assert who(ask("wsgi", "/tell/", Sent({"X-Api-Key": secret})))["user"] is None
    assert statements == []


def test_key__in_a_cookie_or_body_is_no_key(alice):
    secret = new_key(alice)
    name = django_settings.SESSION_COOKIE_NAME
    for cookies in ({name: secret}, {"X-Api-Key": secret}, {"api_key": secret}):
        assert who(ask("wsgi", "/tell/", Sent(cookies=cookies)))["user"] is None
    assert Client().post("/unchecked/", {"api_key": secret, "access_token": secret}).json()["user"] is None


@pytest.mark.parametrize("engine", ["db", "cached_db", "cache", "file", "signed_cookies"])
@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_cookie__with_nul_is_no_session(way, engine, settings, tmp_path):
    """PostgreSQL takes none; a quoted cookie brings it past every server as an escape."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    for value in ('"\\000abcdefghijkl"', '"abcdefghijkl\\000"', "abcdefgh\0ijkl"):
        answer = ask(way, "/tell/", Sent(cookies={django_settings.SESSION_COOKIE_NAME: value}))
        assert (answer.status, who(answer)["user"]) == (200, None)
