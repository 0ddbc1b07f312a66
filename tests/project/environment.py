"""The servers of this run, as `tests/servers.py` told them in the environment."""

from __future__ import annotations

import os
import tempfile
from typing import Any

FOLDER = os.environ.get("SESSIONAUTH_TEST_FOLDER") or tempfile.gettempdir()
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")


def databases() -> dict[str, Any]:
    """Whichever server was started, else SQLite in a file, so that threads may have connections of their own."""
    if host := os.environ.get("SESSIONAUTH_TEST_POSTGRES"):
        return {
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "postgres",
                "USER": "sessionauth",
                "HOST": host,
                "TEST": {"NAME": "test_sessionauth"},
            }
        }
    if host := os.environ.get("SESSIONAUTH_TEST_MARIADB"):
        return {
            "default": {
                "ENGINE": "django.db.backends.mysql",
                "NAME": "mysql",
                "USER": "root",
                "HOST": host,
                "TEST": {"NAME": "test_sessionauth"},
            }
        }
    return {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.path.join(FOLDER, "sessionauth.sqlite3"),
            "OPTIONS": {"timeout": 20, "init_command": "PRAGMA synchronous=OFF"},
            "TEST": {"NAME": os.path.join(FOLDER, "test.sqlite3")},
        }
    }


def caches() -> dict[str, Any]:
    """Valkey as `default` where it was started (one database of it per worker), else memory; `locmem` is memory."""
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "locmem"}
    default = {**memory, "LOCATION": "default"}
    if socket := os.environ.get("SESSIONAUTH_TEST_VALKEY"):
        default = {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"unix://{socket}?db={int(WORKER[2:]) % 16}",
        }
    return {"default": default, "locmem": memory}
