"""Work that is done aside of the answer, mail above all.

How long an answer takes must not tell whether there was anybody to write to; so neither the look at the account nor the
sending is waited for.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from threading import BoundedSemaphore

from django.core.cache import caches
from django.db import connections
from django.utils.translation import get_language, override

from sessionauth import crypto
from sessionauth.conf import settings

logger = logging.getLogger("sessionauth")

#: How much may wait in one process; more is dropped, and the log says so.
WAITING = BoundedSemaphore(200)
#: For how many seconds nobody is written to about the same again.
PAUSE = 60


def aside(work: Callable[[], object]) -> bool:
    """Have `work` done in a thread of its own, and return at once; False if too much waits.

    Inside of a transaction it is done at once, because a thread would not see what that has written: so it is in most
    tests. What goes wrong is logged and goes no further: the answer has been given.
    """
    work = partial(_in_language, get_language(), work)
    if any(connection.in_atomic_block for connection in connections.all(initialized_only=True)):
        _do(work)
        return True
    if not WAITING.acquire(blocking=False):
        logger.error("Too many mails are waiting; one was dropped.")
        return False
    _pool().submit(_do_and_leave, work)
    return True


def drain() -> None:
    """Wait until everything handed over is done; for tests, and for scripts that are about to end."""
    _pool().shutdown(wait=True)
    _pool.cache_clear()


def is_due(kind: str, user_id: object) -> bool:
    """Say whether a mail of this kind may go to a user, and note that it does: one a minute, however often it is asked.

    While the cache cannot be asked it may: a mail too many is better than nobody getting in again.
    """
    try:
        return bool(caches[settings.CACHE].add(f"sessionauth:mail:{kind}:{crypto.digest(str(user_id))}", 1, PAUSE))
    except Exception:
        logger.warning("The cache cannot be asked whether a mail is due.")
        return True


def _in_language(language: str | None, work: Callable[[], object]) -> None:
    with override(language):
        work()


def _do(work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as error:
        # Neither the address nor the text: a log is no place for a link that sets a password.
        logger.error("A mail could not be sent: %s", type(error).__name__)


def _do_and_leave(work: Callable[[], object]) -> None:
    try:
        _do(work)
    finally:
        WAITING.release()
        connections.close_all()


@cache
def _pool() -> ThreadPoolExecutor:
    # Its thread is waited for when the process ends, so that nothing is lost that could still be sent.
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="sessionauth-mail")


if hasattr(os, "register_at_fork"):
    # A forked worker inherits the pool without its thread.
    os.register_at_fork(after_in_child=_pool.cache_clear)
