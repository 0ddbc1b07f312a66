"""Sessions in Django's table, by our own engine, which brings the user along."""

from __future__ import annotations

from tests.project.settings import *

SESSION_ENGINE = "sessionauth.sessions.db"
