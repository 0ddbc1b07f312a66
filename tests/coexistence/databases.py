"""Databases for projects that run in processes of their own: in the SQLite round files, in PostgreSQL's its own."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from pathlib import Path
from typing import Any

VARIABLE = "COEXISTENCE_DATABASE"
IS_POSTGRES = "SESSIONAUTH_TEST_POSTGRES" in os.environ


def new(folder: Path) -> dict[str, Any]:
    """Return the description of an empty database, as it stands in DATABASES."""
    host = os.environ.get("SESSIONAUTH_TEST_POSTGRES")
    if host is None:
        options = {"init_command": "PRAGMA synchronous=OFF", "timeout": 20}
        path = str(folder / f"{uuid.uuid4().hex}.sqlite3")
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": options}
    name = f"coexistence_{uuid.uuid4().hex}"
    _tell_postgres(host, f'CREATE DATABASE "{name}"')
    return {"ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": "sessionauth", "HOST": host}


def copy(source: dict[str, Any], target: dict[str, Any]) -> None:
    """Make `target` what `source` is, to which nobody may be connected."""
    if source["ENGINE"].endswith("sqlite3"):
        shutil.copyfile(source["NAME"], target["NAME"])
        return
    _tell_postgres(
        source["HOST"],
        f'DROP DATABASE IF EXISTS "{target["NAME"]}" WITH (FORCE)',
        f'CREATE DATABASE "{target["NAME"]}" TEMPLATE "{source["NAME"]}"',
    )


def remove(*described: dict[str, Any]) -> None:
    """Remove databases that are not files of a folder that goes away by itself."""
    for one in described:
        if not one["ENGINE"].endswith("sqlite3"):
            _tell_postgres(one["HOST"], f'DROP DATABASE IF EXISTS "{one["NAME"]}" WITH (FORCE)')


def as_environment(described: dict[str, Any]) -> dict[str, str]:
    """Return the environment variable that tells a project's settings of `described`."""
    return {VARIABLE: json.dumps(described)}


def of_environment() -> dict[str, Any]:
    """Return what `as_environment()` told."""
    described: dict[str, Any] = json.loads(os.environ[VARIABLE])
    return described


def _tell_postgres(host: str, *statements: str) -> None:
    import psycopg

    with psycopg.connect(host=host, dbname="postgres", user="sessionauth", autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
