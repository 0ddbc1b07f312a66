"""The statements that ask counters, take steps of them and give them back, in the words of each database.

Values go in as parameters alone; the words depend on nothing but how many steps there are and how many waits each has.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sessionauth.guards.counters.step import Step
from sessionauth.models import LoginThrottle
from sessionauth.undocumented import convert_once

COLUMNS = (
    "key",
    "user_id",
    "rule",
    "count",
    "changed_at",
    "blocked_until",
    "pending_until",
    "expires_at",
    "generation",
)
MOMENTS = ("changed_at", "blocked_until", "pending_until", "expires_at")
#: How many waits a step has, and whether anybody may take it: all that the words depend on, but for whether one of the
#: steps may shut the door.
Shape = tuple[int, bool]


def on_conflict(connection: Any, steps: Sequence[Step]) -> dict[str, int]:
    """Take `steps`, all of one moment, on PostgreSQL or SQLite by one statement.

    Return which attempt each of them is, by its key; one that may not be taken is missing. The rows are locked in the
    order of their keys, whoever asks: so no two attempts wait for each other.
    """
    steps = sorted(steps, key=lambda step: step.key)
    waits = [step.longest_first() for step in steps]
    shape = tuple([(len(whens), step.is_anybodys) for step, whens in zip(steps, waits, strict=True)])
    at, first = _adapting(connection), steps[0]
    named = [[step.key] if len(steps) > 1 else [] for step in steps]
    params: list[Any] = [value for step in steps for value in _first(connection, step, at)]
    if any(waits):
        for key, whens in zip(named, waits, strict=True):
            params += [*key, *[value for nth, until in whens for value in (nth, at(until))]]
    may_shut = any(step.below is None for step in steps)
    if may_shut:
        params += [value for key, step in zip(named, steps, strict=True) for value in (*key, step.shuts_from)]
        params += [at(first.pending_until)]
        params += [value for key, step in zip(named, steps, strict=True) for value in (*key, step.limit)]
    params += [value for key, step in zip(named, steps, strict=True) for value in (*key, step.bound)]
    params += [at(first.moment), *[step.key for step in steps if not step.is_anybodys]]
    statement = _on_conflict(connection.ops.quote_name, shape, may_shut)
    with connection.cursor() as cursor:
        convert_once(cursor, statement)
        cursor.execute(statement, params)
        return {str(key): int(count) for key, count in cursor.fetchall()}


def _adapting(connection: Any) -> Callable[[datetime | None], Any]:
    """Return what adapts a moment for the database, and each but once: those of an attempt are mostly the same ones."""
    known: dict[datetime | None, Any] = {None: None}
    adapt = connection.ops.adapt_datetimefield_value

    def at(moment: datetime | None) -> Any:
        if moment not in known:
            known[moment] = adapt(moment)
        return known[moment]

    return at


def _words(quote: Callable[[str], str]) -> tuple[str, dict[str, str]]:
    """Return the name of the table, and those of the columns by that of their field."""
    columns = {one.attname: str(one.column) for one in LoginThrottle._meta.concrete_fields}
    return quote(LoginThrottle._meta.db_table), {name: quote(columns[name]) for name in COLUMNS}


def _per_vendor(build: Callable[..., str]) -> Callable[..., str]:
    """Keep what `build` writes for the quotes of each kind of database; a connection belongs to one thread."""
    known: dict[tuple[Any, ...], str] = {}

    def written(quote: Callable[[str], str], *shape: Any) -> str:
        key = (type(getattr(quote, "__self__", None)), *shape)
        if key not in known:
            known[key] = build(quote, *shape)
        return known[key]

    return written


@_per_vendor
def _on_conflict(quote: Callable[[str], str], shape: tuple[Shape, ...], may_shut: bool) -> str:
    table, names = _words(quote)
    count, user, key = f"{table}.{names['count']}", f"{table}.{names['user_id']}", f"{table}.{names['key']}"

    def by_key(*said: str) -> str:
        return said[0] if len(said) == 1 else f"CASE {key} " + " ".join(f"WHEN %s THEN {one}" for one in said) + " END"

    number = by_key(*["%s"] * len(shape))
    blocked = by_key(*[_blocked(count, waits) for waits, _ in shape]) if any(waits for waits, _ in shape) else "NULL"
    pending, shuts = "NULL", ""
    if may_shut:
        pending = f"CASE WHEN {count} + 1 >= {number} THEN %s ELSE NULL END"
        generation = f"{table}.{names['generation']} + CASE WHEN {count} + 1 = {number} THEN 1 ELSE 0 END"
        shuts = f"{names['generation']} = {generation},"
    owned = f"AND ({key} <> %s OR {user} IS NULL OR {user} = excluded.{names['user_id']})"
    mine = " ".join([owned for _, is_anybodys in shape if not is_anybodys])
    return f"""
        INSERT INTO {table} ({", ".join(names.values())})
        VALUES {", ".join([_places()] * len(shape))}
        ON CONFLICT ({names["key"]}) DO UPDATE SET
            {names["user_id"]} = COALESCE(excluded.{names["user_id"]}, {user}),
            {names["changed_at"]} = excluded.{names["changed_at"]},
            {names["blocked_until"]} = {blocked},
            {names["pending_until"]} = {pending}, {shuts}
            {names["count"]} = {count} + 1
        WHERE {count} < {number}
            AND ({table}.{names["blocked_until"]} IS NULL OR {table}.{names["blocked_until"]} <= %s) {mine}
        RETURNING {names["key"]}, {names["count"]}"""  # noqa: S608


def on_duplicate_key(connection: Any, step: Step) -> int | None:
    """Take `step` on MariaDB, which has no WHERE for it: whether it may be taken stands in a variable.

    It computes from left to right with what it has set before; so `count` comes last. LAST_INSERT_ID() hands the answer
    over: the attempt, or 0 where it may not be taken; where the row is new it is the key of the row.
    """
    at, waits = _adapting(connection), step.longest_first()
    params = [*_first(connection, step, at), step.limit, at(step.moment)]
    params += [value for nth, until in waits for value in (nth, at(until))]
    params += [step.shuts_from, at(step.pending_until), step.limit]
    with connection.cursor() as cursor:
        cursor.execute(_on_duplicate_key(connection.ops.quote_name, len(waits), step.is_anybodys), params)
        is_new, found = cursor.rowcount == 1, int(cursor.lastrowid or 0)
    if found == 0:
        return None
    return 1 if is_new else found


@_per_vendor
def _on_duplicate_key(quote: Callable[[str], str], waits: int, is_anybodys: bool) -> str:
    table, names = _words(quote)
    count, user, blocked = names["count"], names["user_id"], names["blocked_until"]
    mine = "" if is_anybodys else f"AND ({user} IS NULL OR {user} = VALUES({user}))"
    may = f"(@sessionauth_may := ({count} < %s AND ({blocked} IS NULL OR {blocked} <= %s) {mine}))"

    def changed(name: str, value: str, otherwise: str = "") -> str:
        return f"{names[name]} = IF(@sessionauth_may, {value}, {otherwise or names[name]})"

    changes = [
        f"{user} = IF({may}, COALESCE(VALUES({user}), {user}), {user})",
        changed("changed_at", f"VALUES({names['changed_at']})"),
        changed("blocked_until", _blocked(count, waits)),
        changed("pending_until", f"IF({count} + 1 >= %s, %s, NULL)"),
        changed("generation", f"{names['generation']} + ({count} + 1 = %s)"),
        changed("count", f"LAST_INSERT_ID({count} + 1)", f"{count} + LAST_INSERT_ID(0)"),
    ]
    insert = f"INSERT INTO {table} ({', '.join(names.values())}) VALUES {_places()}"  # noqa: S608
    return f"{insert} ON DUPLICATE KEY UPDATE {', '.join(changes)}"


def most(connection: Any, rule: str, keys: Collection[str], user_id: Any) -> int:
    """Return the most attempts of any counter of `rule` among `keys`, or of the user `user_id` (None for nobody)."""
    user = LoginThrottle._meta.get_field("user").get_db_prep_save(user_id, connection)
    with connection.cursor() as cursor:
        cursor.execute(_most(connection.ops.quote_name, len(keys)), [*keys, user, rule])
        return cursor.fetchone()[0] or 0


@_per_vendor
def _most(quote: Callable[[str], str], number: int) -> str:
    table, names = _words(quote)
    among = f"{names['key']} IN ({', '.join(['%s'] * number)}) OR {names['user_id']} = %s"
    return f"SELECT MAX({names['count']}) FROM {table} WHERE ({among}) AND {names['rule']} = %s"  # noqa: S608


def give_back(connection: Any, keys: Collection[str], pending: datetime | None, forgiven: str) -> None:
    """Take an attempt off the counters `keys`, and all attempts off the counter `forgiven`, which is among them or "".

    `pending` is when the attempt stopped being pending that shut them, None where another one did, or none: while it is
    pending nobody else can have shut the door, so the wait is this attempt's own. All in one statement, or somebody
    would find a door that is shut for good between the two; MariaDB, which computes from left to right, wants `count`
    last.
    """
    until = connection.ops.adapt_datetimefield_value(pending)
    # Each once, for two rules may share a counter, which has then been taken once. In the order of their keys, as they
    # are taken; MariaDB knows no such order, and its locks are gone after each. SQLite has one writer.
    own = sorted(set(keys))
    batches = [[key] for key in own] if connection.vendor == "mysql" else [own]
    with connection.cursor() as cursor:
        for batch in batches:
            told = [forgiven, until, forgiven, until, forgiven, *batch]
            is_ordered = connection.vendor == "postgresql" and len(batch) > 1
            statement = _give_back(connection.ops.quote_name, len(batch), is_ordered)
            convert_once(cursor, statement)
            cursor.execute(statement, told)


@_per_vendor
def _give_back(quote: Callable[[str], str], number: int, is_ordered: bool) -> str:
    table, names = _words(quote)
    key, count, blocked, pending = (names[one] for one in ("key", "count", "blocked_until", "pending_until"))
    among = f"{key} IN ({', '.join(['%s'] * number)})"
    if is_ordered:
        among = f"{key} IN (SELECT {key} FROM {table} WHERE {among} ORDER BY {key} FOR UPDATE)"  # noqa: S608
    return f"""
        UPDATE {table} SET
            {blocked} = CASE WHEN {key} = %s OR {pending} = %s THEN NULL ELSE {blocked} END,
            {pending} = CASE WHEN {key} = %s OR {pending} = %s THEN NULL ELSE {pending} END,
            {count} = CASE WHEN {key} = %s THEN 0 ELSE {count} - 1 END
        WHERE {count} > 0 AND {among}"""  # noqa: S608


@cache
def _places() -> str:
    return f"({', '.join(['%s'] * len(COLUMNS))})"


def _first(connection: Any, step: Step, at: Callable[[datetime | None], Any]) -> list[Any]:
    """Return the row of a counter's first attempt, in the order of the columns."""
    row = step.first()
    if step.user_id is not None:
        row["user_id"] = LoginThrottle._meta.get_field("user").get_db_prep_save(step.user_id, connection)
    for name in MOMENTS:
        row[name] = at(row[name])
    return [row[name] for name in COLUMNS]


def _blocked(count: str, waits: int) -> str:
    """Return until when the next one waits after the attempt that follows the `count`th."""
    return "CASE " + " ".join([f"WHEN {count} + 1 >= %s THEN %s"] * waits) + " ELSE NULL END" if waits else "NULL"
