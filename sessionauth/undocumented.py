"""What of Django is used for speed alone and is not documented, in one place: any version may take it away.

A name that this Django does not have is None here, and whoever compares with it or calls it leaves the work to the ORM:
`compiled` refuses, also for what has changed inside Django at the moment when a query is compiled;
`sessions.db` loads as Django's engine; rows of compiled queries and entries of the key cache are made by `from_db()`;
`models.saving.insert()` saves; SQLite's cursor converts a statement each time, and PostgreSQL's each moment in Python;
a session is saved in a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from django.db import models


def _known(module: str, name: str) -> Any:
    """Return what `module` of Django's calls `name`, None where there is no such thing."""
    try:
        return getattr(import_module(f"django.db.models.{module}"), name, None)
    except ImportError:
        return None


Col = _known("expressions", "Col")
Join = _known("sql.datastructures", "Join")
LOUTER = _known("sql.constants", "LOUTER")
ModelState = _known("base", "ModelState")
Query = _known("sql", "Query")
WhereNode = _known("sql.where", "WhereNode")
#: What stands for a column in a class where its value is nothing but what the instance holds.
PLAIN_ATTRIBUTES = (
    _known("query_utils", "DeferredAttribute"),
    _known("fields.related_descriptors", "ForeignKeyDeferredAttribute"),
)
#: A converter of a column: the column, what it does, for which expression, and whether the operations do it.
Step = tuple[int, Any, Any, bool]
#: What SQLite has for moments and for booleans; not imported, for few run on it.
SQLITES = [("django.db.backends.sqlite3.operations", f"convert_{name}field_value") for name in ("datetime", "boolean")]
#: How its cursor puts placeholders of its own in the place of Django's; likewise.
CONVERTS = ("django.db.backends.sqlite3.base", "SQLiteCursorWrapper.convert_query")
#: What makes moments of what PostgreSQL sends, and what it is derived from up to Django 6.0: from 6.1 it asks psycopg's
#: in C by itself. Likewise. And what psycopg calls a moment, and all that comes as text.
LOADS = ("django.db.backends.postgresql.psycopg_any", "register_tzloader.<locals>.SpecificTzLoader")
LOADS_SLOWLY = ("psycopg.types.datetime", "TimestamptzLoader")
TIMESTAMPTZ, TEXT = 1184, 0


class Shape(NamedTuple):
    """Where in a row an instance of `model` stands, the `parts` that came along, and how it and its whole are told."""

    model: Any
    columns: slice
    parts: tuple[Shape, ...]
    tell_whole: Any
    tell_part: Any


def shape_of(compiler: Any) -> Shape | None:
    """Return what a row of `compiler` is an instance of, None if that is not all columns of models, each in order."""
    return _shape(compiler.klass_info, compiler.select)


def _shape(info: dict[str, Any], select: Sequence[Any]) -> Shape | None:
    places, fields = info["select_fields"], info["model"]._meta.concrete_fields
    columns = slice(places[0], places[-1] + 1)
    parts = [_shape(one, select) for one in info.get("related_klass_infos", ())]
    names = [getattr(column, "target", None) for column, *_ in select[columns]]
    if names != list(fields) or info.get("from_parent") or None in parts:
        return None
    tell = (info.get("local_setter"), info.get("remote_setter"))
    return Shape(info["model"], columns, tuple([one for one in parts if one]), *tell)


#: Where a part of a row stands: the columns of a model, or one column.
Place = slice | int


def places_of(compiler: Any, parts: Sequence[Any]) -> list[Place] | None:
    """Return where in a row of `compiler` each of `parts` stands, None if it is not just these, one after the other.

    A part is all columns of a model in their order, from one table: the model, or the foreign key by which its table
    was joined, from whichever side; or None, a column that is no field's.
    """
    columns, tables = [column for column, *_ in compiler.select], compiler.query.alias_map
    places: list[Place] = []
    first = 0
    for part in parts:
        joined_by = getattr(tables.get(getattr(columns[0], "alias", None)), "join_field", None) if columns else None
        model = _model_of(part, joined_by)
        fields = [None] if part is None else list(model._meta.concrete_fields) if model is not None else []
        own, columns = columns[: len(fields)], columns[len(fields) :]
        of_one_table = len({getattr(column, "alias", None) for column in own}) == 1
        if not of_one_table or [getattr(column, "target", None) for column in own] != fields:
            return None
        places.append(first if part is None else slice(first, first + len(fields)))
        first += len(fields)
    return None if columns else places


def _model_of(part: Any, joined_by: Any) -> Any:
    """Return whose columns `part` has where its table was `joined_by` a field; None for nobody's, and another's."""
    if not isinstance(part, models.ForeignKey):
        return part
    return {part: part.related_model, part.remote_field: part.model}.get(joined_by)


def has_words_of_its_own(field: Any) -> bool:
    """Say whether `field` wants more than a place in SQL for its value. Django 6.1 asks it by another name."""
    return hasattr(field, "get_placeholder_sql") or hasattr(field, "get_placeholder")


def by_what_sqlite_has(steps: Sequence[Step]) -> tuple[tuple[Step, ...], tuple[Step, ...], tuple[Step, ...]]:
    """Return of `steps` those that SQLite has for moments, those that it has for booleans, and all others.

    Only what comes first for its column, so that the others may follow.
    """
    kinds: tuple[list[Step], ...] = ([], [], [])
    seen: set[int] = set()
    for step in steps:
        first = None if step[0] in seen else tuple(getattr(step[1], name, "") for name in ("__module__", "__name__"))
        kinds[SQLITES.index(first) if first in SQLITES else -1].append(step)
        seen.add(step[0])
    return tuple(kinds[0]), tuple(kinds[1]), tuple(kinds[2])


def convert_once(cursor: Any, sql: str) -> None:
    """Have `cursor`, which is about to execute `sql`, know its placeholders if it is Django's own of SQLite.

    That looks for them by a regular expression through all of the text, each time: 27 µs of the 360 that a request with
    a session took. And SQLite finds what it has prepared by a text that it has seen before, not by one like it.
    """
    inside: Any = getattr(cursor, "cursor", None)
    convert = getattr(type(inside), "convert_query", None)
    known = None if convert is None else _converted(convert, sql)
    if known is not None:
        inside.convert_query = known


@lru_cache(maxsize=256)
def _converted(convert: Any, sql: str) -> Callable[..., str] | None:
    """Return what stands in for `convert` where `sql` is executed, None where somebody else's may not be foreseen."""
    if _path(convert) != CONVERTS:
        return None
    known = convert(None, sql)

    def converted(query: str, *, param_names: Any = None) -> str:
        # What wraps the execution may have made another statement of it, or other parameters.
        is_known = query is sql and param_names is None
        return str(known if is_known else convert(None, query, param_names=param_names))

    return converted


def load_in_c(cursor: Any) -> None:
    """Have `cursor`, which is about to execute, make moments as psycopg does if they come to the same.

    Up to 6.0 Django derives its loader from psycopg's, and so has the one in Python, with a regular expression for each
    moment: 35 µs of the 640 that a request with a session took. All that its own adds is to put the zone of the
    settings in the place of the connection's; where both are UTC it adds nothing, not even for what fits in no year.
    """
    inside: Any = getattr(cursor, "cursor", None)
    adapters: Any = getattr(inside, "adapters", None)
    if adapters is None:
        return
    djangos = adapters.get_loader(TIMESTAMPTZ, TEXT)
    if _path(djangos) != LOADS or djangos.timezone is not UTC or inside.connection.info.timezone is not UTC:
        return
    _, _, psycopgs, *_ = djangos.__mro__
    if _path(psycopgs) == LOADS_SLOWLY:
        adapters.register_loader(TIMESTAMPTZ, psycopgs)  # which puts the one in C in its place, where there is one


def _path(kind: Any) -> tuple[str, str]:
    return getattr(kind, "__module__", ""), getattr(kind, "__qualname__", "")


def tells_others(sender: Any, *signals: Any) -> bool:
    """Say whether anybody but us receives one of `signals` from `sender`."""
    if not all(hasattr(one, "_live_receivers") for one in signals):
        return True
    receivers = [one for signal in signals for kind in signal._live_receivers(sender) for one in kind]
    return not all(str(getattr(one, "__module__", "")).startswith("sessionauth.") for one in receivers)


def without_connection(found: dict[int, Any], connection: Any) -> tuple[Step, ...] | None:
    """Return the converters `found` so that they keep no connection, None if one might."""
    free = []
    for place, (converters, column) in found.items():
        for nth, one in enumerate(converters):
            is_of_operations = _is_bound_to(one, connection.ops)
            own = one.__func__ if is_of_operations else one
            if _may_keep(own, connection):
                if nth >= len(connection.ops.get_db_converters(column)):
                    return None
                own = _anew(nth)
            free.append((place, own, column, is_of_operations))
    return tuple(free)


def _anew(nth: int) -> Any:
    """Return what has the operations make their `nth` converter of a column each time: Django 6.1's hold them."""
    return lambda value, column, connection: connection.ops.get_db_converters(column)[nth](value, column, connection)


def _is_bound_to(converter: Any, owner: Any) -> bool:
    return getattr(converter, "__self__", None) is owner


def _may_keep(converter: Any, connection: Any) -> bool:
    owner = getattr(converter, "__self__", None)
    if owner is not None:
        return not isinstance(owner, models.Field)
    held = [cell.cell_contents for cell in getattr(converter, "__closure__", None) or ()]
    return not hasattr(converter, "__code__") or any(one is connection or one is connection.ops for one in held)
