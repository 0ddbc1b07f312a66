"""The target's session: made of the row when somebody looks into it."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from sessionauth.impersonation import child
from sessionauth.impersonation.child import ChildSession
from sessionauth.models import Impersonation

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(alice):
    return Impersonation.objects.create(target=alice, expires_at=timezone.now())


@pytest.fixture
def session(row, alice):
    return again(row, alice)


def again(row, alice, **held):
    """Return the session of another request, which keeps what is `held`."""
    first = ChildSession(row, alice, SessionStore())
    first.update(held)
    first.save()
    return ChildSession(row, alice, SessionStore())


def names_alice(session, alice):
    return session[SESSION_KEY] == str(alice.pk) and session[HASH_SESSION_KEY] == alice.get_session_auth_hash()


def test_session__costs_nothing_until_somebody_looks(browser, alice, monkeypatch):
    browser.begin(alice)
    monkeypatch.setattr(child, "_identity", None)
    assert browser.who()["user"] == alice.get_username()


def test_session__names_the_target(session, alice):
    assert not session.is_signed_out
    assert names_alice(session, alice)
    assert BACKEND_SESSION_KEY in session
    assert not session.is_signed_out


def test_session__is_the_same_where_nothing_waits(row, alice):
    session = again(row, alice, cart=1)
    assert async_to_sync(session.aget)("cart") == 1
    assert async_to_sync(session.aload)() == session.load()


def test_session__holds_what_it_held_also_after_the_end(row, alice):
    session = again(row, alice, cart=1)
    row.end("released")
    assert row.session_data == ""
    assert session["cart"] == 1


@pytest.mark.parametrize("is_seen", [False, True])
def test_session__that_is_only_marked_as_changed_is_kept(is_seen, row, alice):
    session = again(row, alice, cart=1)
    if is_seen:
        assert session["cart"] == 1
    session.modified = True
    session.save()
    assert ChildSession(row, alice, SessionStore())["cart"] == 1


@pytest.mark.parametrize("sign_out", [lambda session: session.flush(), lambda session: session.pop(SESSION_KEY)])
def test_session__is_signed_out_once_the_user_is_taken_out(sign_out, session):
    sign_out(session)
    assert session.is_signed_out
