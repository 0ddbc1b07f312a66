"""The remember cookie's settings."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.checks.asking import codes

pytestmark = pytest.mark.once

NAME = "SESSIONAUTH_REMEMBER_COOKIE_NAME"
SECURE = "SESSIONAUTH_REMEMBER_COOKIE_SECURE"
SAME_SITE = "SESSIONAUTH_REMEMBER_COOKIE_SAMESITE"
AGE = "SESSIONAUTH_REMEMBER_AGE"


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({NAME: "remember_token"}, []),
        ({NAME: "__Host-remember", SECURE: True}, []),
        ({NAME: "__Host-remember", "SESSION_COOKIE_SECURE": True}, []),
        ({NAME: "__Host-remember"}, ["E130"]),
        ({NAME: "__Secure-remember"}, ["E130"]),
        ({NAME: "__Host-remember", SECURE: True, "SESSION_COOKIE_DOMAIN": ".example.com"}, ["E130"]),
        ({NAME: "__Host-remember", SECURE: True, "SESSIONAUTH_REMEMBER_COOKIE_DOMAIN": "example.com"}, ["E130"]),
        ({NAME: "__Host-remember", SECURE: True, "SESSIONAUTH_REMEMBER_COOKIE_PATH": "/app/"}, ["E130"]),
        ({SECURE: True, "SESSIONAUTH_REMEMBER_COOKIE_PATH": "/app/"}, []),
        ({NAME: "sessionid"}, ["E132"]),
        ({NAME: "csrftoken"}, ["E132"]),
        ({NAME: "re member"}, ["E132"]),
        ({NAME: "remember;"}, ["E132"]),
        ({NAME: ""}, ["E132"]),
        ({NAME: 5}, ["E002"]),
        ({SAME_SITE: "None"}, ["E131", "W134"]),
        ({SAME_SITE: "None", SECURE: True, "SESSION_COOKIE_SAMESITE": "None"}, []),
        ({SAME_SITE: "Strict"}, []),
        ({SAME_SITE: "sometimes"}, ["E003"]),
        ({"SESSION_COOKIE_SAMESITE": "Strict"}, []),
        ({SAME_SITE: "Lax", "SESSION_COOKIE_SAMESITE": "Strict"}, ["W134"]),
        ({SECURE: "yes"}, ["E002"]),
    ],
)
def test_cookie(overrides, expected):
    assert codes(**overrides) == expected


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"SESSIONAUTH_ABSOLUTE_TIMEOUT": timedelta(days=30)}, []),
        ({"SESSIONAUTH_ABSOLUTE_TIMEOUT": timedelta(hours=8)}, ["W133"]),
        ({"SESSIONAUTH_ABSOLUTE_TIMEOUT": 3600, AGE: 3600}, []),
        ({"SESSIONAUTH_SESSION_PRESET": "aal1"}, []),
        ({"SESSIONAUTH_SESSION_PRESET": "aal1", AGE: timedelta(days=31)}, ["W133"]),
        ({"SESSIONAUTH_SESSION_PRESET": "aal2"}, []),
        ({AGE: "30 days"}, ["E002"]),
        ({AGE: True}, ["E002"]),
    ],
)
def test_age(overrides, expected):
    assert codes(**overrides) == expected


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, []),
        ({SECURE: False}, ["W135"]),
        ({"SESSIONAUTH_REMEMBER_COOKIE_HTTPONLY": False}, ["W136"]),
    ],
)
def test_deploy(overrides, expected):
    assert codes(deploy=True, SESSION_COOKIE_NAME="__Host-session", SESSION_COOKIE_SECURE=True, **overrides) == expected
    assert codes(**overrides) == []
