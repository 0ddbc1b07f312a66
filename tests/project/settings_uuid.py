"""A custom user: e-mail to sign in with, UUID for a key, the mixin."""

from __future__ import annotations

from tests.project.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "tests.project.people"]
AUTH_USER_MODEL = "people.Person"
