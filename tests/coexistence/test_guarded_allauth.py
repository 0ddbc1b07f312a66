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

told = [post("alice", "right"), *(post("alice", "wrong") for _ in range(3)), post("alice", "right")]

def proves(number, address, field, **data):
    # Somebody signed in who gives a wrong password twice, and then the right one.
    browser, new = Client(), "correct horse battery staple"
    user = User.objects.create_user(f"user{number}", f"user{number}@example.org", "right")
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    answers = [browser.post(address, {field: old, **data}).status_code for old in ("wrong", "wrong", "right")]
    return answers + [User.objects.get(pk=user.pk).check_password("right")]

new = {"password1": "correct horse battery staple", "password2": "correct horse battery staple"}
import json
print(json.dumps([
    told, proves(1, "/accounts/password/change/", "oldpassword", **new),
    proves(2, "/accounts/reauthenticate/", "password"),
]))
"""


def test_pages_that_ask_for_a_password__are_guarded(tmp_path, monkeypatch):
    monkeypatch.setenv(databases.VARIABLE, databases.as_environment(databases.new(tmp_path))[databases.VARIABLE])
    guards = [{"NAME": "sessionauth.guards.rate_limit.RateLimitGuard", "OPTIONS": {"by": "account", "rates": ["2/h"]}}]
    overrides = {"SESSIONAUTH_GUARDS_ENABLED": True, "SESSIONAUTH_LOGIN_GUARDS": guards}
    told = run_in_project(VISIT, "tests.coexistence.neighbours.settings_backend", migrate=True, **overrides)
    assert told.returncode == 0, told.stderr
    login, change, proof = json.loads(told.stdout)
    assert login == [302, 200, 200, 429, 429]
    assert change == proof == [200, 200, 429, True]
