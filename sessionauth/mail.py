"""Mail that leaves aside of the answer: how long that takes must not tell whether there was anybody to write to."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from threading import BoundedSemaphore

logger = logging.getLogger("sessionauth")

#: How many mails may wait in one process; more are dropped, and the log says so.
WAITING = BoundedSemaphore(200)


def send_aside(send: Callable[[], object]) -> bool:
    """Have `send` called in a thread of its own, and return at once; False if too many wait.

    It must not ask the database. What goes wrong is logged and goes no further: the answer has been given.
    """
    if not WAITING.acquire(blocking=False):
        logger.error("Too many mails are waiting; one was dropped.")
        return False
    _pool().submit(partial(_send, send))
    return True


def drain() -> None:
    """Wait until everything handed over has been sent; for tests and for scripts that are about to end."""
    _pool().shutdown(wait=True)
    _pool.cache_clear()


def _send(send: Callable[[], object]) -> None:
    try:
        send()
    except Exception as error:
        # Neither the address nor the text: a log is no place for a link that sets a password.
        logger.error("A mail could not be sent: %s", type(error).__name__)
    finally:
        WAITING.release()


@cache
def _pool() -> ThreadPoolExecutor:
    # Its threads are waited for when the process ends, so that nothing is lost that could still be sent.
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="sessionauth-mail")


if hasattr(os, "register_at_fork"):
    # A forked worker inherits the pool without its thread.
    os.register_at_fork(after_in_child=_pool.cache_clear)
