"""Querysets that differ from request to request in a few values alone, compiled once instead of each time.

Most of what a small query costs through the ORM is building and compiling it, and the SQL comes out the same every
time. Here the compiler that has done it once is kept, per database alias, and runs again with other values. All else is
still Django's: the cursor with its log and wrappers, the converters of the fields, `from_db()`, and `ModelIterable`,
which makes the instances. Wherever it is not certain that the SQL depends on nothing but those values, the answer is
None, and whoever asked goes through the ORM.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import is_not
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.core.signals import setting_changed
from django.db import connections, models
from django.db.models.expressions import Col
from django.db.models.manager import BaseManager
from django.db.models.query import ModelIterable
from django.db.models.sql import Query

Builder = Callable[..., "models.QuerySet[Any]"]
#: Each with the field that it is compared to.
Values = Sequence[tuple[Any, Any]]
#: What a queryset class may override without being asked in another way.
WRITES = frozenset(
    {"create", "get_or_create", "update", "update_or_create", "delete", "bulk_create", "bulk_update"}
) | {
    "__module__",
    "__doc__",
    # What Python 3.13 notes in every class.
    "__firstlineno__",
    "__static_attributes__",
}
#: Larger numbers fit in no column of any database.
LARGEST = 2**63

_known: dict[tuple[Any, ...], Frozen | None] = {}


@dataclass(frozen=True, slots=True)
class Frozen:
    """A query that was compiled, without the connection that it was compiled for: that belongs to one thread.

    `order` says which of the values goes to each placeholder, `limits` between which numbers each may be. `state` is
    what it was made of, compared by identity.
    """

    kind: type[Any]
    attributes: dict[str, Any]
    queryset: dict[str, Any]
    sql: str
    order: tuple[int, ...]
    limits: tuple[tuple[int, int], ...]
    converters: dict[int, tuple[list[Any], Any]]
    state: list[Any]

    def run(self, connection: Any, values: Values) -> list[Any] | None:
        """Return the instances, None for a number that no column holds: the ORM knows what is to be said of it."""
        for (_, value), (least, most) in zip(values, self.limits, strict=True):
            if isinstance(value, int) and not least <= value <= most:
                return None
        bound = _bound(connection, values)
        params = tuple([bound[place] for place in self.order])
        compiler = object.__new__(self.kind)
        compiler.__dict__ = self.attributes | {
            "connection": connection,
            "as_sql": lambda *args, **kwargs: (self.sql, params),
            "get_converters": lambda expressions: self.converters,
            "has_composite_fields": lambda expressions: False,
        }
        rows: models.QuerySet[Any] = object.__new__(models.QuerySet)
        rows.__dict__ = self.queryset | {"_query": _Ready(compiler)}
        return list(ModelIterable(rows))


class _Ready:
    """Stands in the place of the query from which `ModelIterable` has the compiler."""

    __slots__ = ("compiler",)

    def __init__(self, compiler: Any) -> None:
        self.compiler = compiler

    def get_compiler(self, using: str | None = None, connection: Any = None, elide_empty: bool = True) -> Any:
        return self.compiler


def rows(
    build: Builder, manager: Any, using: str, values: Values, *, joined: type[models.Model] | None = None
) -> list[Any] | None:
    """Return the instances of `build(manager.all().using(using), *values)`, None where the ORM has to be asked.

    `build` is a function of a module, for it is the key; it may only compare: its SQL must depend on nothing but how
    many values there are. Each of `values` comes with the field that it is compared to exactly. `joined` is the other
    model whose columns come along. Raises what the ORM would, for a value or from the database.
    """
    if not _is_of_all(type(manager)):
        return None
    if None in [value for _, value in values]:
        return None
    connection = connections[using]
    state = [manager, manager.model._meta.concrete_fields, joined and joined._meta.concrete_fields]
    key = (build, manager.model, joined, using, type(connection), len(values))
    frozen = _known.get(key)
    if frozen is None and key in _known:
        return None
    if frozen is None or any(map(is_not, frozen.state, state)):
        bound = _bound(connection, values)
        if any(bound.index(value) != place for place, value in enumerate(bound)):
            return None  # which of two equal ones stands where could not be told
        try:
            frozen = _known[key] = _frozen(build, manager, using, values, state)
        except EmptyResultSet:
            return None
    return frozen.run(connection, values) if frozen else None


def forget(**kwargs: Any) -> None:
    """Compile all anew: a setting has changed, and any may go into the SQL or into what converts its rows."""
    _known.clear()


setting_changed.connect(forget, dispatch_uid="sessionauth.compiled")


def _bound(connection: Any, values: Values) -> list[Any]:
    """Return `values` as Django's lookups hand them to the database."""
    return [field.get_db_prep_value(field.get_prep_value(value), connection, True) for field, value in values]


def _frozen(build: Builder, manager: Any, using: str, values: Values, state: list[Any]) -> Frozen | None:
    """Return the query compiled, None if anything about it is not as Django makes it of its own parts.

    Raises EmptyResultSet where Django knows without asking that there is nothing.
    """
    if not (is_plain(manager) and all(_is_compared_plainly(field) for field, _ in values)):
        return None
    queryset = build(manager.all().using(using), *[value for _, value in values])
    compiler = queryset.query.get_compiler(using=using)
    own = type(compiler)
    if type(queryset.query) is not Query or not all(map(_is_djangos, (own.as_sql, own.execute_sql))):
        return None
    sql, params = compiler.as_sql()
    bound = _bound(compiler.connection, values)
    columns = [column for column, *_ in compiler.select]
    if len(params) != len(bound) or any(value not in bound for value in params):
        return None
    converters = _without_connection(compiler.get_converters(columns), compiler.connection)
    if converters is None or not all(type(column) is Col for column in columns):
        return None
    return Frozen(
        kind=own,
        attributes={name: value for name, value in vars(compiler).items() if name != "connection"},
        queryset={name: value for name, value in vars(queryset).items() if name != "_query"},
        sql=sql,
        order=tuple(bound.index(value) for value in params),
        limits=tuple(_limits(compiler.connection, field) for field, _ in values),
        converters=converters,
        state=state,
    )


def _limits(connection: Any, field: Any) -> tuple[int, int]:
    least, most = None, None
    if isinstance(field, models.IntegerField):
        least, most = connection.ops.integer_field_range(field.get_internal_type())
    return -LARGEST if least is None else least, LARGEST - 1 if most is None else most


def _without_connection(found: dict[int, Any], connection: Any) -> dict[int, tuple[list[Any], Any]] | None:
    """Return the converters `found` so that they keep no connection, None if one might."""
    free = {}
    for place, (converters, column) in found.items():
        own = [_through(one.__func__) if _is_bound_to(one, connection.ops) else one for one in converters]
        if any(_may_keep(one, connection) for one in own):
            return None
        free[place] = (own, column)
    return free


def _through(convert: Callable[..., Any]) -> Callable[..., Any]:
    return lambda value, expression, connection: convert(connection.ops, value, expression, connection)


def _is_bound_to(converter: Any, owner: Any) -> bool:
    return getattr(converter, "__self__", None) is owner


def _may_keep(converter: Any, connection: Any) -> bool:
    owner = getattr(converter, "__self__", None)
    if owner is not None:
        return not isinstance(owner, models.Field)
    held = [cell.cell_contents for cell in getattr(converter, "__closure__", None) or ()]
    return not hasattr(converter, "__code__") or any(one is connection or one is connection.ops for one in held)


def is_plain(manager: Any) -> bool:
    """Say whether `manager` builds querysets of all rows, and they ask as Django's do; they may write otherwise."""
    if not _is_of_all(type(manager)):
        return False
    ours = manager._queryset_class.__mro__
    above = ours[: ours.index(models.QuerySet)]
    reads = vars(models.QuerySet).keys() - WRITES
    return "get_queryset" not in vars(manager) and not any(vars(kind).keys() & reads for kind in above)


def _is_of_all(kind: type[Any]) -> bool:
    return kind.get_queryset is BaseManager.get_queryset and kind.all is BaseManager.all


def _is_compared_plainly(field: Any) -> bool:
    lookups = [field.get_lookup("exact"), field.get_lookup("in")]
    return not field.is_relation and not hasattr(field, "get_placeholder") and all(map(_is_djangos, lookups))


def _is_djangos(one: Any) -> bool:
    return bool(one.__module__.startswith("django."))
