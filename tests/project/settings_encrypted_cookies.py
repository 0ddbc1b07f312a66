"""Sessions that live in encrypted cookies only, where the server has no session to delete."""

from __future__ import annotations

from tests.project.settings import *

SESSION_ENGINE = "sessionauth.sessions.encrypted_cookies"
