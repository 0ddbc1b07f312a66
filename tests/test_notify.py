"""Mails about what happens to an account, for projects that want them."""

from __future__ import annotations

import pytest
from django.contrib.auth.signals import user_logged_in
from django.core import mail as outbox
from django.core.cache import caches
from django.test import Client

from sessionauth import mail, notify, signals
from tests.attacks.trouble import atomic_requests
from tests.audit import flows
from tests.audit.flows import WRONG, Browser

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

FIREFOX, CHROME = "Mozilla/5.0 (X11; Linux) Firefox/140.0", "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/1"


@pytest.fixture(autouse=True)
def connected(make_user):
    """A project that wants them all."""
    pairs = [
        (signals.account_locked, notify.mail_about_lock),
        (signals.remember_token_stolen, notify.mail_about_theft),
        (user_logged_in, notify.mail_about_new_browser),
    ]
    for signal, receiver in pairs:
        signal.connect(receiver)
    yield make_user("alice")
    for signal, receiver in pairs:
        signal.disconnect(receiver)


def sign_in(user_agent, name="alice", password=flows.RIGHT):
    browser = Client(headers={"user-agent": user_agent}, REMOTE_ADDR="192.0.2.7")
    browser.post("/account/login/", {"username": name, "password": password})
    caches["default"].clear()


def test_new_browser__is_told_once_of_each_kind():
    sign_in(FIREFOX)  # the first ever is no news
    sign_in(FIREFOX.replace("140", "141"))
    assert outbox.outbox == []
    sign_in(CHROME)
    sign_in(CHROME)
    [letter] = outbox.outbox
    assert letter.to == ["alice@example.org"]
    assert "\n" not in letter.subject
    assert "Chrome on Windows, from the address 192.0.2.7." in letter.body
    assert ".." not in letter.body
    assert "alice" in letter.body


def test_lock__is_told_when_it_begins_and_when_it_has_no_end(guarded, settings):
    guarded("sessionauth.guards.lockout.LockoutGuard")
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM, settings.SESSIONAUTH_LOCKOUT_LIMIT = 2, 4
    settings.SESSIONAUTH_LOCKOUT_WAITS = (0,)
    told = []
    for _ in range(5):
        sign_in(FIREFOX, password=WRONG)
        told.append(len(outbox.outbox))
    assert told == [0, 1, 1, 2, 2]
    assert "has to wait longer" in outbox.outbox[0].body
    assert "is locked until" in outbox.outbox[1].body


def test_lock_of_nobody__is_told_to_nobody(guarded, settings):
    guarded("sessionauth.guards.lockout.LockoutGuard")
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 1
    sign_in(FIREFOX, name="nobody", password=WRONG)
    assert outbox.outbox == []


@pytest.mark.parametrize("way", ["sync", "async"])
def test_theft__is_told(way):
    flows.stolen(Browser(way))
    [letter] = outbox.outbox
    assert "somebody has a copy of it" in letter.body


def test_inactive_and_who_has_no_address__are_not_written_to(connected, rf):
    for fields in ({"is_active": False}, {"is_active": True, "email": ""}):
        type(connected).objects.update(**fields)
        connected.refresh_from_db()
        notify.mail_about_theft(request=rf.get("/"), user=connected)
    assert outbox.outbox == []


@pytest.mark.django_db(transaction=True)
def test_mail__is_sent_after_the_transaction_of_the_view_and_in_a_thread(monkeypatch):
    """Its time would tell whether there is an account to write to."""
    seen = []
    monkeypatch.setattr(mail, "_do", lambda work: seen.append("in place"))
    monkeypatch.setattr(mail, "_do_and_leave", lambda work: (seen.append("thread"), mail.WAITING.release()))
    with atomic_requests():
        sign_in(FIREFOX)
        sign_in(CHROME)
    mail.drain()
    assert seen == ["thread"]
