"""`manage.py sessionauth_pathways`: every way in, as the settings have it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.management.asking import run, run_json

pytestmark = pytest.mark.once

NAME = "sessionauth_pathways"


def test_json__has_a_stable_form():
    told = run_json(NAME)
    assert list(told) == ["authenticators", "backends", "guards", "lockout", "sessions"]
    assert list(told["authenticators"][0]) == ["name", "path", "carriers", "sent_unasked"]
    names = ["engine", "cookie_age", "idle", "absolute", "fresh", "remembered", "protection", "at_most"]
    assert list(told["sessions"]) == names


def test_backends__are_guarded_behind_ours_alone(settings):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    ours, djangos = "sessionauth.backends.SessionAuthBackend", "django.contrib.auth.backends.ModelBackend"
    remote = "django.contrib.auth.backends.RemoteUserBackend"
    settings.AUTHENTICATION_BACKENDS = [remote, ours, djangos]
    told = [(one["path"], one["guarded"]) for one in run_json(NAME)["backends"]]
    assert told == [(remote, False), (ours, True), (djangos, True)]
    settings.SESSIONAUTH_GUARDS_ENABLED = False
    assert not any(one["guarded"] for one in run_json(NAME)["backends"])
    assert run_json(NAME)["guards"] == []


def test_guards_and_lengths__are_those_of_the_settings(settings):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_LOGIN_GUARDS = [
        "sessionauth.guards.active.ActiveUserGuard",
        {"NAME": "sessionauth.guards.rate_limit.RateLimitGuard", "OPTIONS": {"by": "address", "rates": ("10/m",)}},
    ]
    settings.SESSIONAUTH_SESSION_PRESET, settings.SESSIONAUTH_FRESH_AGE = "aal2", timedelta(minutes=5)
    told = run_json(NAME)
    assert told["guards"][1]["options"] == {"by": "address", "rates": ["10/m"]}
    assert (told["sessions"]["idle"], told["sessions"]["absolute"], told["sessions"]["fresh"]) == (3600, 86400, 300)
    table = run(NAME)
    assert "by=address, rates=10/m" in table
    assert "bearer" in table
