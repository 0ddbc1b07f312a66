"""What a record holds, and that it never gets in the way."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.urls import resolve

from sessionauth import audit
from sessionauth.audit import Event
from sessionauth.audit.recording import session_digest
from sessionauth.audit.text import name_digest
from sessionauth.models import APIKey, AuthEvent, LoginSession
from tests.asking import counted
from tests.attacks.trouble import without_table

pytestmark = pytest.mark.django_db


def recorded(*arguments, **facts):
    """Record, and return the row."""
    audit.record(*arguments, **facts)
    return AuthEvent.objects.latest("pk")


def test_row__says_when_where_who_and_what(make_user, rf):
    alice, bob = make_user("alice"), make_user("bob")
    key, _ = APIKey.objects.issue(user=alice, name="script")
    request = rf.get("/whoami/", REMOTE_ADDR="192.0.2.7", headers={"user-agent": "Firefox/1"})
    row = recorded(Event.CREDENTIAL_REVOKED, request, user=alice, actor=bob, reason="lost", subject=key, more=[1])
    assert (row.event, row.outcome, row.reason) == ("credential_revoked", "success", "lost")
    assert (row.user, row.user_name, row.actor, row.actor_name) == (alice, "alice", bob, "bob")
    assert (row.subject, row.data) == (f"apikey:{key.pk}", {"more": [1]})
    assert (row.ip_address, row.user_agent, row.path) == ("192.0.2.7", "Firefox/1", "/whoami/")
    assert row.created_at.utcoffset().total_seconds() == 0


def test_row__outlives_the_people(make_user):
    alice = make_user("alice")
    recorded(Event.LOGGED_OUT, user=alice, actor=alice)
    alice.delete()
    row = AuthEvent.objects.get()
    assert (row.user, row.user_name, row.actor, row.actor_name) == (None, "alice", None, "alice")


@pytest.mark.parametrize("given", ["nobody", "anonymous", "unsaved", "no model", "key"])
def test_user__may_be_anything(given, make_user):
    alice = make_user("alice")
    carol = SimpleNamespace(is_authenticated=True, get_username=lambda: "carol", pk=7)
    user, kept = {
        "nobody": (None, (None, "")),
        "anonymous": (AnonymousUser(), (None, "")),
        "unsaved": (get_user_model()(username="new"), (None, "new")),
        "no model": (carol, (None, "carol")),
        "key": (alice.pk, (alice.pk, "")),
    }[given]
    row = recorded(Event.LOGIN_FAILED, user=user)
    assert (row.user_id, row.user_name) == kept


def test_name__of_nobody_is_kept_as_a_digest_alone():
    """It may be a password, typed one field too high."""
    row = recorded(Event.LOGIN_FAILED, name="hunter2")
    assert row.user_name == ""
    assert row.data == {"name": name_digest("hunter2")}


def test_path__is_the_route_because_a_path_may_hold_a_secret(rf, settings):
    settings.ROOT_URLCONF = "tests.account_urls"
    request = rf.get("/account/password/reset/MQ/secret-of-a-link/")
    assert recorded(Event.LOGIN_FAILED, request).path == "/account/password/reset/<str:uidb64>/<str:token>/"
    request.resolver_match = resolve("/account/login/")
    assert recorded(Event.LOGIN_FAILED, request).path == "/account/login/"
    assert recorded(Event.LOGIN_FAILED, rf.get("/nowhere/secret/")).path == ""


def test_session__is_named_by_a_digest_that_opens_nothing(client, make_user, rf):
    client.force_login(make_user("alice"))
    client.post("/logout/")
    row = AuthEvent.objects.get(event="logged_out")
    session = LoginSession.objects.get()
    assert row.data == {"session": session_digest(session)}
    assert row.subject == f"loginsession:{session.pk}"
    assert session.sid not in str(vars(row))


@pytest.mark.urls("tests.audit.urls")
def test_actor__is_whoever_the_request_is(make_user, client):
    """Without a word from the caller, who may know nothing of a request."""
    alice, bob = make_user("alice"), make_user("bob")
    client.force_login(bob)
    client.post("/revoke/", {"user": alice.pk})
    client.post("/revoke/", {"user": bob.pk})
    revoked = AuthEvent.objects.filter(event="session_revoked").order_by("pk")
    assert [(row.user, row.actor, row.method) for row in revoked] == [(alice, bob, "session"), (bob, None, "session")]


def test_off__writes_no_row_but_the_line(settings, caplog):
    settings.SESSIONAUTH_AUDIT = False
    with counted() as statements:
        audit.record(Event.LOGIN_FAILED)
    assert statements == []
    assert [line.getMessage() for line in caplog.records] == ["login_failed"]


def test_async__is_the_same():
    async_to_sync(audit.arecord)(Event.LOGIN_FAILED, reason="wrong")
    assert AuthEvent.objects.get().reason == "wrong"


@pytest.mark.parametrize("trouble", ["table", "user", "request"])
def test_trouble__goes_no_further_than_the_log(trouble, rf, caplog):
    class Odd:
        is_authenticated = True

        def get_username(self):
            raise RuntimeError("no name today")

    if trouble == "table":
        with without_table(AuthEvent):
            audit.record(Event.LOGIN_FAILED)
    elif trouble == "user":
        audit.record(Event.LOGIN_FAILED, user=Odd())
    else:
        audit.record(Event.LOGIN_FAILED, object())
    assert any("could not be" in line.getMessage() for line in caplog.records)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
