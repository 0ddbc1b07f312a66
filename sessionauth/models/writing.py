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
