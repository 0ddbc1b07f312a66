"""Ends a wait or a lock: for administrators, commands, a password reset, and a link by mail."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async


def unlock(user: Any) -> int:
    """Let `user` try again at once, on every browser; return how many counters were cleared."""
    raise NotImplementedError


async def aunlock(user: Any) -> int:
    """See unlock()."""
    return await sync_to_async(unlock)(user)


def unlock_name(name: str) -> int:
    """Let whoever posts `name` try again, an account or a name that nobody has."""
    raise NotImplementedError


async def aunlock_name(name: str) -> int:
    """See unlock_name()."""
    return await sync_to_async(unlock_name)(name)


def is_locked(user: Any) -> bool:
    """Say whether `user` has to wait, or is locked, because of failures one after the other."""
    raise NotImplementedError


def make_link_token(user: Any) -> str:
    """Return the token of a link that unlocks `user`: good once, for SESSIONAUTH_UNLOCK_AGE, until the next lock."""
    raise NotImplementedError


def redeem(token: str) -> Any | None:
    """Unlock the account that `token` names and return its user; None for a token that is no good any more."""
    raise NotImplementedError


async def aredeem(token: str) -> Any | None:
    """See redeem()."""
    return await sync_to_async(redeem)(token)
