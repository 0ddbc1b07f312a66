"""Confirming a login: the same person, guarded, fresh afterwards under a new key."""

from __future__ import annotations

import pytest

from sessionauth.testing import AuthClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

CONFIRM = "/account/confirm/"


@pytest.fixture
def stale(make_user):
    client = AuthClient()
    client.force_login(make_user("alice"), fresh=False)
    return client


def state(client):
    return client.get("/account/session/").json()["state"]


def test_confirm__makes_fresh_under_a_new_key_and_leads_back(stale, password):
    before, token = stale.session.session_key, stale.get("/account/session/").json()["csrf_token"]
    assert state(stale) == "stale"
    answer = stale.post(f"{CONFIRM}?next=/untouched/", {"password": password})
    assert (answer.status_code, answer["Location"]) == (302, "/untouched/")
    assert state(stale) == "fresh"
    assert stale.session.session_key != before
    assert stale.get("/account/session/").json()["csrf_token"] != token


@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
)
@pytest.mark.parametrize("place", ["GET", "POST"])
def test_confirm__leads_nowhere_else(stale, password, target, place):
    path = f"{CONFIRM}?next={target}" if place == "GET" else CONFIRM
    assert "evil" not in stale.get(path).text
    data = {"password": password} | ({"next": target} if place == "POST" else {})
    assert stale.post(path, data)["Location"] == "/whoami/"


def test_confirm__a_wrong_password_proves_nothing(stale):
    answer = stale.post(CONFIRM, {"password": "wrong"})
    assert answer.status_code == 200
    assert "This is not your password." in answer.text
    assert state(stale) == "stale"


def test_confirm__another_persons_password_proves_nothing(stale, make_user):
    bob = make_user("bob")
    bob.set_password("bobs own password")
    bob.save()
    answer = stale.post(CONFIRM, {"username": "bob", "password": "bobs own password"})
    assert (answer.status_code, state(stale)) == (200, "stale")
    assert stale.get("/whoami/").json() == {"user": "alice"}


def test_confirm__is_counted_like_a_login(stale, settings, password):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    assert [stale.post(CONFIRM, {"password": "wrong"}).status_code for _ in range(6)] == [200] * 5 + [429]
    answer = stale.post("/account/login/", {"username": "alice", "password": password})
    assert answer.status_code == 429
    answer = stale.post(CONFIRM, {"password": password}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert answer["Retry-After"]
    assert state(stale) == "stale"


@pytest.mark.parametrize("guard", ["refuses_in_its_own_words", "forbids"])
def test_confirm__any_exception_of_a_guard_is_an_error_of_the_form(stale, settings, password, guard):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_LOGIN_GUARDS = [f"tests.views.test_login.{guard}"]
    for path, field in ((CONFIRM, "password"), ("/account/password/", "old_password")):
        answer = stale.post(path, {field: password})
        assert answer.status_code == 403
        assert "You may not sign in here now." in answer.text
    assert state(stale) == "stale"


def test_confirm__somebody_without_a_password_is_asked_for_none(stale, make_user):
    carol = make_user("carol")
    carol.set_unusable_password()
    carol.save()
    stale.force_login(carol, fresh=False)
    page = stale.get(f"{CONFIRM}?next=/untouched/").text
    assert 'type="password"' not in page
    assert '"/login/?next=/untouched/"' in page


def test_confirm__json(stale, password):
    answer = stale.post(CONFIRM, {"password": "wrong"}, content_type="application/json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["password"])
    answer = stale.post(CONFIRM, {"password": password}, content_type="application/json")
    assert (answer.status_code, answer.json()["is_fresh"]) == (200, True)
