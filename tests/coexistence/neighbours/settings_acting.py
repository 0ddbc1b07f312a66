"""The same project with impersonation."""

# ruff: noqa: F403, F405 - it starts from the other

from __future__ import annotations

from tests.coexistence.neighbours.settings_backend import *

OURS = "sessionauth.middleware.AuthenticationMiddleware"
MIDDLEWARE = [
    *MIDDLEWARE[: MIDDLEWARE.index(OURS) + 1],
    "sessionauth.impersonation.middleware.ImpersonationMiddleware",
    *MIDDLEWARE[MIDDLEWARE.index(OURS) + 1 :],
]
