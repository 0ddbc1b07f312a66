"""The writing side of the cache of credentials: what says that an entry is not to be believed any more.

A tombstone stands where an entry would, so that none can be added by somebody who has read the row before it changed.
It is set before the change is committed and once more after: before alone, somebody could read the old row and add it
again; after alone, a process that dies in between would leave the old entry. A tombstone never says no by itself: who
finds one asks the database. It lasts longer than any entry that was read before it.

An entry also counts only in the generation in which it was read, which a change of more rows than can be listed ends.
"""

from __future__ import annotations

import logging
import math
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.core.cache import caches
from django.db import connections, transaction

from sessionauth.conf import seconds, settings
from sessionauth.conf.setting import FromSettings, derived

logger = logging.getLogger("sessionauth")

GENERATION = "sessionauth:key:generation"
TOMBSTONE = "ask the database"

#: Of so many rows each gets its tombstone; a change of more ends the generation, and all are looked up once more.
MOST = 500

#: Until when each alias is left alone after a failure, by the monotonic clock. A process that forgets it asks again.
_paused: dict[str, float] = {}


class Wanted(FromSettings):
    """What the settings say of the cache of credentials."""

    @derived
    def ttl(self) -> float:
        """For how many seconds an entry may be believed."""
        return seconds(settings.KEY_CACHE_TTL)

    @derived
    def is_on(self) -> bool:
        """Whether there is a cache of credentials."""
        return settings.KEY_CACHE is not None and self.ttl > 0


_wanted = Wanted()


def ttl() -> float:
    """Return for how many seconds an entry may be believed."""
    return _wanted.ttl


def is_on() -> bool:
    """Say whether there is a cache of credentials."""
    return _wanted.is_on


def is_paused() -> bool:
    """Say whether the cache has failed so lately that it may hold what could not be taken back."""
    return bool(_paused) and _paused.get(str(settings.KEY_CACHE), 0.0) > time.monotonic()


def pause(error: Exception | None) -> None:
    """Leave the cache alone for as long as an entry lasts: what came before the failure has run out by then."""
    if not is_paused():
        name = "no answer" if error is None else type(error).__name__
        logger.error("credential_cache_degraded: the cache %r failed (%s).", settings.KEY_CACHE, name)
    _paused[str(settings.KEY_CACHE)] = time.monotonic() + ttl()


def resume() -> None:
    """Use the cache again at once."""
    _paused.clear()


def key_of(digest: str, using: str) -> str:
    """Return the key of the entry for `digest` in the database `using`; in each schema of a tenant it is another."""
    return f"sessionauth:key:{using}:{getattr(connections[using], 'schema_name', '')}:{digest}"


@contextmanager
def buried(digests: Callable[[], Iterable[str]], using: str) -> Iterator[None]:
    """Set tombstones for what `digests` returns, before the block changes rows in `using` and when that is committed.

    Asked again by then: another process may have given a row another digest meanwhile.
    """
    if not is_on():
        yield
        return
    before = [key_of(digest, using) for digest in digests()]
    _bury(before)
    yield

    def once_more() -> None:
        _bury({*before, *(key_of(digest, using) for digest in digests())})

    transaction.on_commit(once_more, using=using, robust=True)


def bury(digests: Iterable[str], using: str, changed_in: str | None = None) -> None:
    """Set tombstones for `digests` of the database `using`, now and when what is under way is committed.

    That is in `changed_in`, if another database than theirs is changed: where users live apart from their credentials.
    """
    keys = [key_of(digest, using) for digest in digests] if is_on() else []
    if keys:
        _bury(keys)
        transaction.on_commit(partial(_bury, keys), using=changed_in or using, robust=True)


@contextmanager
def all_void(using: str) -> Iterator[None]:
    """End the generation before the block changes rows in `using`, and once more when that is committed."""
    if is_on():
        void()
    yield
    if is_on():
        transaction.on_commit(void, using=using, robust=True)


def void() -> None:
    """Let no entry be believed that was made up to now."""
    _write({GENERATION: new_generation()}, None)


def new_generation() -> str:
    """Return a name that no generation has had: one that is forgotten and begun again must not bring entries back."""
    return secrets.token_hex(8)


def _bury(keys: Iterable[str]) -> None:
    _write(dict.fromkeys(keys, TOMBSTONE), math.ceil(2 * ttl()))


def _write(values: dict[str, str], timeout: int | None) -> None:
    """Write `values` and look whether they are there: some clients swallow their errors. Never raises.

    Twice, because a connection that was idle for long fails at its first command.
    """
    error: Exception | None = None
    for _ in range(2 if values else 0):
        try:
            if _is_written(values, timeout):
                return
        except Exception as failure:  # whatever the client library raises
            error = failure
    if values:
        pause(error)
        logger.error("credential_cache_stale: what was revoked may count for up to %s seconds elsewhere.", ttl())


def _is_written(values: dict[str, str], timeout: int | None) -> bool:
    cache: Any = caches[str(settings.KEY_CACHE)]
    return not cache.set_many(values, timeout) and cache.get_many(list(values)) == values
