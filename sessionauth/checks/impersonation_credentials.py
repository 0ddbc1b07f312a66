"""Whether what is issued to somebody who acts as another, or while they do, is read, and held to its limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage

from sessionauth.authenticators.base import CredentialAuthenticator
from sessionauth.checks import authenticators, reading
from sessionauth.checks.finding import Finding, ask
from sessionauth.conf import PREFIX, seconds
from sessionauth.impersonation.middleware import ImpersonationMiddleware

NOT_HELD = Finding(
    "E250",
    "{name} is True, and ImpersonationMiddleware is not there, which keeps them to their limits: they are accepted "
    "nowhere.",
    "Add 'sessionauth.impersonation.middleware.ImpersonationMiddleware' to MIDDLEWARE, right after "
    "sessionauth.middleware.AuthenticationMiddleware, or leave the setting out.",
)
NOT_READ = Finding(
    "W251",
    "{name} is True, and nothing in SESSIONAUTH_AUTHENTICATORS reads keys or tokens: what is issued is of no use.",
    "Add 'sessionauth.authenticators.token.BearerAuthenticator', or leave the setting out.",
)
LONG = Finding(
    "W252",
    "SESSIONAUTH_IMPERSONATION_TOKENS is True, and by SESSIONAUTH_IMPERSONATION_MAX_AGE they act as users for {hours} "
    "hours: whoever finds one is that user for as long.",
    "Let them last for an hour at most, or leave the setting out.",
)
SWITCHES = ("IMPERSONATION_CREDENTIALS", "IMPERSONATION_TOKENS")
#: In seconds.
HOUR = 3600


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check what is around the two settings, where one of them is on."""
    return ask(switches, ages)


def switches() -> Iterator[CheckMessage]:
    """Look for who reads what is issued, and who holds it to its limits."""
    on = [PREFIX + name for name in SWITCHES if reading.value_of(name)]
    kinds = [reading.load(path).found for path in reading.strings("MIDDLEWARE")] if on else []
    is_held = any(isinstance(kind, type) and issubclass(kind, ImpersonationMiddleware) for kind in kinds)
    found = authenticators.made() if on else []
    # What one that cannot be made was to read, nobody knows; that it cannot is said already.
    is_read = any(one.wrong is not None or isinstance(one.authenticator, CredentialAuthenticator) for one in found)
    for name in on:
        if not is_held:
            yield NOT_HELD(name=name)
        if not is_read:
            yield NOT_READ(name=name)


def ages() -> Iterator[CheckMessage]:
    """Look for tokens that are not short-lived."""
    age = seconds(reading.value_of("IMPERSONATION_MAX_AGE"))
    if reading.value_of("IMPERSONATION_TOKENS") and age > HOUR:
        yield LONG(hours=round(age / HOUR, 1))
