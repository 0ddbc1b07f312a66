"""Unlocking by a link in a mail."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from sessionauth.guards import unlock
from tests.attacks.trouble import read_only
from tests.guards.entries import LOCKOUT, rate

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

LOGIN, UNLOCK = "/account/login/", "/account/unlock/"


@pytest.fixture
def alice(make_user, client, settings):
    """Somebody whose account others have locked."""
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_LOCKOUT_LIMIT = 3
    user = make_user("alice")
    for _ in range(3):
        client.post(LOGIN, {"username": "alice", "password": "wrong"})
    assert unlock.is_locked(user)
    return user


def link_in(outbox):
    return re.search(r"http://testserver(/\S+)", outbox[-1].body)[1]


def test_unlock__get_asks_and_post_unlocks_once(client, alice, mailoutbox, password):
    right = {"username": "alice", "password": password}
    assert client.post(LOGIN, right).status_code == 429
    answer = client.post(UNLOCK, {"username": "alice"})
    assert (answer.status_code, answer["Location"]) == (302, f"{UNLOCK}sent/")
    link = link_in(mailoutbox)
    assert mailoutbox[-1].to == ["alice@example.org"]
    assert "within the next 10 minutes" in mailoutbox[-1].body
    assert "Unlock it" in client.get(link).text
    assert unlock.is_locked(alice)
    assert client.post(link)["Location"] == f"{UNLOCK}done/"
    assert not unlock.is_locked(alice)
    assert client.post(LOGIN, right).status_code == 302
    assert client.post(link).status_code == 410


def test_unlock__frees_the_owners_own_browser_too(client, alice, mailoutbox, password, settings):
    unlock.unlock(alice)
    right = {"username": "alice", "password": password}
    assert client.post(LOGIN, right).status_code == 302
    client.post("/account/logout/")
    settings.SESSIONAUTH_LOGIN_GUARDS = [LOCKOUT, rate("account", "3/d")]
    for browser in (client, Client()):
        for _ in range(3):
            browser.post(LOGIN, {"username": "alice", "password": "wrong"})
    assert client.post(LOGIN, right).status_code == 429
    client.post(UNLOCK, {"username": "alice"})
    client.post(link_in(mailoutbox))
    assert client.post(LOGIN, right).status_code == 302


@pytest.mark.parametrize("way", ["unlock", "password/reset"])
def test_owner__comes_in_by_a_mail_though_the_attack_goes_on(client, alice, mailoutbox, password, way):
    field = "username" if way == "unlock" else "email"
    client.post(f"/account/{way}/", {field: "alice" if way == "unlock" else alice.email})
    link = link_in(mailoutbox)
    if way == "unlock":
        client.post(link)
    else:
        form = client.get(link)["Location"]
        client.post(form, {"new_password1": password, "new_password2": password})
    assert not unlock.is_locked(alice)
    for _ in range(3):
        Client().post(LOGIN, {"username": "alice", "password": "wrong"})
    assert unlock.is_locked(alice)
    right = {"username": "alice", "password": password}
    assert [browser.post(LOGIN, right).status_code for browser in (Client(), client)] == [429, 302]


def test_unlock__of_a_link_that_is_no_good_makes_no_browser_known(client, alice):
    client.post(f"{UNLOCK}x/")
    assert "sessionauth_device" not in client.cookies


@pytest.mark.parametrize("name", ["nobody", "bob", "", "a\0b"])
def test_unlock__nobody_is_written_to_who_is_not_locked(client, alice, make_user, mailoutbox, name):
    make_user("bob")
    answer = client.post(UNLOCK, {"username": name})
    assert answer.status_code == (302 if name.isalpha() else 200)
    assert mailoutbox == []


def test_unlock__json(client, alice, mailoutbox):
    json = {"content_type": "application/json"}
    told = [client.post(UNLOCK, {"username": name}, **json) for name in ("alice", "nobody")]
    assert [answer.status_code for answer in told] == [202, 202]
    assert told[0].json() == told[1].json()
    assert client.post(link_in(mailoutbox), **json).status_code == 204
    answer = client.post(link_in(mailoutbox), **json)
    assert (answer.status_code, answer.json()["code"]) == (410, "used")


@pytest.mark.parametrize("token", ["x", "a:b:c", "%00", "%ff", "1" * 4_000])
def test_unlock__a_forged_link_is_no_good(client, token):
    assert client.get(f"{UNLOCK}{token}/").status_code == 200
    answer = client.post(f"{UNLOCK}{token}/")
    assert answer.status_code == 410
    assert "This link is no good" in answer.text


def test_locked__the_page_says_how_to_unlock(client, alice, password):
    answer = client.post(LOGIN, {"username": "alice", "password": password})
    assert answer.status_code == 429
    assert "or unlock it" in answer.text
    assert UNLOCK in answer.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_unlock__where_nothing_can_be_written_is_told_and_uses_no_link_up(client, alice, accept):
    link = f"{UNLOCK}{unlock.make_link_token(alice)}/"
    with read_only():
        answer = client.post(link, headers={"accept": accept})
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert client.post(link)["Location"] == f"{UNLOCK}done/"


def test_unlock__frees_who_is_held_up_by_a_rate_alone(client, make_user, settings, mailoutbox, password):
    """Nothing is locked, but to whoever stands before the door that is all the same."""
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_LOGIN_GUARDS = [rate("account", "3/d"), LOCKOUT]
    alice = make_user("alice")
    right = {"username": "alice", "password": password}
    for _ in range(3):
        client.post(LOGIN, {"username": "alice", "password": "wrong"})
    assert client.post(LOGIN, right).status_code == 429
    assert (unlock.is_locked(alice), unlock.is_held(alice)) == (False, True)
    client.post(UNLOCK, {"username": "alice"})
    assert client.post(link_in(mailoutbox))["Location"] == f"{UNLOCK}done/"
    assert not unlock.is_held(alice)
    assert client.post(LOGIN, right).status_code == 302


@pytest.mark.parametrize("path", [UNLOCK, "/account/password/reset/"])
@pytest.mark.parametrize("as_json", [False, True], ids=["page", "json"])
def test_mails__so_many_an_address_whoever_they_are_for(path, as_json, client, make_user, settings):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_MAIL_RATE = "2/d"
    make_user("alice")
    kwargs = {"content_type": "application/json"} if as_json else {}

    def asks(name, address="192.0.2.1"):
        fields = {"username": name, "email": f"{name}@example.org"}
        return client.post(path, fields, REMOTE_ADDR=address, **kwargs)

    answers = [asks(name) for name in ("alice", "nobody", "alice", "nobody")]
    assert [answer.status_code for answer in answers] == [*[202 if as_json else 302] * 2, 429, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert asks("alice", "198.51.100.1").status_code == (202 if as_json else 302)
    settings.SESSIONAUTH_MAIL_RATE = None
    assert asks("alice").status_code == (202 if as_json else 302)
