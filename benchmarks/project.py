"""Makes a process one of the stacks: its settings, its database, its tables."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from benchmarks.stacks import Stack


@dataclass(frozen=True)
class Where:
    """Where the stacks of a run keep what they keep: the folder of the run, and the sockets of the servers, if any.

    `is_migrated` where the tables are there already.
    """

    folder: str
    postgres: str | None = None
    valkey: str | None = None
    is_migrated: bool = False

    def under(self, name: str) -> Where:
        """Return a place of its own, on SQLite, below this one."""
        folder = tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder)
        return Where(folder)

    def database(self, name: str) -> dict[str, Any]:
        if self.postgres is None:
            return {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": f"{self.folder}/{name}.sqlite3",
                "CONN_MAX_AGE": None,
                "OPTIONS": {"init_command": "PRAGMA synchronous=OFF", "timeout": 20},
            }
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": f"bench_{name}",
            "USER": "sessionauth",
            "HOST": self.postgres,
            "CONN_MAX_AGE": None,
        }

    def cache(self, name: str) -> dict[str, Any]:
        if self.valkey is None:
            return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": name}
        return {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"unix://{self.valkey}",
            "KEY_PREFIX": name,
        }


def configure(stack: Stack, where: Where, **changes: Any) -> None:
    """Be `stack`, with empty tables. `changes` are settings of this run, such as a hasher that costs something."""
    given = {
        "SECRET_KEY": "benchmark" * 6,
        "ALLOWED_HOSTS": ["testserver"],
        "ROOT_URLCONF": stack.kit,
        "USE_TZ": True,
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "DATABASES": {"default": where.database(stack.name) | (dict(stack.postgres) if where.postgres else {})},
        "CACHES": {"default": where.cache(stack.name)},
        # The cost of the hash is the same for everybody, and a thousand times that of all the rest: taken out.
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "LOGGING_CONFIG": None,
        "TEMPLATES": TEMPLATES,
        "LOGIN_REDIRECT_URL": "/page/",
        "INSTALLED_APPS": [
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            *stack.apps,
        ],
        "MIDDLEWARE": middleware(stack),
    }
    settings.configure(**{**given, **stack.settings, **changes})
    django.setup()
    if where.is_migrated:
        return
    if where.postgres is not None:
        _create_database(where)
    call_command("migrate", verbosity=0, skip_checks=True)
    # The connection that has migrated is slower than one that a server opens.
    connections.close_all()


def middleware(stack: Stack) -> list[str]:
    """Return what `startproject` lists, with what `stack` has of its own, or that alone."""
    own = [stack.sessions, stack.authentication, *stack.behind, *stack.last]
    if stack.is_lean:
        return own
    return [
        "django.middleware.security.SecurityMiddleware",
        stack.sessions,
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        stack.authentication,
        *stack.behind,
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        *stack.last,
    ]


def _create_database(where: Where) -> None:
    name = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = "postgres"
    try:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
    finally:
        connection.settings_dict["NAME"] = name
        connections.close_all()
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's alone; without one it does nothing


TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
