"""Checks a password with the same work whatever the account, and where it holds nobody up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache, partial
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password, verify_password
from django.views.decorators.debug import sensitive_variables

T = TypeVar("T")


@sensitive_variables("password")
def check(account: Any | None, password: str) -> Any | None:
    """Return `account` if `password` is its own, else None.

    Without an account the password is hashed all the same (Django ticket 20760), so that an unknown name takes as long
    as a wrong password.
    """
    if account is None or not is_text(password):
        make_password(password if is_text(password) else "")
        return None
    return account if account.check_password(password) else None


@sensitive_variables("password")
async def acheck(account: Any | None, password: str) -> Any | None:
    """See check(). The hash runs in a thread of its own, apart from the event loop and from the ORM's thread."""
    if account is None or not is_text(password):
        await in_pool(partial(make_password, password if is_text(password) else ""))
        return None
    own = type(account)
    if own.acheck_password is not AbstractBaseUser.acheck_password:
        return account if await account.acheck_password(password) else None
    if own.check_password is not AbstractBaseUser.check_password:
        return account if await sync_to_async(account.check_password)(password) else None
    encoded = account.password
    is_right, must_update = await in_pool(partial(verify_password, password, encoded))
    if is_right and must_update:
        await sync_to_async(_upgrade)(account, password)
    return account if is_right else None


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
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)


if hasattr(os, "register_at_fork"):
    # A forked worker inherits the pool without its thread and would wait for ever.
    os.register_at_fork(after_in_child=_pool.cache_clear)
