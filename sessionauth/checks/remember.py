"""The remember cookie: whether browsers take it, and whether it outlives what it may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage

from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask
from sessionauth.conf import seconds
from sessionauth.sessions.timeouts import PRESETS, STRICT

HOST_NAME = Finding(
    "E130",
    "SESSIONAUTH_REMEMBER_COOKIE_NAME is {name}, and its cookie has {what}: browsers refuse it.",
    "A name in __Host- stands for Secure, the path / and no domain, one in __Secure- for Secure. Give the cookie "
    "these, or another name.",
)
CROSS_SITE = Finding(
    "E131",
    'The remember cookie has SameSite "None" and is not Secure: browsers refuse it.',
    "Set SESSIONAUTH_REMEMBER_COOKIE_SECURE, or leave SESSIONAUTH_REMEMBER_COOKIE_SAMESITE to SESSION_COOKIE_SAMESITE.",
)
BAD_NAME = Finding(
    "E132",
    "SESSIONAUTH_REMEMBER_COOKIE_NAME is {name}, which cannot be the name of a cookie of its own.",
    "Use letters, digits, - and _, and no name that SESSION_COOKIE_NAME, CSRF_COOKIE_NAME or another cookie has.",
)
OUTLIVES = Finding(
    "W133",
    "SESSIONAUTH_REMEMBER_AGE is {value}, longer than a login lasts by {limit}: a remembered browser takes up what was "
    "to be over.",
    "Shorten it, or know that a person is asked for a proof only where a view wants a fresh login. Under the presets "
    '"aal2" and "aal3" a browser is forgotten with the login in any case.',
)
LAXER = Finding(
    "W134",
    "The remember cookie has SameSite {own}, the session cookie {session}: where a browser brings the one and not the "
    "other, a remembered session takes the place of a fresh one.",
    "Leave SESSIONAUTH_REMEMBER_COOKIE_SAMESITE to SESSION_COOKIE_SAMESITE.",
)
IN_CLEAR = Finding(
    "W135",
    "The remember cookie is not Secure: it may travel unencrypted, and whoever reads it comes in.",
    "Set SESSION_COOKIE_SECURE, and leave SESSIONAUTH_REMEMBER_COOKIE_SECURE to it.",
    "--deploy",
)
OPEN_TO_SCRIPTS = Finding(
    "W136",
    "SESSIONAUTH_REMEMBER_COOKIE_HTTPONLY is off: a script that gets into a page takes the cookie along.",
    "Leave it on; no script has use for it.",
    "--deploy",
)

TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
STRICTNESS = {"none": 0, "lax": 1, "strict": 2}


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check what keeps the cookie from working."""
    return ask(name, cross_site, age, same_site)


def check_deploy(**kwargs: Any) -> list[CheckMessage]:
    """Check what keeps the cookie from being safe."""
    return ask(secure, scripts)


def name() -> Iterator[CheckMessage]:
    """Look for names that promise what the cookie does not keep, or that are taken."""
    given = reading.value_of("REMEMBER_COOKIE_NAME")
    if given is None:
        return
    given = str(given)
    others = {_django(f"{which}_COOKIE_NAME") for which in ("SESSION", "CSRF", "LANGUAGE")}
    if not TOKEN.fullmatch(given) or given in others | {"messages", reading.value_of("DEVICE_COOKIE_NAME")}:
        yield BAD_NAME(name=reading.shown(given))
    lacks = []
    if given.lower().startswith(("__host-", "__secure-")) and not _is_secure():
        lacks.append("no Secure")
    if given.lower().startswith("__host-"):
        lacks += ["a domain"] if _domain() else []
        lacks += ["a path of its own"] if reading.value_of("REMEMBER_COOKIE_PATH") != "/" else []
    if lacks:
        yield HOST_NAME(name=reading.shown(given), what=" and ".join(lacks))


def cross_site() -> Iterator[CheckMessage]:
    """Look for a cookie that is to go everywhere, and goes nowhere."""
    if _same_site() == "none" and not _is_secure():
        yield CROSS_SITE()


def same_site() -> Iterator[CheckMessage]:
    """Look for a remember cookie that comes where the session does not."""
    own, session = _same_site(), str(_django("SESSION_COOKIE_SAMESITE") or "lax").lower()
    if STRICTNESS.get(own, 1) < STRICTNESS.get(session, 1):
        yield LAXER(own=own.capitalize(), session=session.capitalize())


def age() -> Iterator[CheckMessage]:
    """Look for browsers that are remembered longer than a login may last."""
    lasts, preset = reading.value_of("REMEMBER_AGE"), reading.value_of("SESSION_PRESET")
    limit, named = reading.value_of("ABSOLUTE_TIMEOUT"), "SESSIONAUTH_ABSOLUTE_TIMEOUT"
    if limit is None and preset is not None:
        limit, named = timedelta(seconds=PRESETS[preset][1]), "SESSIONAUTH_SESSION_PRESET"
    if limit is not None and preset not in STRICT and seconds(lasts) > seconds(limit):
        yield OUTLIVES(value=reading.shown(lasts), limit=named)


def secure() -> Iterator[CheckMessage]:
    """Look for a cookie that anybody on the way can read; of the session cookie Django tells."""
    if _django("SESSION_COOKIE_SECURE") and not _is_secure():
        yield IN_CLEAR()


def scripts() -> Iterator[CheckMessage]:
    """Look for a cookie that scripts can read."""
    if not reading.value_of("REMEMBER_COOKIE_HTTPONLY"):
        yield OPEN_TO_SCRIPTS()


def _django(setting: str) -> Any:
    return getattr(django_settings, setting, None)


def _is_secure() -> bool:
    own = reading.value_of("REMEMBER_COOKIE_SECURE")
    return bool(_django("SESSION_COOKIE_SECURE") if own is None else own)


def _domain() -> Any:
    own = reading.value_of("REMEMBER_COOKIE_DOMAIN")
    return _django("SESSION_COOKIE_DOMAIN") if own is None else own


def _same_site() -> str:
    own = reading.value_of("REMEMBER_COOKIE_SAMESITE")
    return str((_django("SESSION_COOKIE_SAMESITE") if own is None else own) or "lax").lower()
