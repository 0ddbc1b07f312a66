"""The same project with the two lines and our backend in front of all others."""

# ruff: noqa: F403, F405 - it starts from the other

from __future__ import annotations

from tests.coexistence.neighbours.settings_ours import *

AUTHENTICATION_BACKENDS = ["sessionauth.backends.SessionAuthBackend", *AUTHENTICATION_BACKENDS]
