"""Sessions: whether their timeouts, their number and their cookie say what they seem to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage

from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask
from sessionauth.conf import seconds
from sessionauth.sessions.timeouts import PRESETS

NO_CRYPTOGRAPHY = Finding(
    "E150",
    "SESSION_ENGINE is sessionauth.sessions.encrypted_cookies, and the package cryptography is not installed.",
    'Run pip install "django-sessionauth[crypto]".',
)
HOST_NAME = Finding(
    "E151",
    "SESSION_COOKIE_NAME is {name}, and its cookie has {what}: browsers refuse it, and nobody stays signed in.",
    "A name in __Host- stands for Secure, the path / and no domain, one in __Secure- for Secure. Give the cookie "
    "these, or another name.",
)
IDLE_OUTLASTS = Finding(
    "W152",
    "A session may be idle for {idle} seconds and lasts {absolute}: it is over before it can be idle for too long.",
    "Make SESSIONAUTH_IDLE_TIMEOUT shorter than SESSIONAUTH_ABSOLUTE_TIMEOUT, or leave it out.",
)
LAXER_THAN_PRESET = Finding(
    "W153",
    "{name} is {value}, longer than SESSIONAUTH_SESSION_PRESET {preset} allows.",
    "Shorten it, or leave it to the preset.",
)
REJECTS_FOR_LONG = Finding(
    "W154",
    'SESSIONAUTH_MAX_SESSIONS_ACTION is "reject", and nothing ends an idle session: a browser that was closed without '
    "signing out keeps its place for as long as SESSION_COOKIE_AGE.",
    'Set SESSIONAUTH_IDLE_TIMEOUT, or choose "evict".',
)
READABLE = Finding(
    "W155",
    "SESSION_ENGINE is signed_cookies: what a session holds, the user's id among it, can be read by whoever sees the "
    "cookie.",
    "Use sessionauth.sessions.encrypted_cookies, or keep sessions on the server.",
    "--deploy",
)
CROSS_SITE = Finding(
    "W156",
    "SESSION_COOKIE_SAMESITE is {value}: browsers send the session along with what other sites ask for.",
    'Set it to "Lax" or "Strict".',
    "--deploy",
)
NO_PREFIX = Finding(
    "W157",
    "SESSION_COOKIE_NAME is {name}: another host of the domain can set a cookie of this name over it.",
    'Begin the name with "__Host-". Everybody has to sign in once more.',
    "--deploy",
)
OUTLIVED = Finding(
    "W158",
    "SESSION_COOKIE_AGE is {value} seconds, longer than a session lasts ({absolute}): browsers and the session store "
    "keep what is over.",
    "Set SESSION_COOKIE_AGE to no more than the absolute timeout.",
    "--deploy",
)

ENDS_AT_ONCE = Finding(
    "E159",
    "{name} is 0: every session ends with the request that began it.",
    "Give a length of time, or None for no such limit.",
)

NO_TABLE = Finding(
    "E245",
    "SESSION_ENGINE is sessionauth.sessions.db, and its table is missing: 'django.contrib.sessions' is not installed.",
    "Add 'django.contrib.sessions' to INSTALLED_APPS and migrate.",
)
NO_ENGINE = Finding(
    "E292",
    "SESSION_ENGINE is {value}, which is no session engine of ours: no server starts with it.",
    "{guess}Correct it.",
)

ENGINE = "sessionauth.sessions.encrypted_cookies"
IN_TABLE = "sessionauth.sessions.db"
SIGNED = "django.contrib.sessions.backends.signed_cookies"


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check what does not work, or not as it reads."""
    return ask(engine, cookie_name, timeouts, zero, preset, number)


def check_deploy(**kwargs: Any) -> list[CheckMessage]:
    """Check what an attacker would be glad of."""
    return ask(readable, same_site, prefix, cookie_age)


def engine() -> Iterator[CheckMessage]:
    """Look for engines of ours that there are not, and for what the others need: a way to encrypt, or a table."""
    name = _django("SESSION_ENGINE")
    if isinstance(name, str) and name.startswith("sessionauth.") and name not in (ENGINE, IN_TABLE):
        yield NO_ENGINE(value=reading.shown(name), guess=reading.guess(name, (ENGINE, IN_TABLE)))
    if _django("SESSION_ENGINE") == ENGINE and find_spec("cryptography") is None:
        yield NO_CRYPTOGRAPHY()
    if _django("SESSION_ENGINE") == IN_TABLE and not apps.is_installed("django.contrib.sessions"):
        yield NO_TABLE()


def cookie_name() -> Iterator[CheckMessage]:
    """Look for a name that promises what the cookie does not keep."""
    name, lacks = str(_django("SESSION_COOKIE_NAME")), []
    if name.lower().startswith(("__host-", "__secure-")) and not reading.flag("SESSION_COOKIE_SECURE"):
        lacks.append("no Secure")
    if name.lower().startswith("__host-"):
        lacks += ["a domain"] if _django("SESSION_COOKIE_DOMAIN") else []
        lacks += ["a path of its own"] if _django("SESSION_COOKIE_PATH") != "/" else []
    if lacks:
        yield HOST_NAME(name=reading.shown(name), what=" and ".join(lacks))


def timeouts() -> Iterator[CheckMessage]:
    """Look for an idle timeout that never comes to pass."""
    idle, absolute = _limit("IDLE_TIMEOUT", 0), _limit("ABSOLUTE_TIMEOUT", 1)
    if idle is not None and absolute is not None and idle >= absolute:
        yield IDLE_OUTLASTS(idle=f"{idle:g}", absolute=f"{absolute:g}")


def zero() -> Iterator[CheckMessage]:
    """Look for timeouts that sign everybody out."""
    for setting in ("IDLE_TIMEOUT", "ABSOLUTE_TIMEOUT"):
        own = reading.value_of(setting)
        if own is not None and not own:
            yield ENDS_AT_ONCE(name=f"SESSIONAUTH_{setting}")


def preset() -> Iterator[CheckMessage]:
    """Look for timeouts with which the preset is not what it says."""
    name = reading.value_of("SESSION_PRESET")
    for place, setting in enumerate(("IDLE_TIMEOUT", "ABSOLUTE_TIMEOUT")):
        own = reading.value_of(setting)
        allowed = None if name is None else PRESETS[name][place]
        if own is not None and allowed is not None and _seconds(own) > allowed:
            shown = reading.shown(own)
            yield LAXER_THAN_PRESET(name=f"SESSIONAUTH_{setting}", value=shown, preset=reading.shown(name))


def number() -> Iterator[CheckMessage]:
    """Look for a number of sessions that locks people out who close their browser."""
    rejects = reading.value_of("MAX_SESSIONS_ACTION") == "reject"
    if rejects and reading.value_of("MAX_SESSIONS") is not None and _limit("IDLE_TIMEOUT", 0) is None:
        yield REJECTS_FOR_LONG()


def readable() -> Iterator[CheckMessage]:
    """Look for sessions that anybody can read who has the cookie."""
    if _django("SESSION_ENGINE") == SIGNED:
        yield READABLE()


def same_site() -> Iterator[CheckMessage]:
    """Look for a session cookie that goes everywhere."""
    value = _django("SESSION_COOKIE_SAMESITE")
    if value is False or str(value).lower() == "none":
        yield CROSS_SITE(value=reading.shown(value))


def prefix() -> Iterator[CheckMessage]:
    """Look for a cookie that could have the safer name and has not; without Secure Django tells of the worse."""
    name = str(_django("SESSION_COOKIE_NAME"))
    may = reading.flag("SESSION_COOKIE_SECURE") and not _django("SESSION_COOKIE_DOMAIN")
    if may and _django("SESSION_COOKIE_PATH") == "/" and not name.lower().startswith("__host-"):
        yield NO_PREFIX(name=reading.shown(name))


def cookie_age() -> Iterator[CheckMessage]:
    """Look for cookies that outlive their sessions."""
    age, absolute = _django("SESSION_COOKIE_AGE"), _limit("ABSOLUTE_TIMEOUT", 1)
    if absolute is not None and isinstance(age, int | float) and age > absolute:
        yield OUTLIVED(value=reading.shown(age), absolute=f"{absolute:g}")


def _django(setting: str) -> Any:
    return getattr(django_settings, setting, None)


def _limit(setting: str, place: int) -> float | None:
    own, name = reading.value_of(setting), reading.value_of("SESSION_PRESET")
    if own is not None:
        return _seconds(own)
    return None if name is None else PRESETS[name][place]


def _seconds(age: timedelta | int) -> float:
    """Return an age as seconds; one that is too long for a number is endless."""
    try:
        return seconds(age)
    except OverflowError:
        return math.inf
