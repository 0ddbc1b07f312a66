"""Settings that are of the right type and still say nothing good."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.checks import CheckMessage

from sessionauth import crypto
from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask
from sessionauth.conf import PREFIX, seconds

BAD_WORD = Finding(
    "E010",
    "{name} is {value}, from which no key could be made that is recognised again.",
    "Use at most 16 lower-case letters and digits, beginning with a letter.",
)
ENDLESS_AGE = Finding(
    "E011", "{name} is {value}, which is longer than dates reach back.", "Give a length of time in days, not in eras."
)
ALWAYS_WRITES = Finding(
    "W012",
    "SESSIONAUTH_LAST_USED_INTERVAL is 0: every request with a key, a token or a session writes to the database.",
    "Set it to a minute or more, or to None to keep no such times.",
)
REALM_NOT_ASCII = Finding(
    "W013",
    "{name} is {value}, of which challenges carry only the printable ASCII characters.",
    "Choose a realm of printable ASCII characters.",
)
STRANGE_METHOD = Finding(
    "W014",
    "SESSIONAUTH_EXEMPT_METHODS contains {method}, which no request matches.",
    "Write HTTP methods in capital letters, as they come.",
)
EXEMPT_METHOD = Finding(
    "W015",
    "SESSIONAUTH_EXEMPT_METHODS contains {method}: those who are not logged in get an empty answer to it, and never "
    "the login page.",
    "Take it out. Paths that anybody may use belong into SESSIONAUTH_EXEMPT.",
)

#: Methods by which people and programs use a site; the others ask about it.
USED_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}

#: The settings that are lengths of time.
AGES = (
    "FRESH_AGE",
    "IDLE_TIMEOUT",
    "ABSOLUTE_TIMEOUT",
    "REMEMBER_AGE",
    "REMEMBER_GRACE",
    "DEVICE_COOKIE_AGE",
    "UNLOCK_AGE",
    "LAST_USED_INTERVAL",
    "AUDIT_RETENTION",
    "IMPERSONATION_MAX_AGE",
    "IMPERSONATION_IDLE_AGE",
    "IMPERSONATION_TOTAL_AGE",
)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check values that only look right."""
    return ask(words_of_keys, ages, realm, exempt_methods)


def words_of_keys() -> Iterator[CheckMessage]:
    """Look for brands and environments that crypto.parse() would not read back."""
    for name in ("KEY_BRAND", "KEY_ENVIRONMENT"):
        word = str(reading.value_of(name))
        if not (crypto.WORD.match(word) or (name == "KEY_ENVIRONMENT" and not word)):
            yield BAD_WORD(name=PREFIX + name, value=reading.shown(word))


def ages() -> Iterator[CheckMessage]:
    """Look for lengths of time that overflow, or make every request a write."""
    for name in AGES:
        age = reading.value_of(name)
        if age is None:
            continue
        try:
            datetime.now(UTC) - timedelta(seconds=seconds(age))
        except OverflowError:
            yield ENDLESS_AGE(name=PREFIX + name, value=reading.shown(age))
        else:
            if name == "LAST_USED_INTERVAL" and seconds(age) == 0:
                yield ALWAYS_WRITES()


def realm() -> Iterator[CheckMessage]:
    """Look for a realm that would lose characters."""
    value = str(reading.value_of("REALM"))
    if not all(" " <= char <= "~" for char in value):
        yield REALM_NOT_ASCII(name=PREFIX + "REALM", value=reading.shown(value))


def exempt_methods() -> Iterator[CheckMessage]:
    """Look for methods that no request has, and for those that want an answer."""
    for method in sorted(set(reading.value_of("EXEMPT_METHODS"))):
        if not method.isascii() or not method.isalpha() or method != method.upper():
            yield STRANGE_METHOD(method=reading.shown(method))
        elif method in USED_METHODS:
            yield EXEMPT_METHOD(method=method)
