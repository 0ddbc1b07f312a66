"""The same project with the two lines that the README asks for."""

# ruff: noqa: F403, F405 - it starts from the other

from __future__ import annotations

from tests.coexistence.neighbours.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "sessionauth"]
MIDDLEWARE = ["sessionauth.middleware.AuthenticationMiddleware" if one == DJANGOS else one for one in MIDDLEWARE]

# Thousands of requests come from one address, many of them with a wrong password.
SESSIONAUTH_GUARDS_ENABLED = False
