"""Writes that a request must not fail over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from django.db import Error, OperationalError, transaction

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
