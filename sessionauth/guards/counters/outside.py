"""Writes what judges a request so that the request's own transaction cannot take it back."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from django.db import Error, connections, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest

from sessionauth.guards.counters.base import Unavailable, logger
from sessionauth.models import LoginThrottle
from sessionauth.models.writing import survival
from sessionauth.request_state import current, state_of

T = TypeVar("T")

#: How long a connection of our own waits for a row. LOCAL: the connection may come from a pool, and go back to it.
PATIENCE = {"postgresql": "SET LOCAL lock_timeout = '3s'", "mysql": "SET SESSION innodb_lock_wait_timeout = 3"}


def alias() -> str:
    """Return the database that keeps the counters."""
    return router.db_for_write(LoginThrottle)


def rows() -> models.QuerySet[LoginThrottle]:
    """Return the counters, read where they are written."""
    return LoginThrottle._base_manager.using(alias())


def read(act: Callable[[], T]) -> T:
    """Run `act`, which reads counters outside of any transaction of the request's. Raises Unavailable as write()."""
    try:
        return act()
    except Error as error:
        raise _unavailable(error) from error


def write(act: Callable[[], T], request: HttpRequest | None) -> T:
    """Run `act`, which writes counters, and return its answer. Raises Unavailable where the database does not let it.

    Outside of a transaction it is one. Inside, it gets a connection of its own, in a thread of its own, where it is
    committed at once. SQLite has one writer, whom it would wait for forever, and a TestCase must see what it wrote:
    there it is written in place, and once more after the response if the transaction was rolled back.
    """
    connection = transaction.get_connection(alias())
    try:
        if _has_one_writer(connection):
            return _in_place(act, connection, request) if connection.in_atomic_block else act()
        return _elsewhere(act) if is_in_transaction(connection) else act()
    except Error as error:
        raise _unavailable(error) from error


def _unavailable(error: Error) -> Unavailable:
    logger.error("guard_degraded: login attempts cannot be counted in the database (is it migrated?): %s", error)
    return Unavailable()


def may_be_taken_back() -> bool:
    """Say whether what is written now is in a transaction, that of a TestCase left aside."""
    connection = transaction.get_connection(alias())
    if connection.in_atomic_block:
        return not all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)
    return not connection.get_autocommit()


def is_in_transaction(connection: BaseDatabaseWrapper) -> bool:
    """Say whether what is written now can be taken back: in a block, or where the caller ends transactions by hand."""
    return connection.in_atomic_block or not connection.get_autocommit()


def quietly(act: Callable[[], object], request: HttpRequest | None) -> None:
    """Run `act` like write(); trouble leaves the count stricter than it was, and is no error."""
    try:
        write(act, request)
    except Unavailable:
        return


def _has_one_writer(connection: BaseDatabaseWrapper) -> bool:
    blocks = connection.atomic_blocks
    return connection.vendor == "sqlite" or any(getattr(block, "_from_testcase", False) for block in blocks)


def _in_place(act: Callable[[], T], connection: BaseDatabaseWrapper, request: HttpRequest | None) -> T:
    with transaction.atomic(using=connection.alias):
        answer = act()
    request = current() if request is None else request
    if request is not None:
        has_survived = survival(connection.alias)
        state_of(request).later.append(lambda: None if has_survived() else act())
    return answer


def _elsewhere(act: Callable[[], T]) -> T:
    return _pool().submit(_on_own_connection, act).result()


def _on_own_connection(act: Callable[[], T]) -> T:
    connection = _own_connection()
    connection.close_if_unusable_or_obsolete()
    try:
        if not connection.get_autocommit():
            connection.set_autocommit(True)
        with transaction.atomic(using=connection.alias):
            if connection.vendor in PATIENCE:
                # The request's own transaction may hold the row and wait for us: a circle that no database sees.
                with connection.cursor() as cursor:
                    cursor.execute(PATIENCE[connection.vendor])
            return act()
    finally:
        connection.close_if_unusable_or_obsolete()


def _own_connection() -> BaseDatabaseWrapper:
    """Return the connection of this thread, which comes from no pool.

    A pool may be empty because the requests that wait for us hold all of it: then both would wait until it gives up.
    """
    connection = connections[alias()]
    if "pool" in connection.settings_dict["OPTIONS"]:
        connection = connection.copy()
        del connection.settings_dict["OPTIONS"]["pool"]
        connections[alias()] = connection
    return connection


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="sessionauth-count")


if hasattr(os, "register_at_fork"):
    # A forked worker inherits the pool without its threads and would wait for ever.
    os.register_at_fork(after_in_child=_pool.cache_clear)
