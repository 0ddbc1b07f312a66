"""What a process imports with the app: no more than it uses."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.once

#: Of other packages and of ours, what only those need who switch it on.
OF_FEATURES = (
    "rest_framework",
    "ninja",
    "channels",
    "cryptography",
    "django.contrib.admin",
    "sessionauth.admin",
    "sessionauth.checks.settings",
    "sessionauth.contrib",
    "sessionauth.credentials.importing",
    "sessionauth.credentials.issuing",
    "sessionauth.credentials.partner",
    "sessionauth.credentials.refreshing",
    "sessionauth.credentials.rotating",
    "sessionauth.credentials.scanning",
    "sessionauth.forms",
    "sessionauth.impersonation",
    "sessionauth.mail",
    "sessionauth.migrations",
    "sessionauth.notify",
    "sessionauth.openapi",
    "sessionauth.receivers",
    "sessionauth.testing",
    "sessionauth.views",
)

SMALL_PROJECT = """
from django.conf import settings
settings.configure(
    SECRET_KEY="weight" * 10,
    INSTALLED_APPS=[f"django.contrib.{app}" for app in ("auth", "contenttypes", "sessions")] + ["sessionauth"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "sessionauth.middleware.AuthenticationMiddleware",
    ],
)
from django.core.wsgi import get_wsgi_application
get_wsgi_application()
"""


def imported(code):
    """Return the modules that a process has which ran `code`."""
    command = [sys.executable, "-c", code + "\nimport sys\nprint(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_package__alone_imports_nothing():
    found = imported("import sessionauth")
    assert "sessionauth" in found
    assert not [name for name in found if name.startswith(("django", "sessionauth."))]


def test_project__that_uses_the_middleware_alone_imports_no_feature():
    found = imported(SMALL_PROJECT)
    assert "sessionauth.middleware" in found
    assert sorted(found.intersection(OF_FEATURES)) == []
