"""Mails to whom somebody acts as."""

from __future__ import annotations

import pytest
from django.core import mail as outbox
from django.test import Client

from sessionauth import mail, notify
from sessionauth.models import ImpersonationToken

pytestmark = pytest.mark.django_db


def letters():
    mail.drain()
    return outbox.outbox


@pytest.mark.parametrize(("wanted", "number"), [("off", 0), ("start", 1), ("both", 2)])
def test_notify__at_the_start_and_at_the_end(browser, root, alice, settings, wanted, number):
    settings.SESSIONAUTH_IMPERSONATION_NOTIFY = wanted
    browser.begin(alice)
    assert len(letters()) == (number > 0)
    browser.post("/impersonate/stop/")
    assert len(letters()) == number
    assert all(letter.to == ["alice@example.org"] for letter in letters())
    assert all(root.get_username() in letter.body and "alice" in letter.body for letter in letters())


def test_notify__of_a_token_too(browser, root, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_NOTIFY = "both"
    settings.SESSIONAUTH_IMPERSONATION_TOKENS = True
    settings.ROOT_URLCONF = "tests.impersonation.tokens_site"
    data, headers = {"user": alice.get_username(), "reason": "fraud"}, {"x-csrftoken": browser.form()}
    ask = Client(enforce_csrf_checks=True)
    ask.cookies = browser.cookies
    answer = ask.post("/api/impersonation/", data, content_type="application/json", headers=headers)
    assert answer.status_code == 201, answer.content
    ImpersonationToken.objects.get().revoke("found in a log")
    assert [(letter.subject.split()[0], letter.to) for letter in letters()] == [
        ("Somebody", ["alice@example.org"]),
        ("Nobody", ["alice@example.org"]),
    ]
    secret = answer.json()["access_token"]
    assert not any(word in letter.body + letter.subject for letter in letters() for word in ("fraud", secret))


def test_notify__names_no_reason(browser, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_NOTIFY = "both"
    browser.start(alice, "suspected of fraud")
    browser.post("/impersonate/stop/")
    assert len(letters()) == 2
    assert not any("fraud" in letter.body + letter.subject for letter in letters())


def test_notify__an_end_outside_of_any_request(browser, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_NOTIFY = "both"
    browser.begin(alice).end("revoked")
    assert [letter.subject.split()[0] for letter in letters()] == ["Somebody", "Nobody"]


def test_notify__not_of_what_was_rolled_back(browser, alice, settings):
    row = browser.begin(alice)
    settings.SESSIONAUTH_IMPERSONATION_NOTIFY = "both"
    notify.mail_about_end_of_impersonation(impersonation=row)  # it has not ended
    type(row).objects.filter(pk=row.pk).delete()
    notify.mail_about_impersonation(impersonation=row)
    assert letters() == []


def test_notify__nobody_without_an_address(browser, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_NOTIFY = "both"
    type(alice).objects.filter(pk=alice.pk).update(email="")
    browser.begin(alice)
    assert letters() == []
