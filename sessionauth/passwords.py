"""Checks a password with the same work whatever the account, and where it holds nobody up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache, partial
from typing import Any, TypeVar

from django.conf import settings as django_settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import get_hasher, identify_hasher, make_password, verify_password
from django.views.decorators.debug import sensitive_variables

from sessionauth.conf import settings
from sessionauth.exceptions import GuardUnavailable
from sessionauth.threads import in_thread

T = TypeVar("T")

logger = logging.getLogger("sessionauth")


@sensitive_variables("password")
def check(account: Any | None, password: str) -> Any | None:
    """Return `account` if `password` is its own, else None.

    Without an account the password is hashed all the same (Django ticket 20760), so that an unknown name takes as long
    as a wrong password. Raises GuardUnavailable where too many wait for their turn: each hash takes 100 MiB.
    """
    with _Place(), _running():
        if account is None or not is_text(password):
            _do_all(password)
            return None
        encoded = account.password
        if account.check_password(password):
            return account
        _do_the_rest(encoded, password)
        return None


@sensitive_variables("password")
def even_out(account: Any, password: str) -> None:
    """Do what a wrong password costs besides, for a right one that is answered like a wrong one."""
    if settings.OLDER_HASHES:
        with _running():
            _do_older(account.password, password)


@sensitive_variables("password")
async def aeven_out(account: Any, password: str) -> None:
    """See even_out()."""
    if settings.OLDER_HASHES:
        await in_pool(partial(_do_older, account.password, password))


@sensitive_variables("password")
async def acheck(account: Any | None, password: str) -> Any | None:
    """See check(). The hash runs in a thread of its own, apart from the event loop and from the ORM's thread."""
    with _Place():
        return await _acheck(account, password)


@sensitive_variables("password")
async def _acheck(account: Any | None, password: str) -> Any | None:
    if account is None or not is_text(password):
        await in_pool(partial(_do_all, password))
        return None
    own = type(account)
    if own.acheck_password is not AbstractBaseUser.acheck_password:
        return account if await account.acheck_password(password) else None
    if own.check_password is not AbstractBaseUser.check_password:
        return account if await in_thread(account.check_password, password) else None
    encoded = account.password
    is_right, must_update = await in_pool(partial(_verify, password, encoded))
    if is_right and must_update:
        await in_thread(_upgrade, account, password)
    return account if is_right else None


@sensitive_variables("password")
def _verify(password: str, encoded: str) -> tuple[bool, bool]:
    is_right, must_update = verify_password(password, encoded)
    if not is_right:
        _do_the_rest(encoded, password)
    return is_right, must_update


@sensitive_variables("password", "text")
def _do_all(password: str) -> None:
    text = password if is_text(password) else ""
    make_password(text)
    _do_older(None, text)


@sensitive_variables("password")
def _do_the_rest(encoded: str, password: str) -> None:
    """Hash a wrong password by today's hasher too where the account still has another one's, perhaps a quick one.

    So that it takes at least as long as for a name that nobody has. Django evens out the rounds of one hasher only. How
    much longer a slow one takes nobody can know who has no such account: SESSIONAUTH_OLDER_HASHES says it for all.
    """
    try:
        is_todays = identify_hasher(encoded).algorithm == get_hasher().algorithm
    except ValueError:  # unusable: hashed for show by then
        is_todays = True
    if not is_todays:
        make_password(password)
    _do_older(encoded, password)


@sensitive_variables("password")
def _do_older(encoded: str | None, password: str) -> None:
    """Do the work of every hash in SESSIONAUTH_OLDER_HASHES, less the one that has been done to check `encoded`."""
    if not settings.OLDER_HASHES:
        return
    done = None if encoded is None else _work(encoded)
    for entry in settings.OLDER_HASHES:
        try:
            sample = _sample(entry, tuple(django_settings.PASSWORD_HASHERS))
            if _work(sample) != done:
                identify_hasher(sample).verify(password, sample)
        except Exception as error:  # whatever hashers say; an error here would give the attempt back
            logger.error("An entry of SESSIONAUTH_OLDER_HASHES is no hash (%s).", type(error).__name__)


@cache
def _sample(entry: str, hashers: tuple[str, ...]) -> str:
    """Return a hash as `entry` says; `hashers` are where it is looked for."""
    return entry if "$" in entry else make_password("", hasher=entry)


def _work(encoded: str) -> list[tuple[str, str]] | None:
    """Return what a hash costs, as the algorithm and its parameters; None for what is no hash."""
    try:
        hasher = identify_hasher(encoded)
        parts = hasher.decode(encoded)
    except NotImplementedError:  # a hasher that does not take hashes apart
        return [("algorithm", str(hasher.algorithm))]
    except ValueError:
        return None
    return sorted((name, repr(part)) for name, part in parts.items() if name not in ("salt", "hash", "checksum"))


@sensitive_variables("password")
def _upgrade(account: Any, password: str) -> None:
    """Store `password` by today's hasher, as `check_password()` does."""
    account.set_password(password)
    account._password = None  # as in Django: an upgrade is no change of password to be told about
    account.save(update_fields=["password"])


def is_text(value: object) -> bool:
    """Say whether `value` is a string that can be hashed or looked up: JSON also brings numbers and lone surrogates."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Place:
    """A place among those whose password is hashed, or waits for it, in this process."""

    taken = 0
    lock = threading.Lock()

    def __enter__(self) -> None:
        with self.lock:
            if _Place.taken >= settings.HASHING_QUEUE:
                raise GuardUnavailable(code="busy", retry_after=1)
            _Place.taken += 1

    def __exit__(self, *failure: object) -> None:
        with self.lock:
            _Place.taken -= 1


@cache
def _running() -> threading.BoundedSemaphore:
    """Return the right to hash outside of the pool, in a WSGI server's threads: as many at once as there are CPUs."""
    return threading.BoundedSemaphore(os.cpu_count() or 1)


@sensitive_variables("work")
async def in_pool(work: Callable[[], T]) -> T:
    """Run `work` in the hashing thread.

    One thread at low priority: argon2 with Django's parameters uses all cores by itself and 100 MiB, so a second one
    would only hold up everybody else.
    """
    return await asyncio.get_running_loop().run_in_executor(_pool(), copy_context().run, work)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="sessionauth-hash", initializer=_step_back)


def _step_back() -> None:
    """Lower the priority of this thread; on Linux, where threads have one of their own."""
    if hasattr(os, "setpriority") and os.uname().sysname == "Linux":
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, max(15, os.getpriority(os.PRIO_PROCESS, thread)))


def _begin_anew() -> None:
    _pool.cache_clear()
    _running.cache_clear()
    _Place.taken, _Place.lock = 0, threading.Lock()


if hasattr(os, "register_at_fork"):
    # A forked worker inherits the pool without its thread, and places that nobody will give back.
    os.register_at_fork(after_in_child=_begin_anew)
