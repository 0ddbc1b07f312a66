"""Changing a password, and setting a new one by mail."""

from __future__ import annotations

import re

import django
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessionauth import mail
from sessionauth.guards import unlock
from sessionauth.models import RememberToken
from sessionauth.testing import AuthClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

NEW = "another horse entirely"
CHANGE, RESET = "/account/password/", "/account/password/reset/"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def here(alice):
    client = AuthClient()
    client.force_login(alice)
    return client


def both(password):
    return {"new_password1": password, "new_password2": password}


def signed_in(client):
    return client.get("/whoami/").json()["user"] == "alice"


def test_change__sets_it_and_ends_the_other_browsers(here, alice, password):
    phone = AuthClient()
    phone.post("/account/login/", {"username": "alice", "password": password, "remember": "on"})
    answer = here.post(CHANGE, {"old_password": password, **both(NEW)})
    assert (answer.status_code, answer["Location"]) == (302, "/account/password/done/")
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert signed_in(here)
    assert not signed_in(phone)
    assert not RememberToken.objects.filter(revoked_at=None).exists()
    devices = here.get("/account/devices/", headers={"accept": "application/json"}).json()["devices"]
    assert [device["is_current"] for device in devices] == [True]


def test_change__wants_the_old_password(here, alice, password):
    answer = here.post(CHANGE, {"old_password": "wrong", **both(NEW)})
    assert answer.status_code == 200
    assert "Your old password was entered incorrectly." in answer.text
    alice.refresh_from_db()
    assert alice.check_password(password)


def test_change__the_old_password_is_counted_like_a_login(here, settings):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    statuses = [here.post(CHANGE, {"old_password": "wrong", **both(NEW)}).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]


def test_change__judges_the_new_one(here, password, settings):
    settings.AUTH_PASSWORD_VALIDATORS = [
        {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}}
    ]
    answer = here.post(CHANGE, {"old_password": password, **both("short")})
    assert "too short" in answer.text
    assert "short" not in re.findall(r'value="([^"]*)"', answer.text)


def test_change__json(here, alice, password):
    answer = here.post(CHANGE, {"old_password": "wrong", **both(NEW)}, content_type="application/json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["old_password"])
    answer = here.post(CHANGE, {"old_password": password, **both(NEW)}, content_type="application/json")
    assert (answer.status_code, answer.json()["user"]["display_name"]) == (200, "alice")
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_change__somebody_without_a_password_is_asked_for_none(here, alice):
    alice.set_unusable_password()
    alice.save()
    here.force_login(alice)
    page = here.get(CHANGE).text
    assert "you sign in another way" in page
    assert 'type="password"' not in page
    assert here.post(CHANGE, {"old_password": "", **both(NEW)}).status_code == 200
    alice.refresh_from_db()
    assert not alice.has_usable_password()


def link_in(outbox):
    return re.search(r"http://testserver(/\S+)", outbox[-1].body)[1]


def test_reset__by_the_link_in_the_mail(client, here, alice, mailoutbox):
    answer = client.post(RESET, {"email": "alice@example.org"})
    assert (answer.status_code, answer["Location"]) == (302, f"{RESET}sent/")
    assert mailoutbox[-1].to == ["alice@example.org"]
    answer = client.get(link_in(mailoutbox))
    form = answer["Location"]
    assert form.endswith("/set-password/")
    assert "Set a new password" in client.get(form).text
    assert client.post(form, both(NEW))["Location"] == f"{RESET}done/"
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert not signed_in(here)
    assert not signed_in(client)
    assert "This link is no good" in client.get(link_in(mailoutbox)).text


def test_reset__unlocks_the_account(client, alice, mailoutbox, settings):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_LOCKOUT_LIMIT = 3
    for _ in range(3):
        client.post("/account/login/", {"username": "alice", "password": "wrong"})
    assert unlock.is_locked(alice)
    client.post(RESET, {"email": "alice@example.org"})
    form = client.get(link_in(mailoutbox))["Location"]
    client.post(form, both(NEW))
    assert not unlock.is_locked(alice)
    assert client.post("/account/login/", {"username": "alice", "password": NEW}).status_code == 302


@pytest.mark.parametrize("state", ["unknown", "inactive", "unusable"])
def test_reset__the_answer_is_the_same_where_nobody_is_written_to(client, make_user, mailoutbox, state):
    user = make_user("bob", is_active=state != "inactive")
    if state == "unusable":
        user.set_unusable_password()
        user.save()
    address = "nobody@example.org" if state == "unknown" else "bob@example.org"
    answer = client.post(RESET, {"email": address})
    assert (answer.status_code, answer["Location"]) == (302, f"{RESET}sent/")
    assert mailoutbox == []
    answer = client.post(RESET, {"email": address}, content_type="application/json")
    assert answer.status_code == 202


def test_reset__trouble_with_the_mail_is_logged_without_the_link(client, alice, settings, caplog):
    broken = "tests.views.test_passwords.Broken"
    if django.VERSION >= (6, 1):
        settings.MAILERS = {"default": {"BACKEND": broken}}
    else:
        settings.EMAIL_BACKEND = broken
    assert client.post(RESET, {"email": "alice@example.org"}).status_code == 302
    assert "Broken" in caplog.text or "RuntimeError" in caplog.text or "Failed to send" in caplog.text
    assert "/reset/" not in caplog.text


class Broken:
    """A mail server that is down."""

    def __init__(self, *args, **kwargs):
        pass

    def send_messages(self, messages):
        raise RuntimeError("no mail today")


def test_reset__somebody_is_written_to_once_a_minute(client, alice, mailoutbox):
    for _ in range(3):
        client.post(RESET, {"email": "alice@example.org"})
    assert len(mailoutbox) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", ["alice@example.org", "nobody@example.org"])
@pytest.mark.parametrize("page", ["reset", "unlock"])
def test_mail__the_answer_asks_the_database_nothing(client, alice, mailoutbox, address, page):
    """Whether there is somebody is looked up aside of the answer, so that no time tells it."""
    with CaptureQueriesContext(connection) as queries:
        if page == "reset":
            client.post(RESET, {"email": address})
        else:
            client.post("/account/unlock/", {"username": address})
    mail.drain()
    assert not any("SELECT" in query["sql"] for query in queries)  # that it was asked is recorded, for both alike
    assert len(mailoutbox) == (page == "reset" and address.startswith("alice"))
