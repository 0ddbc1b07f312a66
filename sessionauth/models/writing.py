"""Writes that a request must not fail over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, TypeVar

from django.db import DatabaseError, Error, OperationalError, connections, models, transaction

from sessionauth import compiled, instances
from sessionauth.undocumented import convert_once, has_words_of_its_own, tells_others

T = TypeVar("T")
#: Writes the statement for a model and a connection, None where it cannot.
Build = Callable[[type[models.Model], Any], "Statement | None"]

#: Whoever has replaced one of them, for all models, is asked for every row.
SAVE, SAVE_BASE = instances.djangos("save"), instances.djangos("save_base")

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


def whole(using: str, model: type[models.Model]) -> AbstractContextManager[object]:
    """Return a block for one statement that may fail and writes a row of `model`: `atomic()`, or nothing.

    A statement outside of any transaction is one by itself, and `atomic()` would ask the database two questions more.
    But whoever is told of rows may refuse one by an error, or lock others meanwhile, and so may a model's own save().
    """
    connection = transaction.get_connection(using)
    is_alone = not connection.in_atomic_block and connection.get_autocommit()
    if not is_alone or not _is_saved_by_django(model):
        return transaction.atomic(using=using)
    is_told = tells_others(model, models.signals.pre_save, models.signals.post_save)
    return transaction.atomic(using=using) if is_told else nullcontext()


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
    """Do as `row.save(force_insert=True, using=using)` for a new row: one INSERT, whose words are kept.

    Signals, defaults and what fields make of their values are as Django has them. Where a column wants more than a
    place for its value, or the database does not return the key that it makes, Django does it.
    """
    _write(row, using, _insertion, is_new=True)


def update(row: models.Model, using: str) -> None:
    """Do as `row.save(force_update=True, using=using)`: one UPDATE of all columns, whose words are kept. See insert().

    Raises what Django does where there is no such row.
    """
    _write(row, using, _updating, is_new=False)


def _write(row: models.Model, using: str, build: Build, *, is_new: bool) -> None:
    connection = connections[using]
    statement = _statement(type(row), connection, build)
    is_whole = is_new or (statement is not None and statement.names <= row.__dict__.keys())
    if statement is None or not is_whole or _is_replaced():
        row.save(force_insert=is_new, force_update=not is_new, using=using)
        return
    told = {"sender": type(row), "instance": row, "raw": False, "using": using, "update_fields": None}
    models.signals.pre_save.send(**told)
    try:
        with connection.cursor() as cursor:
            statement.run(cursor, row, connection, is_new=is_new)
            if statement.makes_key:
                row.pk = cursor.fetchone()[0]
            elif not is_new and not cursor.rowcount:
                raise getattr(row, "NotUpdated", DatabaseError)("Forced update did not affect any rows.")
    except Exception:
        if connection.in_atomic_block:
            transaction.set_rollback(True, using=using)
        raise
    row._state.adding, row._state.db = False, using
    models.signals.post_save.send(**told, created=is_new)


def _is_replaced() -> bool:
    return models.Model.save is not SAVE or models.Model.save_base is not SAVE_BASE


def _is_saved_by_django(kind: type[models.Model], *, or_us: bool = False) -> bool:
    """Say whether rows of `kind` are saved by Django's own methods alone; `or_us` lets this package's come before."""
    saves = [vars(one)["save"] for one in kind.__mro__ if "save" in vars(one)]
    known = [one is SAVE or (or_us and instances.home(one).startswith("sessionauth.")) for one in saves]
    return all(known) and kind.save_base is SAVE_BASE


class Statement(NamedTuple):
    """Words that write a row, and the fields whose values they take, each with its name if a string goes in as it is.

    `names` are those of all of them; `makes_key` says that the database does, and returns it.
    """

    sql: str
    fields: tuple[tuple[models.Field[Any, Any], str | None], ...]
    names: frozenset[str]
    makes_key: bool

    def run(self, cursor: Any, row: models.Model, connection: Any, *, is_new: bool) -> None:
        """Write `row`."""
        held, values = row.__dict__, []
        for field, name in self.fields:
            value = None if name is None else held.get(name)
            if type(value) is not str:
                value = field.get_db_prep_save(field.pre_save(row, is_new), connection)
            values.append(value)
        convert_once(cursor, self.sql)
        cursor.execute(self.sql, values)


#: By alias as well: MySQL and MariaDB have the same operations in Django, and only one of them returns keys.
_statements: dict[tuple[Any, ...], Statement | None] = {}


def _statement(kind: type[models.Model], connection: Any, build: Build) -> Statement | None:
    key = (build, connection.alias, type(connection.ops), kind, kind.save, kind.save_base)
    if key not in _statements:
        _statements[key] = build(kind, connection) if _is_simple(kind, connection) else None
    return _statements[key]


def _is_simple(kind: type[models.Model], connection: Any) -> bool:
    meta = kind._meta
    fields = meta.concrete_fields
    if meta.parents or connection.vendor == "oracle" or any(map(has_words_of_its_own, fields)):
        return False
    return not any(field.has_db_default() or field.generated for field in fields)


def _insertion(kind: type[models.Model], connection: Any) -> Statement | None:
    meta, quote = kind._meta, connection.ops.quote_name
    makes_key = isinstance(meta.pk, models.AutoField)
    # What this package does in its save() it does to rows that there are.
    if not _is_saved_by_django(kind, or_us=True) or (
        makes_key and not connection.features.can_return_columns_from_insert
    ):
        return None
    fields = [field for field in meta.concrete_fields if not (makes_key and field.primary_key)]
    columns, places = ", ".join([quote(one.column) for one in fields]), ", ".join(["%s"] * len(fields))
    insert = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608
    returning = f" RETURNING {quote(meta.pk.column)}" if makes_key else ""
    return _of_fields(insert + returning, fields, makes_key=makes_key)


def _updating(kind: type[models.Model], connection: Any) -> Statement | None:
    meta, quote = kind._meta, connection.ops.quote_name
    if not _is_saved_by_django(kind) or not compiled.is_plain(kind._base_manager):
        return None  # what is written, and which rows there are, is somebody else's to say
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    table, changes = quote(meta.db_table), ", ".join([f"{quote(one.column)} = %s" for one in fields])
    update = f"UPDATE {table} SET {changes} WHERE {table}.{quote(meta.pk.column)} = %s"  # noqa: S608
    return _of_fields(update, [*fields, meta.pk], makes_key=False)


def _of_fields(sql: str, fields: Sequence[models.Field[Any, Any]], *, makes_key: bool) -> Statement:
    named = tuple((one, one.attname if compiled.takes_text(one) else None) for one in fields)
    return Statement(sql, named, frozenset([one.attname for one in fields]), makes_key)


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
