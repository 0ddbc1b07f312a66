"""Whether the cache of keys and tokens can do what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings as django_settings
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage

from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask
from sessionauth.conf import seconds
from sessionauth.credentials import cache
from sessionauth.guards.counters.cache import ATOMIC
from sessionauth.models.credentials import models_by_kind

NO_CACHE = Finding(
    "E185",
    "SESSIONAUTH_KEY_CACHE is {alias}, which CACHES does not have.",
    "{guess}Name one of CACHES, or leave it out to look keys and tokens up in the database.",
)
KEEPS_NOTHING = Finding(
    "W186",
    "SESSIONAUTH_KEY_CACHE is {alias}, which keeps nothing: each request asks it in vain.",
    "Leave it out where there is no cache.",
)
OF_ONE_PROCESS = Finding(
    "W187",
    "SESSIONAUTH_KEY_CACHE is {alias}, of which each process has its own: what one process revokes, the others accept "
    "for up to {ttl} seconds.",
    "Use a cache on Redis, Valkey or memcached; silence this check where there is one "
    "process, and nobody revokes by manage.py, a shell or a cron job.",
)
NOT_PROVED = Finding(
    "W188",
    "SESSIONAUTH_KEY_CACHE is {alias}, of which it is not known that all processes share it and that its add() is "
    "atomic, or which is no faster than the database.",
    "Use a cache on Redis, Valkey or memcached, or leave it out.",
)
REPLICAS = Finding(
    "W189",
    "SESSIONAUTH_KEY_CACHE is {alias}, which is read from other servers than it is written to: while they lag, what "
    "was revoked is accepted for up to {ttl} seconds.",
    "Name a cache with one server in its LOCATION.",
)
LONG_TTL = Finding(
    "W190",
    "SESSIONAUTH_KEY_CACHE_TTL is {ttl} seconds, longer than SESSIONAUTH_LAST_USED_INTERVAL ({interval}): for so "
    "long a change of users by update() is not seen, nor a use noted once more.",
    "Set it to less; the default is 30 seconds.",
)
NEVER_USED = Finding(
    "W191",
    "SESSIONAUTH_KEY_CACHE is set, but {model} is always looked up in the database: {reason}.",
    "Leave it so if that is meant, and silence this check: what decides about the credential is not in its own row.",
)
NO_TIMEOUT = Finding(
    "W192",
    "The cache {alias} has no socket timeout: while its server hangs, every request with a key or a token does.",
    'Set "socket_timeout" and "socket_connect_timeout" in its OPTIONS.',
    "--deploy",
)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check the cache of credentials."""
    return ask(alias, kind, ttl, models)


def check_deploy(**kwargs: Any) -> list[CheckMessage]:
    """Check what makes requests hang."""
    return ask(timeout)


def _alias() -> str | None:
    found = reading.value_of("KEY_CACHE")
    return None if found is None else str(found)


def _caches() -> dict[str, Any]:
    found = getattr(django_settings, "CACHES", {})
    return found if isinstance(found, dict) else {}


def _ttl() -> float:
    return seconds(reading.value_of("KEY_CACHE_TTL"))


def alias() -> Iterator[CheckMessage]:
    """Look for a cache that is not there."""
    name, known = _alias(), _caches()
    if name is not None and name not in known:
        yield NO_CACHE(alias=reading.shown(name), guess=reading.guess(name, known))


def kind() -> Iterator[CheckMessage]:
    """Look what it is, without making it: that may mean to connect."""
    name = _alias()
    own = _caches().get(name) if name is not None else None
    made = reading.load(str(own.get("BACKEND"))).found if isinstance(own, dict) else None
    if not isinstance(made, type):
        return
    words = {"alias": reading.shown(name), "ttl": f"{_ttl():g}"}
    if issubclass(made, DummyCache):
        yield KEEPS_NOTHING(**words)
    elif issubclass(made, LocMemCache):
        yield OF_ONE_PROCESS(**words)
    elif not any(one.__module__.startswith(ATOMIC) for one in made.__mro__):
        yield NOT_PROVED(**words)
    elif "memcache" not in made.__module__ and _has_replicas(own):
        yield REPLICAS(**words)


def _has_replicas(own: Any) -> bool:
    # Memcached has one place for each key, however many servers; Redis clients take the first of several to write to.
    location = own.get("LOCATION")
    found = [part for part in location.replace(";", ",").split(",") if part] if isinstance(location, str) else location
    return isinstance(found, list | tuple) and len(found) > 1


def ttl() -> Iterator[CheckMessage]:
    """Look for a length of time that makes other settings untrue."""
    interval = reading.value_of("LAST_USED_INTERVAL")
    longest = 60.0 if interval is None else max(seconds(interval), 1.0)
    if _alias() is not None and _ttl() > longest:
        yield LONG_TTL(ttl=f"{_ttl():g}", interval=f"{longest:g}")


def models() -> Iterator[CheckMessage]:
    """Look for credentials that are never found in it."""
    if _alias() is None:
        return
    for model in models_by_kind().values():
        if (reason := cache.why_not(model)) is not None:
            yield NEVER_USED(model, model=model._meta.label, reason=reason)


def timeout() -> Iterator[CheckMessage]:
    """Look for a Redis that may hang."""
    name = _alias()
    own = _caches().get(name) if name is not None else None
    if isinstance(own, dict) and "redis" in str(own.get("BACKEND")).lower():
        options = own.get("OPTIONS")
        known = {str(option).lower() for option in options} if isinstance(options, dict) else set()
        if "socket_timeout" not in known and "socket_timeout" not in str(own.get("LOCATION")):
            yield NO_TIMEOUT(alias=reading.shown(name))
