"""Databases that are read-only, without our tables, or that take back what a view wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

from sessionauth import migrated
from sessionauth.models import LoginSession

READS = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "SET", "EXPLAIN", "PRAGMA")


@contextmanager
def read_only() -> Iterator[list[str]]:
    """Refuse every write, by PostgreSQL itself where that is the database; yield the writes that were tried."""
    tried: list[str] = []

    def refuse(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        if not sql.lstrip().upper().startswith(READS):
            tried.append(sql)
            if connection.vendor != "postgresql":
                raise DatabaseError("attempt to write a readonly database")
        return execute(sql, params, many, context)

    _set("default_transaction_read_only", "on")
    try:
        with connection.execute_wrapper(refuse):
            yield tried
    finally:
        _set("default_transaction_read_only", "off")


def _set(name: str, value: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET {name} = {value}")


@contextmanager
def without_table(model: type = LoginSession, *, is_proved: bool = False) -> Iterator[None]:
    """Take the table of `model` away; `is_proved` says whether this process has seen it before."""
    table = model._meta.db_table
    _rename(table, "put_away")
    known = set(migrated._proved)
    if not is_proved:
        migrated._proved.clear()
    try:
        yield
    finally:
        _rename("put_away", table)
        migrated._proved.clear()
        migrated._proved.update(known)


def _rename(old: str, new: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")


@contextmanager
def atomic_requests() -> Iterator[None]:
    """Run every view in a transaction."""
    before = connection.settings_dict["ATOMIC_REQUESTS"]
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        yield
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = before
