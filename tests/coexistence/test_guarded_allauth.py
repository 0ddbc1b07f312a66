"""allauth's own login page behind our backend: guarded like every other way in."""

from __future__ import annotations

import json

import pytest

from tests.coexistence import databases
from tests.project.run import run_in_project

pytestmark = [pytest.mark.once, pytest.mark.slow]

VISIT = """
from django.contrib.auth.models import User
from django.test import Client

User.objects.create_user("alice", "alice@example.org", "right")

def post(name, password):
    answer = Client().post("/accounts/login/", {"login": name, "password": password})
    return answer.status_code

import json
print(json.dumps([post("alice", "right"), *(post("alice", "wrong") for _ in range(3)), post("alice", "right")]))
"""


def test_login_page__is_guarded(tmp_path, monkeypatch):
    monkeypatch.setenv(databases.VARIABLE, databases.as_environment(databases.new(tmp_path))[databases.VARIABLE])
    guards = [{"NAME": "sessionauth.guards.rate_limit.RateLimitGuard", "OPTIONS": {"by": "account", "rates": ["2/h"]}}]
    overrides = {"SESSIONAUTH_GUARDS_ENABLED": True, "SESSIONAUTH_LOGIN_GUARDS": guards}
    told = run_in_project(VISIT, "tests.coexistence.neighbours.settings_backend", migrate=True, **overrides)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == [302, 200, 200, 429, 429]
