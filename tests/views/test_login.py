"""The login page and the logout page, for browsers and for clients of JSON."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.test.client import MULTIPART_CONTENT

from sessionauth import LoginDenied
from sessionauth.models import LoginSession, RememberToken

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

LOGIN = "/account/login/"
ELSEWHERE = [
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "https://evil.example/",
    "http:///evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,hello",
    " https://evil.example/",
    "\thttps://evil.example/",
    "https://testserver@evil.example/",
    "https://[evil",
]


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def right(alice, password):
    return {"username": "alice", "password": password}


def test_login__signs_in_fresh_and_lists_the_browser(client, right):
    answer = client.post(LOGIN, right)
    assert (answer.status_code, answer["Location"]) == (302, "/whoami/")
    told = client.get("/account/session/").json()
    assert (told["state"], told["user"]["display_name"]) == ("fresh", "alice")
    assert LoginSession.objects.count() == 1
    assert RememberToken.objects.count() == 0


def test_login__the_box_remembers_the_browser(client, right):
    client.post(LOGIN, right | {"remember": "on"})
    assert RememberToken.objects.count() == 1
    del client.cookies["sessionid"]
    assert client.get("/account/session/").json()["state"] == "remembered"


def test_login__a_wrong_password_shows_the_form_again(client, right):
    answer = client.post(LOGIN, right | {"password": "wrong"})
    assert answer.status_code == 200
    assert "Please enter a correct username and password." in answer.text
    assert "wrong" not in answer.text
    assert 'value="alice"' in answer.text


def test_login__takes_each_of_the_login_fields_and_says_so(client, right, settings):
    settings.SESSIONAUTH_LOGIN_FIELDS = ["username", "email"]
    assert "Username or email address" in client.get(LOGIN).text
    assert client.post(LOGIN, right | {"username": "alice@example.org"}).status_code == 302


@pytest.mark.parametrize("place", ["GET", "POST", "session"])
@pytest.mark.parametrize("target", ELSEWHERE)
def test_next__never_leads_elsewhere(client, right, place, target, settings):
    if place == "session":
        settings.SESSIONAUTH_USE_SESSION_FOR_NEXT = True
        session = client.session
        session["_sessionauth"] = {"next": target}
        session.save()
    path = LOGIN if place != "GET" else f"{LOGIN}?next={target}"
    page = client.get(path).text
    assert "evil" not in page
    assert "alert" not in page
    answer = client.post(path, right | ({"next": target} if place == "POST" else {}))
    assert (answer.status_code, answer["Location"]) == (302, "/whoami/")


def test_next__leads_back_by_the_form_the_address_or_the_session(client, right, settings):
    assert client.post(LOGIN, right | {"next": "/untouched/?a=b"})["Location"] == "/untouched/?a=b"
    assert client.post(f"{LOGIN}?next=/untouched/", right)["Location"] == "/untouched/"
    settings.SESSIONAUTH_USE_SESSION_FOR_NEXT = True
    settings.LOGIN_URL = "sessionauth:login"
    client.logout()
    assert client.get("/account/password/")["Location"] == LOGIN
    assert client.post(LOGIN, right)["Location"] == "/account/password/"
    assert client.post(LOGIN, right)["Location"] == "/whoami/"


def test_next__hosts_that_the_view_allows(client, right):
    assert client.post("/hosts/", right | {"next": "http://desk.example/"})["Location"] == "http://desk.example/"
    assert client.post("/hosts/", right | {"next": "http://evil.example/"})["Location"] == "/whoami/"


@pytest.mark.parametrize("query", ["", "?next=/away/", "?next=/away/?next=/away/", "?next=//testserver/away/"])
def test_redirect_authenticated_user__is_no_loop_whatever_next_says(client, alice, query):
    client.force_login(alice)
    assert client.get(f"/away/{query}")["Location"] == "/whoami/"


def test_login__a_guard_of_this_page_is_asked_and_told(client, right):
    answer = client.post("/guarded/", right)
    assert (answer.status_code, answer["Retry-After"]) == (429, "7")
    assert "Not on Sundays." in answer.text
    assert client.post(LOGIN, right).status_code == 302


class OfItsOwn(Exception):
    """What a guard may raise that knows nothing of us."""


def refuses_in_its_own_words(request, user):
    raise OfItsOwn


def forbids(request, user):
    raise PermissionDenied


def denies(request, user):
    raise LoginDenied


@pytest.mark.parametrize("guard", ["refuses_in_its_own_words", "forbids"])
def test_login__any_exception_of_a_guard_is_an_error_of_the_form(client, right, settings, guard):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_LOGIN_GUARDS = [f"tests.views.test_login.{guard}"]
    answer = client.post(LOGIN, right)
    assert answer.status_code == 403
    assert "You may not sign in here now." in answer.text
    answer = client.post("/account/confirm/", {"password": right["password"]})
    assert client.get("/whoami/").json() == {"user": None}


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("status", [423, 499])
def test_login__a_guard_chooses_the_status_of_its_refusal(client, right, settings, monkeypatch, status, as_json):
    monkeypatch.setattr(LoginDenied, "status", status)
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_LOGIN_GUARDS = ["tests.views.test_login.denies"]
    kind = "application/json" if as_json else MULTIPART_CONTENT
    answer = client.post(LOGIN, right, content_type=kind)
    assert answer.status_code == status
    assert "You may not sign in here now." in answer.text


@pytest.mark.parametrize("as_json", [False, True])
def test_too_many__is_told_with_status_and_the_time_to_wait(client, right, settings, as_json):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    kwargs = {"content_type": "application/json"} if as_json else {}
    statuses = [client.post(LOGIN, right | {"password": "wrong"}, **kwargs).status_code for _ in range(5)]
    assert statuses == [401 if as_json else 200] * 5
    answer = client.post(LOGIN, right, **kwargs)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 300
    assert "Too many attempts to sign in." in answer.text
    assert ("The next try is possible in" in answer.text) is not as_json
    assert ("<form" in answer.text) is not as_json


def test_json__signs_in_and_tells_who_it_is(client, right):
    answer = client.post(LOGIN, right | {"remember": True}, content_type="application/json")
    assert answer.status_code == 200
    assert answer.json()["user"]["display_name"] == "alice"
    assert RememberToken.objects.count() == 1


def test_json__wrong_credentials_are_a_401_that_opens_no_dialog(client, right, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [
        "sessionauth.authenticators.session.SessionAuthenticator",
        "sessionauth.authenticators.basic.BasicAuthenticator",
    ]
    answer = client.post(LOGIN, right | {"password": "wrong"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_login")
    assert answer["WWW-Authenticate"].startswith("Session ")


def test_json__names_the_fields_that_are_missing(client):
    answer = client.post(LOGIN, {"username": "alice"}, content_type="application/json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["password"])


def test_logout__ends_the_session_and_leads_on(client, right, settings):
    client.post(LOGIN, right | {"remember": "on"})
    assert "You are signed out" in client.post("/account/logout/").text
    assert client.get("/whoami/").json() == {"user": None}
    assert RememberToken.objects.get().is_revoked
    settings.LOGOUT_REDIRECT_URL = "/untouched/"
    assert client.post("/account/logout/")["Location"] == "/untouched/"
    assert client.post("/account/logout/", {"next": "//evil.example/"})["Location"] == "/untouched/"
    assert client.post("/account/logout/", headers={"accept": "application/json"}).status_code == 204
