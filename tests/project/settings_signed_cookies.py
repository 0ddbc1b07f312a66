"""Sessions that live in signed cookies only, where the server has no session to delete."""

from __future__ import annotations

from tests.project.settings import *

SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
