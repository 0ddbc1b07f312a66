"""Whether the tables of ours are there: a site that has not migrated yet goes on as without us."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, connections, models, router, transaction

logger = logging.getLogger("sessionauth")

T = TypeVar("T")

#: Tables of ours that have answered, with their databases. Only ever grows; a process that forgets it asks again.
_proved: set[tuple[str, type[models.Model]]] = set()


class NotMigrated(Exception):
    """Our table is not there; the site goes on as without us."""


def ask(question: Callable[[], T], *needed: type[models.Model]) -> T:
    """Return the answer to `question`, which needs the tables of `needed`, all in one database.

    Raises NotMigrated without one of them.
    """
    using = router.db_for_write(needed[0])
    tables = {(using, model) for model in needed}
    is_proved = tables <= _proved
    try:
        if not is_proved and transaction.get_connection(using).in_atomic_block:
            # The first time, a missing table must not spoil the view's transaction; later the savepoint is spared.
            with transaction.atomic(using=using):
                answer = question()
        else:
            answer = question()
    except DatabaseError:
        is_spoilt = is_proved and transaction.get_connection(using).in_atomic_block
        if is_spoilt or not any(is_missing(model) for model in needed):
            raise
        raise NotMigrated from None
    _proved.update(tables)
    return answer


def is_missing(model: type[models.Model]) -> bool:
    """Say whether the table of `model` is not there, and log what to do about it."""
    connection = connections[router.db_for_write(model)]
    missing = model._meta.db_table not in connection.introspection.table_names()
    if missing:
        logger.error("%s has no table. Run `manage.py migrate`.", model._meta.label)
    return missing
