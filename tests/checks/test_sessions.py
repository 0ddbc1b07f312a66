"""Timeouts, the number of sessions, and their cookie."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.checks.asking import codes, hint

pytestmark = pytest.mark.once

IDLE = "SESSIONAUTH_IDLE_TIMEOUT"
ABSOLUTE = "SESSIONAUTH_ABSOLUTE_TIMEOUT"
PRESET = "SESSIONAUTH_SESSION_PRESET"
MAX = {"SESSIONAUTH_MAX_SESSIONS": 3}
REJECT = {"SESSIONAUTH_MAX_SESSIONS_ACTION": "reject"}
NAME = "SESSION_COOKIE_NAME"
SECURE = {"SESSION_COOKIE_SECURE": True}
ENCRYPTED = {"SESSION_ENGINE": "sessionauth.sessions.encrypted_cookies"}
SIGNED = {"SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies"}
LONG = {"SESSIONAUTH_REMEMBER_AGE": 60}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({IDLE: 600}, []),
        ({IDLE: 600, ABSOLUTE: timedelta(hours=8)}, []),
        ({IDLE: timedelta(hours=8), ABSOLUTE: timedelta(hours=8)}, ["W152"]),
        ({PRESET: "aal2"}, []),
        ({PRESET: "aal2", IDLE: 600, ABSOLUTE: 6000}, []),
        ({PRESET: "aal2", ABSOLUTE: 600}, ["W152"]),
        ({PRESET: "aal2", IDLE: timedelta(hours=2)}, ["W153"]),
        ({PRESET: "aal3", IDLE: timedelta(hours=14), ABSOLUTE: timedelta(hours=13)}, ["W152", "W153", "W153"]),
        ({PRESET: "aal1", IDLE: timedelta(days=20)}, []),
        ({PRESET: "aal9"}, ["E003"]),
        ({IDLE: "an hour"}, ["E002"]),
        ({IDLE: 0}, ["E159"]),
        ({IDLE: 60, ABSOLUTE: timedelta(0)}, ["E159", "W133", "W152"]),
    ],
)
def test_timeouts(overrides, expected):
    assert codes(**LONG, **overrides) == expected


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (MAX, []),
        (REJECT, []),
        (MAX | REJECT, ["W154"]),
        (MAX | REJECT | {IDLE: 600}, []),
        (MAX | REJECT | {PRESET: "aal3"}, []),
        (MAX | REJECT | {PRESET: "aal1"}, ["W154"]),
    ],
)
def test_number(overrides, expected):
    assert codes(**overrides) == expected


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({NAME: "mine"}, []),
        ({NAME: "__Host-mine"}, ["E151"]),
        ({NAME: "__Host-mine", **SECURE}, []),
        ({NAME: "__Host-mine", **SECURE, "SESSION_COOKIE_DOMAIN": "example.com"}, ["E151"]),
        ({NAME: "__Host-mine", **SECURE, "SESSION_COOKIE_PATH": "/app/"}, ["E151"]),
        ({NAME: "__Secure-mine"}, ["E151"]),
        ({NAME: "__Secure-mine", **SECURE, "SESSION_COOKIE_DOMAIN": "example.com"}, []),
        ({NAME: 5}, []),
    ],
)
def test_cookie_name(overrides, expected):
    assert codes(**overrides) == expected


@pytest.mark.parametrize(("installed", "expected"), [(True, []), (False, ["E150"])])
def test_engine__needs_cryptography(installed, expected, monkeypatch):
    if not installed:
        monkeypatch.setattr("sessionauth.checks.sessions.find_spec", lambda name: None)
    assert codes(**ENCRYPTED) == expected
    if expected:
        assert "django-sessionauth[crypto]" in hint("E150", **ENCRYPTED)


def test_engine__needs_its_table(settings):
    engine = {"SESSION_ENGINE": "sessionauth.sessions.db"}
    assert codes(**engine) == []
    lacking = {"INSTALLED_APPS": [app for app in settings.INSTALLED_APPS if app != "django.contrib.sessions"]}
    assert codes(**engine, **lacking) == ["E245"]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (ENCRYPTED, []),
        (SIGNED, ["W155"]),
        ({"SESSION_COOKIE_SAMESITE": "Strict"}, []),
        ({"SESSION_COOKIE_SAMESITE": "None"}, ["W156"]),
        ({"SESSION_COOKIE_SAMESITE": False}, ["W156"]),
        (SECURE, ["W157"]),
        (SECURE | {NAME: "__Host-mine"}, []),
        (SECURE | {"SESSION_COOKIE_DOMAIN": "example.com"}, []),
        (SECURE | {"SESSION_COOKIE_PATH": "/app/"}, []),
        ({ABSOLUTE: timedelta(days=14)}, []),
        ({ABSOLUTE: timedelta(days=14) - timedelta(seconds=1)}, ["W158"]),
        ({ABSOLUTE: 3600, "SESSION_COOKIE_AGE": 3600}, []),
        ({PRESET: "aal3"}, ["W158"]),
        ({"SESSION_COOKIE_AGE": "long", ABSOLUTE: 3600}, []),
    ],
)
def test_deploy(overrides, expected):
    remembered = {"SESSIONAUTH_REMEMBER_AGE": 60, "SESSIONAUTH_REMEMBER_COOKIE_SAMESITE": "Lax"}
    assert [code for code in codes(deploy=True, **remembered, **overrides) if code[1:3] == "15"] == expected


@pytest.mark.parametrize("overrides", [{"SESSION_COOKIE_SAMESITE": "None"}, SIGNED, SECURE, {PRESET: "aal3"}])
def test_deploy__is_told_of_nowhere_else(overrides):
    assert not [code for code in codes(**overrides) if code[1:3] == "15"]


@pytest.mark.parametrize(("name", "expected"), [("sessionauth.sessions.dbx", ["E292"]), ("tests.dbx", [])])
def test_engine__of_ours_that_there_is_not(name, expected):
    assert codes(SESSION_ENGINE=name) == expected
    if expected:
        assert hint("E292", SESSION_ENGINE=name).startswith("Did you mean sessionauth.sessions.db?")
