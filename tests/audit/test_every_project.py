"""The record and the commands with every user model and session engine."""

from __future__ import annotations

import json

import pytest

from sessionauth.models import AuthEvent
from tests.management.asking import run_json

pytestmark = [pytest.mark.django_db, pytest.mark.every_project, pytest.mark.urls("tests.account_urls")]


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def sign_in(client, user, password):
    return client.post("/account/login/", {"username": user.get_username(), "password": password})


def test_login__is_recorded_with_its_user(client, alice, password, caplog):
    sign_in(client, alice, "wrong")
    sign_in(client, alice, password)
    client.post("/account/logout/")
    told = [(row.event, row.user, row.user_name) for row in AuthEvent.objects.order_by("pk")]
    name = alice.get_username()
    assert told == [(event, alice, name) for event in ("login_failed", "login_succeeded", "logged_out")]
    lines = [line for line in caplog.records if line.name == "sessionauth.audit"]
    assert {line.user_id for line in lines} == {str(alice.pk)}
    alice.delete()
    assert set(AuthEvent.objects.values_list("user_name", flat=True)) == {name}


@pytest.mark.parametrize("by", ["name", "key"])
def test_command__signs_out_by_name_and_by_key(by, client, alice, password):
    sign_in(client, alice, password)
    [row] = run_json("sessionauth_sessions", "list", "--user", alice.get_username())["sessions"]
    assert row["user_id"] == json.loads(json.dumps(alice.pk, default=str))
    word = alice.get_username() if by == "name" else str(alice.pk)
    assert run_json("sessionauth_sessions", "revoke", "--user", word) == {"revoked": 1}
    assert client.get("/whoami/").json() == {"user": None}
    assert run_json("sessionauth_prune", "--dry-run")["rows"]["sessions"] == 0
    assert run_json("sessionauth_unlock", "--user", word) == {"unlocked": 0}


def test_everybody__is_signed_out(client, alice, make_user, password):
    make_user("bob")
    sign_in(client, alice, password)
    assert run_json("sessionauth_sessions", "revoke", "--all", "--no-input") == {"revoked": 1}
    assert client.get("/whoami/").json() == {"user": None}
