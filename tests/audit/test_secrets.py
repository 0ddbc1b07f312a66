"""No secret stands in any row or line, whatever people did; and no line can be forged by what they sent."""

from __future__ import annotations

import json
import logging

import pytest
from django.core import serializers
from django.core.cache import caches
from django.test import Client

from sessionauth.audit import JSONFormatter
from sessionauth.audit.log import ATTRIBUTES
from sessionauth.models import APIKey, AuthEvent, LoginSession, LoginThrottle
from tests.audit import flows
from tests.audit.flows import NEW, RIGHT, WRONG, Browser

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

ALL = [flow for name, flow in vars(flows).items() if callable(flow) and getattr(flow, "__code__", None) is not None]
ALL = [flow for flow in ALL if flow.__code__.co_varnames[:1] == ("browser",)]


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, "sessionauth.audit")
    return lambda: [line for line in caplog.records if line.name == "sessionauth.audit"]


@pytest.fixture
def kept(lines):
    """Return everything that has been kept of what happened, as text."""

    def read():
        rows = serializers.serialize("json", AuthEvent.objects.all())
        texts = [JSONFormatter().format(line) + repr(vars(line)) for line in lines()]
        return rows + "".join(texts)

    return read


@pytest.mark.parametrize("way", ["sync", "async"])
def test_nothing_kept__holds_a_secret(way, make_user, settings, kept, monkeypatch):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_AUTHENTICATORS = [
        "sessionauth.authenticators.basic.BasicAuthenticator",
        "sessionauth.authenticators.api_key.APIKeyAuthenticator",
        "sessionauth.authenticators.session.SessionAuthenticator",
        "sessionauth.authenticators.remember.RememberAuthenticator",
    ]
    secrets = {RIGHT, WRONG, NEW}
    real = APIKey.objects.issue

    def issue(**fields):
        row, secret = real(**fields)
        secrets.add(secret)
        return row, secret

    monkeypatch.setattr(type(APIKey.objects), "issue", lambda self, **fields: issue(**fields))
    make_user("alice")
    for flow in ALL:
        browser = Browser(way)
        flow(browser)
        user = flows.alice()
        user.is_active = True
        user.set_password(RIGHT)
        user.save()
        LoginThrottle.objects.all().delete()
        caches["default"].clear()
        secrets |= {morsel.value for morsel in browser.cookies.values() if len(morsel.value) > 10}
    secrets |= set(LoginSession.objects.values_list("sid", flat=True))
    secrets |= set(APIKey.objects.values_list("digest", flat=True))
    secrets.add(user.password)
    parts = {part for secret in secrets for part in secret.split(":") if len(part) > 10}
    assert AuthEvent.objects.count() > len(ALL)
    text = kept()
    assert [part for part in parts if part in text] == []


@pytest.mark.parametrize("typed", [RIGHT, "hunter2"])
def test_password_typed_as_name__is_kept_nowhere(typed, make_user, kept):
    make_user("alice")
    Client().post("/account/login/", {"username": typed, "password": "alice"})
    assert typed not in kept()


def test_secret_under_another_name__is_not_kept(kept):
    Client().post("/account/session/", {"code": "one-time-secret", "link": "signed-link-secret"})
    Browser("sync").call(code="one-time-secret", link="signed-link-secret")
    assert AuthEvent.objects.exists()
    assert "secret" not in kept()


FORGED = "alice\r\nWARNING login_succeeded\x1b[2J\0\u2028\u202e"


def test_line__cannot_be_forged(lines, make_user, kept):
    user = make_user("alice")
    type(user).objects.update(username=FORGED.replace("\0", ""))
    browser = Client(headers={"user-agent": FORGED})
    browser.post("/account/login/", {"username": FORGED.replace("\0", ""), "password": "wrong"})
    Browser("sync").call(username=FORGED, password="wrong")
    assert len(lines()) == 2
    for line in lines():
        said = JSONFormatter().format(line)
        assert said.isprintable()
        assert all(str(value).isprintable() for value in json.loads(said).values())
        assert all(str(getattr(line, name)).isprintable() for name in ATTRIBUTES)
    for row in AuthEvent.objects.all():
        assert row.user_name.isprintable()
        assert row.user_agent.isprintable()
