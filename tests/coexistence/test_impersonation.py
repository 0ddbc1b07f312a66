"""Pages of other packages about somebody's account, while somebody acts as them."""

from __future__ import annotations

import json

import pytest

from tests.coexistence import databases
from tests.project.run import run_in_project

pytestmark = [pytest.mark.once, pytest.mark.slow]

VISIT = """
from django.contrib.auth.models import User
from django.test import Client
from sessionauth.testing import impersonate

root = User.objects.create_superuser("root", "root@example.org", "right")
alice = User.objects.create_user("alice", "alice@example.org", "right")

def acting():
    browser = Client(raise_request_exception=False, headers={"accept": "application/json"})
    browser.force_login(root, "django.contrib.auth.backends.ModelBackend")
    row = impersonate(browser, alice, write=True)
    return browser, row

browser, row = acting()
told = {}
for name, address, data in ASKED:
    told[name] = [browser.get(address).status_code, browser.post(address, data).status_code]
told["who"] = browser.get("/page/").content.decode()
told["session"] = browser.get("/_allauth/browser/v1/auth/session").json()["data"]["user"]["username"]
told["emails"] = list(alice.emailaddress_set.values_list("email", flat=True))
for name, ask in {"account_logout": lambda browser: browser.post("/accounts/logout/"),
                  "headless": lambda browser: browser.delete("/_allauth/browser/v1/auth/session")}.items():
    browser, row = acting()
    status = ask(browser).status_code
    row.refresh_from_db()
    told[name] = [status, row.end_reason]

import json
print(json.dumps(told))
"""
ASKED = {
    "email": ("/accounts/email/", {"action_add": "", "email": "mallory@example.org"}),
    "password": ("/accounts/password/change/", {"oldpassword": "right", "password1": "x", "password2": "x"}),
    "reauthenticate": ("/accounts/reauthenticate/", {"password": "right"}),
    "devices": ("/accounts/sessions/", {}),
    "headless e-mail": ("/_allauth/browser/v1/account/email", {"email": "mallory@example.org"}),
    "knox": ("/knox/login/", {}),
    "own knox": ("/knox/logoutall/", {}),
    "authorize": ("/o/authorize/", {"allow": "1"}),
    "applications": ("/o/applications/", {}),
}


def test_account_pages__of_others_are_closed(tmp_path, monkeypatch):
    monkeypatch.setenv(databases.VARIABLE, databases.as_environment(databases.new(tmp_path))[databases.VARIABLE])
    asked = [(name, *what) for name, what in ASKED.items()]
    code = f"ASKED = {asked!r}\n{VISIT}"
    told = run_in_project(code, "tests.coexistence.neighbours.settings_acting", migrate=True)
    assert told.returncode == 0, told.stderr
    told = json.loads(told.stdout)
    assert {name: told[name] for name in ASKED} == dict.fromkeys(ASKED, [403, 403])
    assert (told["session"], told["who"], told["emails"]) == ("alice", "<p>alice</p>", [])
    assert (told["account_logout"], told["headless"]) == ([200, "logout"], [401, "logout"])
