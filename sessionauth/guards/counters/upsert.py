"""The statements that take a step of a counter, in the words of each database. Values go in as parameters alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sessionauth.guards.counters.step import Step
from sessionauth.models import LoginThrottle


def on_conflict(connection: Any, step: Step) -> int | None:
    """Take `step` on PostgreSQL or SQLite and return which attempt it is, None if it may not be taken."""
    row = _Row(connection, step)
    table, names = row.table, row.names
    count, user = f"{table}.{names['count']}", f"{table}.{names['user_id']}"
    mine = "" if step.is_anybodys else f"AND ({user} IS NULL OR {user} = excluded.{names['user_id']})"
    statement = f"""
        {row.insert}
        ON CONFLICT ({names["key"]}) DO UPDATE SET
            {names["user_id"]} = COALESCE(excluded.{names["user_id"]}, {user}),
            {names["changed_at"]} = excluded.{names["changed_at"]},
            {names["blocked_until"]} = {row.blocked(count)},
            {names["pending_until"]} = CASE WHEN {count} + 1 >= %s THEN %s ELSE NULL END,
            {names["generation"]} = {table}.{names["generation"]} + CASE WHEN {count} + 1 = %s THEN 1 ELSE 0 END,
            {names["count"]} = {count} + 1
        WHERE {count} < %s
            AND ({table}.{names["blocked_until"]} IS NULL OR {table}.{names["blocked_until"]} <= %s) {mine}
        RETURNING {names["count"]}"""
    pending = [step.shuts_from, row.at(step.pending_until), step.limit]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*row.first, *row.waits, *pending, step.limit, row.at(step.moment)])
        found = cursor.fetchone()
    return None if found is None else int(found[0])


def on_duplicate_key(connection: Any, step: Step) -> int | None:
    """Do the same on MariaDB, which has no WHERE for it: whether it may be taken stands in a variable.

    It computes from left to right with what it has set before; so `count` comes last. LAST_INSERT_ID() hands the answer
    over: the attempt, or 0 where it may not be taken; where the row is new it is the key of the row.
    """
    row = _Row(connection, step)
    names = row.names
    count, user, blocked = names["count"], names["user_id"], names["blocked_until"]
    mine = "" if step.is_anybodys else f"AND ({user} IS NULL OR {user} = VALUES({user}))"
    may = f"(@sessionauth_may := ({count} < %s AND ({blocked} IS NULL OR {blocked} <= %s) {mine}))"

    def changed(name: str, value: str, otherwise: str = "") -> str:
        return f"{names[name]} = IF(@sessionauth_may, {value}, {otherwise or names[name]})"

    changes = [
        f"{user} = IF({may}, COALESCE(VALUES({user}), {user}), {user})",
        changed("changed_at", f"VALUES({names['changed_at']})"),
        changed("blocked_until", row.blocked(count)),
        changed("pending_until", f"IF({count} + 1 >= %s, %s, NULL)"),
        changed("generation", f"{names['generation']} + ({count} + 1 = %s)"),
        changed("count", f"LAST_INSERT_ID({count} + 1)", f"{count} + LAST_INSERT_ID(0)"),
    ]
    pending = [step.shuts_from, row.at(step.pending_until), step.limit]
    with connection.cursor() as cursor:
        cursor.execute(
            f"{row.insert} ON DUPLICATE KEY UPDATE {', '.join(changes)}",
            [*row.first, step.limit, row.at(step.moment), *row.waits, *pending],
        )
        is_new, found = cursor.rowcount == 1, int(cursor.lastrowid or 0)
    if found == 0:
        return None
    return 1 if is_new else found


class _Row:
    """The row of a counter's first attempt, in the words of the database."""

    def __init__(self, connection: Any, step: Step) -> None:
        row, quote = step.first(), connection.ops.quote_name
        fields = [one for one in LoginThrottle._meta.concrete_fields if one.attname in row]
        self.at = connection.ops.adapt_datetimefield_value
        self.table = quote(LoginThrottle._meta.db_table)
        self.names = {one.attname: quote(one.column) for one in fields}
        self.first = [one.get_db_prep_save(row[one.attname], connection) for one in fields]
        places = ", ".join(["%s"] * len(fields))
        self.insert = f"INSERT INTO {self.table} ({', '.join(self.names.values())}) VALUES ({places})"  # noqa: S608
        self._whens = _waits(step)
        self.waits = [value for nth, until in self._whens for value in (nth, self.at(until))]

    def blocked(self, count: str) -> str:
        """Return until when the next one waits after the attempt that follows the `count`th."""
        if not self._whens:
            return "NULL"
        return "CASE " + " ".join([f"WHEN {count} + 1 >= %s THEN %s"] * len(self._whens)) + " ELSE NULL END"


def _waits(step: Step) -> list[tuple[int, datetime]]:
    """Return from which attempt on the next one waits until when, from the longest wait down: each is "at least"."""
    if step.wait_from is None:
        return []
    nths = reversed(range(step.wait_from, step.wait_from + len(step.waits)))
    return [(nth, until) for nth in nths if (until := step.blocked_until(nth)) is not None]
