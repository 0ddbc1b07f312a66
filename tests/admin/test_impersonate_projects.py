"""The links in whole projects, in a process each: with a theme, and wherever our app stands."""

from __future__ import annotations

import pytest

from tests.project.run import run_in_project

pytestmark = [pytest.mark.slow, pytest.mark.once]

VISIT = """
from django.contrib.auth.models import User
from django.test import Client
settings.ALLOWED_HOSTS.append("testserver")
root = User.objects.create_superuser("root")
alice = User.objects.create_user("alice")
browser = Client()
browser.force_login(root, "django.contrib.auth.backends.ModelBackend")
link = f'href="/account/impersonate/{alice.pk}/?next='
shown = browser.get("/admin/auth/user/").content.decode()
assert link in shown, shown
page = browser.get(f"/admin/auth/user/{alice.pk}/change/").content.decode()
assert link in page, page
assert "/history/" in page
assert "/account/impersonate/" not in browser.get("/admin/auth/user/add/").content.decode()
answer = browser.post("/admin/auth/user/", {"action": "sessionauth_impersonate", "_selected_action": [alice.pk]})
assert answer["Location"].startswith(f"/account/impersonate/{alice.pk}/"), answer
for path in ("", "authevent/overview/", "impersonation/", "loginsession/", "apikey/add/"):
    assert browser.get(f"/admin/sessionauth/{path}").status_code == 200, path
"""
PROJECT = "tests.project.themed.settings"


def test_theme__unfold():
    outcome = run_in_project(VISIT, PROJECT, migrate=True)
    assert outcome.returncode == 0, outcome.stderr[-3000:]


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_apps__in_either_order(first):
    apps = ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"]
    apps += ["django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles"]
    apps = ["sessionauth", *apps] if first else [*apps, "sessionauth"]
    middleware = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "sessionauth.middleware.AuthenticationMiddleware",
        "sessionauth.impersonation.middleware.ImpersonationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    overrides = {"ROOT_URLCONF": "tests.impersonation.site", "MIDDLEWARE": middleware, "INSTALLED_APPS": apps}
    outcome = run_in_project(VISIT, migrate=True, **overrides)
    assert outcome.returncode == 0, outcome.stderr[-3000:]
