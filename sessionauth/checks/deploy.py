"""What works and is not safe in earnest: `manage.py check --deploy`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage

from sessionauth.authenticators.basic import BasicAuthenticator
from sessionauth.checks import reading
from sessionauth.checks.authenticators import is_active
from sessionauth.checks.finding import Finding, ask
from sessionauth.conf import seconds

BASIC_IN_CLEAR = Finding(
    "W100",
    "HTTP Basic is on, but SECURE_SSL_REDIRECT is not: passwords may travel unencrypted, with every request.",
    "Serve HTTPS only and set SECURE_SSL_REDIRECT; silence this check if a proxy refuses plain HTTP.",
    "--deploy",
)
FALLS_THROUGH = Finding(
    "W101",
    'SESSIONAUTH_INVALID_CREDENTIAL is "ignore": a program whose key was revoked goes on as a stranger, unnoticed.',
    'Set it to "reject".',
    "--deploy",
)
LONG_FRESH = Finding(
    "W102",
    "SESSIONAUTH_FRESH_AGE is {value}: a login counts as fresh for more than a day.",
    "Set it to a length of time that nobody is likely to leave a desk for, such as 15 minutes.",
    "--deploy",
)

DAY = 24 * 60 * 60


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check what an attacker would try first."""
    return ask(basic, invalid_credentials, fresh_age)


def basic() -> Iterator[CheckMessage]:
    """Look for passwords on every request, perhaps in clear."""
    if is_active(BasicAuthenticator) and not reading.flag("SECURE_SSL_REDIRECT"):
        yield BASIC_IN_CLEAR()


def invalid_credentials() -> Iterator[CheckMessage]:
    """Look for the policy that turns a revoked key into a stranger."""
    if reading.value_of("INVALID_CREDENTIAL") == "ignore":
        yield FALLS_THROUGH()


def fresh_age() -> Iterator[CheckMessage]:
    """Look for logins that stay fresh for days."""
    age = reading.value_of("FRESH_AGE")
    try:
        too_long = seconds(age) > DAY
    except OverflowError:
        too_long = True
    if too_long:
        yield LONG_FRESH(value=reading.shown(age))
