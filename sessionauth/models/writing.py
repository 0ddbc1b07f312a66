"""Writes that a request must not fail over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from django.db import Error, OperationalError, connections, models, transaction

from sessionauth import compiled
from sessionauth.undocumented import convert_once, has_words_of_its_own

T = TypeVar("T")

#: How often something is tried again that waited for another one which waited for it.
TIMES = 5

logger = logging.getLogger("sessionauth")


def best_effort(write: Callable[[], object], using: str, *, catching: type[Exception] = Error) -> bool:
    """Run `write` and say whether it went through; trouble with the database `using` is logged and goes no further.

    `catching` widens that for session engines, which have troubles of their own. Inside a transaction it gets a
    savepoint, because PostgreSQL refuses everything after a failed statement.
    """
    try:
        if transaction.get_connection(using).in_atomic_block:
            with transaction.atomic(using=using):
                write()
        else:
            write()
    except catching as error:
        logger.warning("A record of sessionauth could not be written (is it migrated?): %s", type(error).__name__)
        return False
    return True


def survival(using: str) -> Callable[[], bool]:
    """Return a question to be asked later: has what was written to the database `using` up to now not been rolled back?

    A transaction that is still open by then, such as a test's, has taken nothing back yet. Asked of the connection in
    hand, because under ASGI the answer goes out from another thread.
    """
    connection = transaction.get_connection(using)
    if not connection.in_atomic_block:
        return lambda: True
    committed: list[bool] = []

    def note() -> None:
        committed.append(True)

    connection.on_commit(note)
    return lambda: bool(committed) or any(waiting[1] is note for waiting in connection.run_on_commit)


def insert(row: models.Model, using: str) -> None:
    """Do as `row.save(force_insert=True, using=using)` for a new row of ours: one INSERT, whose words are kept.

    Signals, defaults and what fields make of their values are as Django has them. Where the database does not return
    the new key, or a column wants more than a place for its value, Django does it.
    """
    connection, kind = connections[using], type(row)
    statement = _insertion(kind, connection)
    if statement is None:
        row.save(force_insert=True, using=using)
        return
    told = {"sender": kind, "instance": row, "raw": False, "using": using, "update_fields": None}
    models.signals.pre_save.send(**told)
    held, values = row.__dict__, []
    for field, name in statement.fields:
        value = None if name is None else held.get(name)
        if type(value) is not str:
            value = field.get_db_prep_save(field.pre_save(row, True), connection)
        values.append(value)
    with connection.cursor() as cursor:
        convert_once(cursor, statement.sql)
        cursor.execute(statement.sql, values)
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, using
    models.signals.post_save.send(**told, created=True)


class Insertion(NamedTuple):
    """An INSERT, and the fields whose values it takes, each with its name if a string goes into it as it is."""

    sql: str
    fields: tuple[tuple[models.Field[Any, Any], str | None], ...]


#: By alias as well: MySQL and MariaDB have the same operations in Django, and only one of them returns keys.
_statements: dict[tuple[str, type[Any], type[models.Model]], Insertion | None] = {}


def _insertion(kind: type[models.Model], connection: Any) -> Insertion | None:
    key = (connection.alias, type(connection.ops), kind)
    if key not in _statements:
        _statements[key] = _written(kind, connection)
    return _statements[key]


def _written(kind: type[models.Model], connection: Any) -> Insertion | None:
    meta = kind._meta
    fields = [one for one in meta.concrete_fields if not one.primary_key]
    is_simple = not meta.parents and not any(has_words_of_its_own(one) or one.has_db_default() for one in fields)
    can_return = connection.features.can_return_columns_from_insert and connection.vendor != "oracle"
    if not (is_simple and can_return and isinstance(meta.pk, models.AutoField)):
        return None
    quote = connection.ops.quote_name
    columns, places = ", ".join([quote(one.column) for one in fields]), ", ".join(["%s"] * len(fields))
    insert = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608
    named = tuple((one, one.attname if compiled.takes_text(one) else None) for one in fields)
    return Insertion(f"{insert} RETURNING {quote(meta.pk.column)}", named)


def retrying(act: Callable[[], T], using: str) -> T:
    """Run `act`, again where the database has broken a deadlock at its cost; in a transaction that is for others.

    MariaDB finds them between statements that have nothing to do with one another, by the gaps that they lock.
    """
    for _ in range(TIMES):
        try:
            return act()
        except OperationalError as error:
            if not _is_deadlock(error) or transaction.get_connection(using).in_atomic_block:
                raise
    return act()


def _is_deadlock(error: OperationalError) -> bool:
    is_postgresqls = getattr(error.__cause__, "sqlstate", None) == "40P01"
    return is_postgresqls or error.args[:1] == (1213,)
