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
    "sessionauth.access",
    "sessionauth.accounts",
    "sessionauth.admin",
    "sessionauth.audit.events",
    "sessionauth.audit.receivers",
    "sessionauth.audit.recording",
    "sessionauth.backends",
    "sessionauth.base_user",
    "sessionauth.checks.finding",
    "sessionauth.confinement",
    "sessionauth.contrib",
    "sessionauth.credentials.cache",
    "sessionauth.credentials.formats",
    "sessionauth.credentials.importing",
    "sessionauth.credentials.issuing",
    "sessionauth.credentials.limits",
    "sessionauth.credentials.partner",
    "sessionauth.credentials.refreshing",
    "sessionauth.credentials.rotating",
    "sessionauth.credentials.scanning",
    "sessionauth.explicit",
    "sessionauth.forms",
    "sessionauth.guards",
    "sessionauth.impersonation",
    "sessionauth.login",
    "sessionauth.mail",
    "sessionauth.migrations",
    "sessionauth.models.limits",
    "sessionauth.models.tombstones",
    "sessionauth.notify",
    "sessionauth.old_passwords",
    "sessionauth.openapi",
    "sessionauth.receivers",
    "sessionauth.refusals",
    "sessionauth.scopes",
    "sessionauth.sessions.remember",
    "sessionauth.sessions.restoring",
    "sessionauth.sessions.series",
    "sessionauth.testing",
    "sessionauth.views",
)

SMALL_PROJECT = """
from wsgiref.util import setup_testing_defaults
from django.conf import settings
settings.configure(
    SECRET_KEY="weight" * 10,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="__main__",
    INSTALLED_APPS=[f"django.contrib.{app}" for app in ("auth", "contenttypes", "sessions")] + ["sessionauth"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "sessionauth.middleware.AuthenticationMiddleware",
    ],
)
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse("ok"))]
application, environ = get_wsgi_application(), {}
setup_testing_defaults(environ)
assert list(application(environ, lambda status, headers: None)) == [b"ok"]
"""


def imported(code):
    """Return the modules that a process has which ran `code`."""
    command = [sys.executable, "-c", code + "\nimport sys\nprint(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_package__alone_imports_nothing():
    found = imported("import sessionauth")
    assert "sessionauth" in found
    assert not [name for name in found if name.startswith(("django", "sessionauth."))]


def test_project__that_answers_with_the_middleware_alone_imports_no_feature():
    found = imported(SMALL_PROJECT)
    assert "sessionauth.middleware" in found
    assert sorted(found.intersection(OF_FEATURES)) == []
