"""Guards that can be made and asked, and what they count in and by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage

from sessionauth.backends import SessionAuthBackend
from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask
from sessionauth.conf import PREFIX
from sessionauth.guards import base
from sessionauth.guards.base import FunctionGuard, LoginGuard
from sessionauth.guards.counters import Rate, cache
from sessionauth.guards.lockout import LockoutGuard
from sessionauth.guards.rate_limit import RateLimitGuard

NOT_IMPORTABLE = Finding(
    "E160",
    "SESSIONAUTH_LOGIN_GUARDS names {path}, which cannot be imported: {error}.",
    "Give the dotted path of a LoginGuard class, or of a function (request, user).",
)
NOT_MADE = Finding(
    "E161",
    "The guard {path} cannot be made: {error}.",
    "Correct its OPTIONS in SESSIONAUTH_LOGIN_GUARDS; rates are written as in ('10/m', '5/5m').",
)
NO_GUARD = Finding(
    "E162",
    "The guard {path} cannot be asked: {fault}.",
    "Write it as a function (request, user), sync or async, that raises to refuse, or derive it from LoginGuard.",
)
TOO_MANY = Finding(
    "E163",
    "SESSIONAUTH_LOCKOUT_LIMIT is {value}: more than 100 failures one after the other are let pass.",
    "Set it to 100 or less (NIST SP 800-63B-4 section 3.2.2).",
)
NO_CACHE = Finding(
    "E164",
    "SESSIONAUTH_CACHE is {alias}, which CACHES does not have.",
    "{guess}Name one of CACHES, or leave it out for the default.",
)
BAD_RATE = Finding("E165", "SESSIONAUTH_{name} is {value}: {error}.", 'Write it as in "60/m", or None.')
NOT_GUARDED = Finding(
    "W166",
    "SESSIONAUTH_LOGIN_GUARDS is set, but nobody asks the guards where others call authenticate(): the admin, REST "
    "framework, LoginView.",
    'Put "sessionauth.backends.SessionAuthBackend" first in AUTHENTICATION_BACKENDS.',
)
ONE_ADDRESS = Finding(
    "W167",
    "{names} says that a proxy stands in front, and SESSIONAUTH_TRUSTED_PROXIES does not say which: all clients seem "
    "to come from the proxy's address, and are limited together.",
    "Set SESSIONAUTH_TRUSTED_PROXIES to the networks of the proxies, or to how many there are.",
)
NO_LOCKOUT = Finding(
    "W168",
    "No LockoutGuard is in SESSIONAUTH_LOGIN_GUARDS: with patience, a password can be guessed without end.",
    "Add sessionauth.guards.lockout.LockoutGuard (NIST SP 800-63B-4 section 3.2.2).",
    "--deploy",
)
SWITCHED_OFF = Finding(
    "E169",
    "SESSIONAUTH_GUARDS_ENABLED is False: passwords can be guessed as fast as they can be hashed.",
    "Take it out; it is for tests.",
    "--deploy",
)
IN_DATABASE = Finding(
    "W170",
    "Login attempts are counted in the database, not in the cache {alias}: {fault}.",
    "Set SESSIONAUTH_CACHE to a cache on Redis, Valkey or memcached, and RATELIMIT_USE_CACHE to the same one. The "
    "database counts as exactly, with a statement for each rate; silence this check if that will do.",
    "--deploy",
)
OPEN_DOOR = Finding(
    "W171",
    'SESSIONAUTH_GUARD_ON_CACHE_ERROR is "allow": whoever can make the cache fail may guess as often as they like.',
    'Set it to "fallback", which counts in the database, or "deny".',
    "--deploy",
)
NO_TIMEOUT = Finding(
    "W172",
    "The cache {alias} has no socket timeout: while its server hangs, every login does.",
    'Set "socket_timeout" and "socket_connect_timeout" in its OPTIONS.',
    "--deploy",
)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check the guards."""
    return ask(entries, lockout_limit, cache_alias, rates, backend, proxies)


def check_deploy(**kwargs: Any) -> list[CheckMessage]:
    """Check what makes guards weaker than they look."""
    return ask(switched_off, lockout, counter, outage, timeouts)


def made() -> Iterator[tuple[str, LoginGuard | None, CheckMessage | None]]:
    """Make every entry, as the app does at the first login; yield its path with the guard, or with what was wrong."""
    for entry in reading.value_of("LOGIN_GUARDS"):
        path = entry if isinstance(entry, str) else entry["NAME"]
        yield path, *_make(path, entry)


def _make(path: str, entry: str | Mapping[str, Any]) -> tuple[LoginGuard | None, CheckMessage | None]:
    words = {"path": reading.shown(path)}
    if error := reading.load(path).error:
        return None, NOT_IMPORTABLE(**words, error=error)
    try:
        guard = base.make(entry)
    except Exception as failure:  # a project's code may raise anything
        return None, NOT_MADE(**words, error=reading.words_of(failure))
    if isinstance(guard, FunctionGuard) and not reading.accepts(guard.function, ("request", "user")):
        return None, NO_GUARD(**words, fault="it does not take (request, user)")
    return guard, None


def _guards() -> list[LoginGuard]:
    return [guard for _, guard, _ in made() if guard is not None]


def entries() -> Iterator[CheckMessage]:
    """Look for guards that cannot be made, or asked."""
    yield from (wrong for _, _, wrong in made() if wrong is not None)


def lockout_limit() -> Iterator[CheckMessage]:
    """Look for a limit above NIST's."""
    limit = reading.value_of("LOCKOUT_LIMIT")
    if limit > 100:
        yield TOO_MANY(value=reading.shown(limit))


def cache_alias() -> Iterator[CheckMessage]:
    """Look for a cache that is not there."""
    alias, known = str(reading.value_of("CACHE")), _caches()
    if alias not in known:
        yield NO_CACHE(alias=reading.shown(alias), guess=reading.guess(alias, known))


def _caches() -> dict[str, Any]:
    found = getattr(django_settings, "CACHES", {})
    return found if isinstance(found, dict) else {}


def rates() -> Iterator[CheckMessage]:
    """Look for a rate that is none."""
    for name in ("KEY_FAILURE_RATE", "MAIL_RATE"):
        rate = reading.value_of(name)
        try:
            if rate is not None:
                Rate.parse(rate)
        except ValueError as error:
            yield BAD_RATE(name=name, value=reading.shown(rate), error=reading.words_of(error))


def backend() -> Iterator[CheckMessage]:
    """Look for guards that stand on our own ways in only."""
    is_set = hasattr(django_settings, PREFIX + "LOGIN_GUARDS") and reading.value_of("LOGIN_GUARDS")
    if is_set and not _has_backend():
        yield NOT_GUARDED()


def _has_backend() -> bool:
    found = (reading.load(path).found for path in reading.strings("AUTHENTICATION_BACKENDS"))
    return any(isinstance(one, type) and issubclass(one, SessionAuthBackend) for one in found)


def proxies() -> Iterator[CheckMessage]:
    """Look for a proxy that only Django was told of."""
    names = ("SECURE_PROXY_SSL_HEADER", "USE_X_FORWARDED_HOST", "USE_X_FORWARDED_PORT")
    told = [name for name in names if reading.flag(name)]
    if told and not reading.value_of("TRUSTED_PROXIES"):
        yield ONE_ADDRESS(names=told[0])


def switched_off() -> Iterator[CheckMessage]:
    """Look for the switch of the tests."""
    if not reading.value_of("GUARDS_ENABLED"):
        yield SWITCHED_OFF()


def lockout() -> Iterator[CheckMessage]:
    """Look whether failures one after the other are counted at all."""
    if _has_backend() and not any(isinstance(guard, LockoutGuard) for guard in _guards()):
        yield NO_LOCKOUT()


def counter() -> Iterator[CheckMessage]:
    """Look where rates are counted."""
    alias = str(reading.value_of("CACHE"))
    has_rates = any(isinstance(guard, RateLimitGuard) for guard in _guards())
    if alias in _caches() and has_rates and _has_backend() and (fault := _fault(_caches()[alias])):
        yield IN_DATABASE(alias=reading.shown(alias), fault=fault)


def _fault(own: Any) -> str | None:
    """Say why that cache does not count, without making it: that may mean to connect."""
    kind, error = reading.load(str(own.get("BACKEND")) if isinstance(own, dict) else "")
    if error or not isinstance(kind, type):
        return error or "its BACKEND is no class"
    try:
        return cache.fault_of(kind)
    except Exception as failure:  # an object may do anything when it is compared
        return reading.words_of(failure)


def outage() -> Iterator[CheckMessage]:
    """Look for the policy that lets everyone in."""
    if reading.value_of("GUARD_ON_CACHE_ERROR") == "allow":
        yield OPEN_DOOR()


def timeouts() -> Iterator[CheckMessage]:
    """Look for a Redis that may hang."""
    alias = str(reading.value_of("CACHE"))
    own = _caches().get(alias)
    if isinstance(own, dict) and "redis" in str(own.get("BACKEND")).lower():
        options = own.get("OPTIONS")
        known = {str(name).lower() for name in options} if isinstance(options, dict) else set()
        if "socket_timeout" not in known and "socket_timeout" not in str(own.get("LOCATION")):
            yield NO_TIMEOUT(alias=reading.shown(alias))
