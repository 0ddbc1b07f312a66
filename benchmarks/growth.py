"""Tables that grow: a thousand, a million rows like one that is there, made by the database itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import connection, transaction


@dataclass(frozen=True)
class Growth:
    """Rows of `table` like its first one; `unique` are columns that must differ, as SQL in which `n` counts."""

    table: str
    unique: Mapping[str, str] = field(default_factory=dict)
    without: str = "id"


HASH = "md5('a' || n) || md5('b' || n)"
USERS = Growth("auth_user", {"username": "md5('a' || n)"})
SESSIONS = Growth("django_session", {"session_key": "md5('a' || n)"}, without="")
GROWTHS: dict[str, tuple[Growth, ...]] = {
    "keys": (USERS, Growth("sessionauth_apikey", {"digest": HASH, "user_id": "n + 1"})),
    "sessions": (SESSIONS, Growth("sessionauth_loginsession", {"sid": "md5('a' || n)", "session_digest": HASH})),
    "stock sessions": (SESSIONS,),
    "events": (Growth("sessionauth_authevent"),),
    "tokens": (
        USERS,
        Growth(
            "authtoken_token", {"key": "substr(md5('a' || n) || md5('b' || n), 1, 40)", "user_id": "n + 1"}, without=""
        ),
    ),
    "knox tokens": (
        USERS,
        Growth(
            "knox_authtoken",
            {"digest": HASH, "token_key": "substr(md5('a' || n), 1, 15)", "user_id": "n + 1"},
            without="",
        ),
    ),
    "api keys": (
        Growth(
            "rest_framework_api_key_apikey",
            {"id": HASH, "prefix": "'x' || n", "hashed_key": HASH},
            without="",
        ),
    ),
}
#: What grows beneath which request.
GROWING = (
    ("ours", "key", "keys"),
    ("drf", "key", "tokens"),
    ("api_key", "key", "api keys"),
    ("knox", "key", "knox tokens"),
    ("ours", "session", "sessions"),
    ("stock", "session", "stock sessions"),
    ("ours", "good_login", "events"),
)


def grow(name: str, rows: int) -> int:
    """Fill the tables of `name` up to `rows`, and return how many there are; statistics are renewed.

    What the database has still to do for so many new rows is done first: a million of them are on their way to the disk
    for a minute, and whatever asks in that time waits behind them.
    """
    with transaction.atomic():
        found = max([_grow(growth, rows) for growth in GROWTHS[name]])
    _settle(name)
    return found


def _settle(name: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for growth in GROWTHS[name]:
                cursor.execute(f"VACUUM ANALYZE {growth.table}")
            cursor.execute("CHECKPOINT")
    os.sync()


def _grow(growth: Growth, rows: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {growth.table}")  # noqa: S608  # tables of ours
        there = int(cursor.fetchone()[0])
        description = connection.introspection.get_table_description(cursor, growth.table)
        columns = [one.name for one in description if one.name != growth.without]
        values = ", ".join(growth.unique.get(column, f"one.{column}") for column in columns)
        numbers = f"numbers(n) AS (SELECT {there} UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows - 1})"  # noqa: S608
        template = f"(SELECT * FROM {growth.table} LIMIT 1)"  # noqa: S608
        if there < rows:
            cursor.execute(
                f"INSERT INTO {growth.table} ({', '.join(columns)}) WITH RECURSIVE {numbers} "  # noqa: S608
                f"SELECT {values} FROM numbers, {template} AS one"
            )
        cursor.execute(f"ANALYZE {growth.table}")
    return max(there, rows)
