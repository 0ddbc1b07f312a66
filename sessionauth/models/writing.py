"""Writes that a request must not fail over."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import Error, transaction

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
