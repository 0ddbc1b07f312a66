"""Rows saved as Django saves them, by words that are kept: it writes each statement anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from django.db import DatabaseError, connections, models, transaction

from sessionauth import compiled, instances
from sessionauth.undocumented import convert_once, has_words_of_its_own, tells_others

#: Writes the statement for a model and a connection, None where it cannot.
Build = Callable[[type[models.Model], Any], "Statement | None"]

#: Whoever has replaced one of them, for all models, is asked for every row.
SAVE, SAVE_BASE = instances.djangos("save"), instances.djangos("save_base")


def insert(row: models.Model, using: str) -> None:
    """Do as `row.save(force_insert=True, using=using)` for a new row: one INSERT, whose words are kept.

    Signals, defaults and what fields make of their values are as Django has them. Where a column wants more than a
    place for its value, or the database does not return the key that it makes, Django does it.
    """
    connection = connections[using]
    statement = _statement(_insertion, type(row), connection)
    if statement is None:
        row.save(force_insert=True, using=using)
    else:
        statement.save(row, connection)


def update(row: models.Model, using: str) -> None:
    """Do as `row.save(force_update=True, using=using)`: one UPDATE of all columns, whose words are kept. See insert().

    Raises what Django does where there is no such row.
    """
    connection = connections[using]
    statement = _statement(_updating, type(row), connection)
    if statement is None or not statement.names <= row.__dict__.keys():
        row.save(force_update=True, using=using)
    else:
        statement.save(row, connection)


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


class Statement(NamedTuple):
    """Words that write a row, a new one or not, and the fields whose values they take.

    Each field comes with its name if a string goes in as it is; `names` are those of all of them. `makes_key` says that
    the database does, and returns it.
    """

    sql: str
    fields: tuple[tuple[models.Field[Any, Any], str | None], ...]
    names: frozenset[str]
    is_new: bool
    makes_key: bool

    def save(self, row: models.Model, connection: Any) -> None:
        """Write `row`, and tell of it what Django tells."""
        using = connection.alias
        told = {"sender": type(row), "instance": row, "raw": False, "using": using, "update_fields": None}
        models.signals.pre_save.send(**told)
        try:
            self._write(row, connection)
        except Exception:
            if connection.in_atomic_block:
                transaction.set_rollback(True, using=using)
            raise
        row._state.adding, row._state.db = False, using
        models.signals.post_save.send(**told, created=self.is_new)

    def _write(self, row: models.Model, connection: Any) -> None:
        held, values = row.__dict__, []
        with connection.cursor() as cursor:
            for field, name in self.fields:
                value = None if name is None else held.get(name)
                if type(value) is not str:
                    value = field.get_db_prep_save(field.pre_save(row, self.is_new), connection)
                values.append(value)
            convert_once(cursor, self.sql)
            cursor.execute(self.sql, values)
            if self.makes_key:
                row.pk = cursor.fetchone()[0]
            elif not self.is_new and not cursor.rowcount:
                raise getattr(row, "NotUpdated", DatabaseError)("Forced update did not affect any rows.")


#: By alias as well: MySQL and MariaDB have the same operations in Django, and only one of them returns keys.
_statements: dict[tuple[Any, ...], Statement | None] = {}


def _statement(build: Build, kind: type[models.Model], connection: Any) -> Statement | None:
    """Return the words, None where a row of `kind` is to be saved by its save()."""
    if models.Model.save is not SAVE or models.Model.save_base is not SAVE_BASE:
        return None
    key = (build, connection.alias, type(connection.ops), kind, kind.save, kind.save_base)
    if key not in _statements:
        _statements[key] = build(kind, connection) if _is_simple(kind, connection) else None
    return _statements[key]


def _is_saved_by_django(kind: type[models.Model], *, or_us: bool = False) -> bool:
    """Say whether rows of `kind` are saved by Django's own methods alone; `or_us` lets this package's come before."""
    saves = [vars(one)["save"] for one in kind.__mro__ if "save" in vars(one)]
    known = [one is SAVE or (or_us and instances.home(one).startswith("sessionauth.")) for one in saves]
    return all(known) and kind.save_base is SAVE_BASE


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
    return _of_fields(insert + returning, fields, is_new=True, makes_key=makes_key)


def _updating(kind: type[models.Model], connection: Any) -> Statement | None:
    meta, quote = kind._meta, connection.ops.quote_name
    if not _is_saved_by_django(kind) or not compiled.is_plain(kind._base_manager):
        return None  # what is written, and which rows there are, is somebody else's to say
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    table, changes = quote(meta.db_table), ", ".join([f"{quote(one.column)} = %s" for one in fields])
    update = f"UPDATE {table} SET {changes} WHERE {table}.{quote(meta.pk.column)} = %s"  # noqa: S608
    return _of_fields(update, [*fields, meta.pk], is_new=False)


def _of_fields(
    sql: str, fields: Sequence[models.Field[Any, Any]], *, is_new: bool, makes_key: bool = False
) -> Statement:
    named = tuple((one, one.attname if compiled.takes_text(one) else None) for one in fields)
    return Statement(sql, named, frozenset([one.attname for one in fields]), is_new, makes_key)
