"""Passwords and secrets stand in the answer that gives them, and in no log, report, message, cookie or row."""

from __future__ import annotations

import logging
import sys

import pytest
from django.core.signals import got_request_exception
from django.db import connection
from django.test import Client
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from sessionauth.models import AccessToken, APIKey, AuthEvent
from sessionauth.views.api import credentials, tokens
from tests.views.api.asking import ROOT, ask

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def walk(password):
    """Obtain, refresh and rotate; return everything secret that went back or forth."""
    first = ask("post", "token/", {"username": "alice", "password": password}).json()
    second = ask("post", "token/refresh/", {"refresh_token": first["refresh_token"]}).json()
    third = ask("post", "token/rotate/", secret=second["access_token"]).json()
    pairs = [(told["access_token"], told["refresh_token"]) for told in (first, second)]
    return [password, third["secret"], *(secret for pair in pairs for secret in pair)]


def test_log__has_none_of_them(alice, password, caplog):
    caplog.set_level(logging.DEBUG, logger="sessionauth")
    caplog.set_level(logging.DEBUG, logger="django.request")
    secrets = walk(password)
    ask("get", "token/", secret=secrets[2])
    assert not [secret for secret in secrets if secret in caplog.text]


def test_rows__have_none_of_them(alice, password):
    secrets = walk(password)
    stored = str([list(model.objects.values()) for model in (AccessToken, APIKey, AuthEvent)])
    assert not [secret for secret in secrets if secret in stored]
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM django_session")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("step", ["obtain", "refresh", "rotate", "issue"])
def test_report__of_a_fault_has_none_of_them(alice, password, monkeypatch, step):
    given = {"username": "alice", "password": password}
    refresh = ask("post", "token/", given).json()["refresh_token"]
    _, key = APIKey.objects.issue(user=alice, scopes=["sessionauth:issue"])
    asked = {
        "obtain": ("token/", given, {}),
        "refresh": ("token/refresh/", {"refresh_token": refresh}, {}),
        "rotate": ("token/rotate/", {}, {"x-api-key": key}),
        "issue": ("keys/", {}, {"x-api-key": key}),
    }
    made, reports = [], []

    def fail(*values, **kwargs):
        made.extend(str(value) for value in (*values, *kwargs.values()))
        raise RuntimeError("a fault")

    def report(request, **kwargs):
        reports.append(ExceptionReporter(request, *sys.exc_info()).get_traceback_html())

    monkeypatch.setattr(SafeExceptionReporterFilter, "is_active", lambda *args: True)  # as with DEBUG off
    monkeypatch.setattr(tokens, "moment", fail)
    monkeypatch.setattr(credentials, "told", fail)
    monkeypatch.setattr(credentials, "json", fail)
    got_request_exception.connect(report)
    path, body, headers = asked[step]
    try:
        Client(raise_request_exception=False).post(ROOT + path, body, "application/json", headers=headers)
    finally:
        got_request_exception.disconnect(report)
    assert len(reports) == 1
    assert "a fault" in reports[0]
    after = reports[0].partition("Request information")[0]
    for secret in (password, refresh):
        assert secret not in after
    assert "sa_pat_" not in after.replace("sa_pat_…", "")
    assert "sa_key_" not in after.replace("sa_key_…", "")
