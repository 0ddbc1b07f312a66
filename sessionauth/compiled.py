"""Querysets that differ from request to request in a few values alone, compiled once instead of each time.

Most of what a small query costs through the ORM is building and compiling it, and the SQL comes out the same every
time. Here what the compiler has made of it once is kept, per database alias, and runs again with other values. All else
is still Django's: the cursor with its log and wrappers, the converters of the fields, and the way instances are made.
Wherever it is not certain that the SQL depends on nothing but those values, the answer is None, and whoever asked goes
through the ORM. So it is where Django has changed inside; see `undocumented`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models.expressions import Subquery
from django.db.models.manager import BaseManager

from sessionauth import instances
from sessionauth.conf import djangos
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.undocumented import (
    Col,
    Query,
    Shape,
    Step,
    by_what_sqlite_has,
    convert_once,
    has_words_of_its_own,
    load_in_c,
    places_of,
    shape_of,
    without_connection,
)

Builder = Callable[..., "models.QuerySet[Any]"]
#: Each with the field that it is compared to.
Values = Sequence[tuple[Any, Any]]
#: What a queryset class may override without being asked in another way.
WRITES = frozenset({"create", "get_or_create", "update", "update_or_create", "delete", "bulk_create", "bulk_update"})
#: What Python notes in every class, since 3.13 more.
NOTES = frozenset({"__module__", "__doc__", "__firstlineno__", "__static_attributes__"})
#: What decides of what is done to a string on its way into the database.
OF_TEXT = ("get_prep_value", "to_python", "get_db_prep_value", "get_db_prep_save", "pre_save")
#: Stands for a number while what has constants is compiled. Fits in every column.
MARK = 32000
#: Larger numbers fit in no column of any database.
LARGEST = 2**63

logger = logging.getLogger("sessionauth")

_NEW: Any = object()


@dataclass(frozen=True, slots=True)
class Frozen:
    """A query that was compiled, without the connection that it was compiled for: that belongs to one thread.

    `order` says which of the values, and of the `constants` behind them, goes to each placeholder (None: as they
    stand), `limits` between which numbers each may be, and `texts` which of them a string needs nothing done to.
    `steps` are the converters with their columns, and whether they are methods of the connection's operations;
    `moments` are those of them that SQLite has for moments, `flags` the columns of its booleans. `shape` says what a
    row is an instance of, `cut` takes it into its parts. `state` is what it was made of, compared by identity.
    """

    sql: str
    order: list[int] | None
    constants: tuple[Any, ...]
    limits: tuple[tuple[int, int], ...]
    texts: tuple[bool, ...]
    moments: tuple[Step, ...]
    flags: tuple[int, ...]
    steps: tuple[Step, ...]
    shape: Shape
    cut: Callable[[list[Any]], tuple[Any, ...]] | None
    state: tuple[Any, Any, Any]

    def rows(self, connection: Any, values: Values) -> list[list[Any]] | None:
        """Return the rows, None for a number that no column holds: the ORM knows what is to be said of it."""
        bound = []
        for (field, value), (least, most), is_text in zip(values, self.limits, self.texts, strict=True):
            if is_text and type(value) is str:
                bound.append(value)
                continue
            ready = _prepared(field, value, connection)
            if isinstance(ready, int) and not least <= ready <= most:
                return None  # also where it came as a text
            bound.append(ready)
        bound += self.constants
        with connection.cursor() as cursor:
            convert_once(cursor, self.sql)
            load_in_c(cursor)
            cursor.execute(self.sql, tuple(bound if self.order is None else [bound[place] for place in self.order]))
            found = list(map(list, cursor))
        zone = connection.timezone if djangos.USE_TZ else None
        for row in found:
            # Written out, for to ask the operations takes ten steps for each moment.
            for column, convert, expression, _ in self.moments:
                value = row[column]
                if type(value) is datetime and value.tzinfo is None:
                    # As by replace(tzinfo=zone), which takes four times as long on Python 3.11.
                    row[column] = value if zone is None else datetime.combine(value, value.time(), zone)
                elif value is not None:
                    row[column] = convert(connection.ops, value, expression, connection)
            for column in self.flags:
                if row[column] in (0, 1):
                    row[column] = row[column] == 1
            for column, convert, expression, is_of_operations in self.steps:
                if is_of_operations:
                    row[column] = convert(connection.ops, row[column], expression, connection)
                else:
                    row[column] = convert(row[column], expression, connection)
        return found


def rows(
    build: Builder, manager: Any, using: str, values: Values, *, joined: type[models.Model] | None = None
) -> list[Any] | None:
    """Return the instances of `build(manager.all().using(using), *values)`, None where the ORM has to be asked.

    `build` is a function of a module, for it is the key; it may only compare: its SQL must depend on nothing but how
    many values there are. What else it binds stands in its attribute `constants`. Each of `values` comes with the field
    that it is compared to exactly. `joined` is the other model whose columns come along; what `build`
    annotates does not, see tuples(). Raises what the ORM would, for a value or from the database.
    """
    ready = _ready(build, manager, using, values, joined)
    found = None if ready is None else ready[0].rows(ready[1], values)
    return None if ready is None or found is None else [instances.joined(ready[0].shape, using, row) for row in found]


def tuples(
    build: Builder, manager: Any, using: str, values: Values, *, joined: type[models.Model] | None = None
) -> list[list[Any]] | None:
    """Return the rows themselves, each as a list of what Django makes of its columns; all else is as with rows()."""
    ready = _ready(build, manager, using, values, joined)
    return None if ready is None else ready[0].rows(ready[1], values)


def parts(
    build: Builder, manager: Any, using: str, values: Values, *, joined: type[models.Model] | None = None
) -> list[tuple[Any, ...]] | None:
    """Return the rows, each as its parts: the columns of a model as a list, or one column as its value.

    Which they are says the attribute `parts` of `build`, a function that returns what undocumented.places_of() is to
    find. All else is as with tuples().
    """
    ready = _ready(build, manager, using, values, joined)
    found = None if ready is None else ready[0].rows(ready[1], values)
    cut = None if ready is None else ready[0].cut
    return None if cut is None or found is None else list(map(cut, found))


def _ready(
    build: Builder, manager: Any, using: str, values: Values, joined: type[models.Model] | None
) -> tuple[Frozen, Any] | None:
    """Return the query compiled, and the connection to run it on; None where the ORM has to be asked."""
    if not _is_of_all(type(manager)):
        return None
    for _, value in values:
        if value is None:
            return None
    connection = connections[using]
    fields, others = manager.model._meta.concrete_fields, joined and joined._meta.concrete_fields
    key = (build, manager.model, joined, using, type(connection), len(values))
    queries = _compiled.queries
    frozen = queries.get(key, _NEW)
    if frozen is None:
        return None
    if frozen is not _NEW:
        was = frozen.state
        if was[0] is manager and was[1] is fields and was[2] is others:
            return frozen, connection
    bound = [_prepared(field, value, connection) for field, value in _marked(build, values)]
    constants = getattr(build, "constants", ())
    if any(bound.index(value) != place or value in constants for place, value in enumerate(bound)):
        return None  # which of two equal ones stands where could not be told; of the next values it can
    try:
        made = queries[key] = _frozen(build, manager, using, values, (manager, fields, others))
    except EmptyResultSet:
        return None
    except (AttributeError, LookupError, TypeError) as error:
        # The values are good ones, for they have been prepared: it is Django that is not as it was.
        logger.warning("This Django is not known inside: its ORM is asked, which is slower (%s)", error)
        made = queries[key] = None
    return None if made is None else (made, connection)


class Compiled(FromSettings):
    """What has been compiled; any setting may go into the SQL, or into what converts its rows."""

    @derived
    def queries(self) -> dict[tuple[Any, ...], Frozen | None]:
        """The queries by all that they depend on, None for those that are the ORM's."""
        return {}


_compiled = Compiled()


def _prepared(field: Any, value: Any, connection: Any) -> Any:
    """Return `value` as Django's lookups hand it to the database."""
    return field.get_db_prep_value(field.get_prep_value(value), connection, True)


def _frozen(build: Builder, manager: Any, using: str, values: Values, state: tuple[Any, Any, Any]) -> Frozen | None:
    """Return the query compiled, None if anything about it is not as Django makes it of its own parts.

    Raises EmptyResultSet where Django knows without asking that there is nothing.
    """
    if not (is_plain(manager) and all(_is_compared_plainly(field) for field, _ in values)):
        return None
    constants = tuple(getattr(build, "constants", ()))
    values = _marked(build, values)
    queryset = build(manager.all().using(using), *[value for _, value in values])
    compiler = queryset.query.get_compiler(using=using)
    own = type(compiler)
    if type(queryset.query) is not Query or not all(map(_is_djangos, (own.as_sql, own.execute_sql))):
        return None
    sql, params = compiler.as_sql()
    bound = [_prepared(field, value, compiler.connection) for field, value in values]
    columns = [column for column, *_ in compiler.select]
    if any(value not in params for value in bound):
        return None
    if len(params) != len(bound) and not constants or any(one not in (*bound, *constants) for one in params):
        return None
    steps = without_connection(compiler.get_converters(columns), compiler.connection)
    # The last is a subquery since Django 6.1.
    kinds = {type(column) for column in columns} - {Col, Subquery, Query}
    if steps is None or kinds or compiler.has_extra_select:
        return None
    shape = shape_of(compiler)
    places = places_of(compiler, build.parts()) if hasattr(build, "parts") else []
    if shape is None or places is None:
        return None
    order = [(*bound, *constants).index(value) for value in params]
    moments, flags, others = by_what_sqlite_has(steps)
    return Frozen(
        sql=sql,
        order=None if order == [*range(len(bound) + len(constants))] else order,
        constants=constants,
        limits=tuple(_limits(compiler.connection, field) for field, _ in values),
        texts=tuple(takes_text(field) for field, _ in values),
        moments=moments,
        flags=tuple([column for column, *_ in flags]),
        steps=others,
        shape=shape,
        cut=itemgetter(*places) if places else None,
        state=state,
    )


def _marked(build: Builder, values: Values) -> Values:
    """Return `values`, with other numbers where those at hand could be taken for one of the constants of `build`."""
    if not hasattr(build, "constants"):
        return values
    return [(field, MARK + at if type(value) is int else value) for at, (field, value) in enumerate(values)]


def _limits(connection: Any, field: Any) -> tuple[int, int]:
    least, most = None, None
    if isinstance(field, models.IntegerField):
        least, most = connection.ops.integer_field_range(field.get_internal_type())
    return -LARGEST if least is None else least, LARGEST - 1 if most is None else most


def takes_text(field: Any) -> bool:
    """Say whether Django hands a string that is compared with `field`, or written to it, to the database as it is."""
    return all(getattr(type(field), step) is getattr(models.CharField, step) for step in OF_TEXT)


def is_plain(manager: Any) -> bool:
    """Say whether `manager` builds querysets of all rows, and they ask as Django's do; they may write otherwise."""
    if not _is_of_all(type(manager)):
        return False
    ours = getattr(manager, "_queryset_class", object).__mro__
    if models.QuerySet not in ours:
        return False
    above = ours[: ours.index(models.QuerySet)]
    reads = vars(models.QuerySet).keys() - WRITES - NOTES
    return "get_queryset" not in vars(manager) and not any(vars(kind).keys() & reads for kind in above)


def _is_of_all(kind: type[Any]) -> bool:
    return kind.get_queryset is BaseManager.get_queryset and kind.all is BaseManager.all


def _is_compared_plainly(field: Any) -> bool:
    lookups = [field.get_lookup("exact"), field.get_lookup("in")]
    return not field.is_relation and not has_words_of_its_own(field) and all(map(_is_djangos, lookups))


def _is_djangos(one: Any) -> bool:
    return bool(one.__module__.startswith("django."))
