"""Unknown, inactive, without a password, wrong: one answer, byte for byte, for browsers and clients of JSON alike."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.guards.entries import LOCKOUT, rate

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

NAMES = {"wrong": "alice", "unknown": "nobody", "inactive": "gone", "inactive, right": "gone", "unusable": "nopass"}
#: What differs from answer to answer to anybody: the masked token of the form and the cookie, and the name typed.
RANDOM = re.compile(r'(csrfmiddlewaretoken" value=|csrftoken=)"?\w+"?')
#: Headers that tell the time: that they are there counts.
CLOCKS = {"Expires", "Retry-After"}
WAIT = re.compile(r"possible in \d+ \w+")
SAVEPOINT = re.compile(r"[\"`]\w+_x\d+[\"`]")
MOMENT = re.compile(r"expires=[^;]+")


@pytest.fixture
def people(make_user):
    found = {name: make_user(name) for name in ("alice", "gone", "nopass")}
    found["gone"].is_active = False
    found["nopass"].set_unusable_password()
    for user in found.values():
        user.save()
    return found


def given(state, password):
    name = {"unknown": "nobody", "inactive": "gone", "inactive, right": "gone", "unusable": "nopass"}.get(
        state, "alice"
    )
    return name, {"username": name, "password": password if "right" in state else "wrong"}


def answer_to(state, password, path, **kwargs):
    """Return what comes back to a first attempt, in a form that can be compared, and the statements that it took."""
    name, data = given(state, password)
    client = Client()
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(path, data, **kwargs)
    text = WAIT.sub("", RANDOM.sub("", answer.text)).replace(f'"{name}"', '"NAME"')
    headers = {key: "" if key in CLOCKS else value for key, value in answer.items() if key != "Content-Length"}
    cookies = {key: RANDOM.sub("", MOMENT.sub("", morsel.OutputString())) for key, morsel in answer.cookies.items()}
    # The audit names whom it was about, in its own row; what is asked and written is the same.
    statements = [SAVEPOINT.sub("", query["sql"].partition(" WHERE ")[0].partition(" VALUES ")[0]) for query in queries]
    return (answer.status_code, text, headers, cookies, statements)


@pytest.mark.parametrize("as_json", [False, True], ids=["page", "json"])
@pytest.mark.parametrize("path", ["/account/login/", "/account/session/"])
def test_login__one_answer_for_all(people, password, settings, path, as_json):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    kwargs = {"content_type": "application/json"} if as_json else {}
    answers = {state: answer_to(state, password, path, **kwargs) for state in NAMES}
    for state, answer in answers.items():
        assert answer == answers["wrong"], state
    assert answers["wrong"][0] == (401 if as_json or path.endswith("session/") else 200)


@pytest.mark.parametrize("as_json", [False, True], ids=["page", "json"])
def test_locked__one_answer_for_all(people, password, settings, as_json):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_LOCKOUT_LIMIT = 3
    settings.SESSIONAUTH_LOGIN_GUARDS = ["sessionauth.guards.lockout.LockoutGuard"]
    kwargs = {"content_type": "application/json"} if as_json else {}
    answers = {}
    for state in ("wrong", "unknown"):
        for _ in range(3):
            answer_to(state, password, "/account/login/", **kwargs)
        answers[state] = answer_to(state, password, "/account/login/", **kwargs)
    assert answers["wrong"] == answers["unknown"]
    assert answers["wrong"][0] == 429


@pytest.mark.parametrize("guard", ["rate", "lockout"])
def test_other_spelling__one_answer_for_all(people, password, settings, guard):
    """Were an account counted apart from the other spellings of its name, one of them would tell that it exists."""
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 3
    settings.SESSIONAUTH_LOGIN_GUARDS = [LOCKOUT if guard == "lockout" else rate("account", "3/d")]
    for name in ("alice", "nobody"):
        posts = [
            Client().post("/account/login/", {"username": one, "password": "wrong"})
            for one in (*[name] * 3, name.upper())
        ]
        assert [answer.status_code for answer in posts] == [200, 200, 200, 429], name


def test_other_spelling__of_a_name_with_capitals(make_user, settings):
    make_user("McAlice")
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_LOGIN_GUARDS = [rate("account", "3/d")]
    posts = [
        Client().post("/account/login/", {"username": one, "password": "wrong"})
        for one in (*["McAlice"] * 3, "mcalice")
    ]
    assert [answer.status_code for answer in posts] == [200, 200, 200, 429]


def test_control__the_comparison_sees_a_difference(people, password, monkeypatch):
    """Without the equaliser the answers differ, so the test above would see it."""
    monkeypatch.setattr("sessionauth.forms.LoginForm._verified", _telling)
    assert answer_to("wrong", password, "/account/login/") != answer_to("unknown", password, "/account/login/")


def _telling(form, given):
    from django.contrib.auth import get_user_model
    from django.core.exceptions import ValidationError

    if not get_user_model().objects.filter(username=given["username"]).exists():
        raise ValidationError("There is no such account.")
    return None
