"""A custom user without the mixin, with a string for a key, whose default manager hides those who left."""

from __future__ import annotations

from tests.project.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "tests.project.members"]
AUTH_USER_MODEL = "members.Member"
