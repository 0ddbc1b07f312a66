"""How long tokens last, and are refreshed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage

from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask
from sessionauth.conf import seconds
from sessionauth.models import AbstractCredential
from sessionauth.models.credentials import REFRESH_KIND

#: No honest client asks a second time so long after the first.
LONG_GRACE = timedelta(minutes=1)

REFRESH_KIND_TAKEN = Finding(
    "E180",
    "The kind of {model} is that of refresh tokens: its secrets are refused wherever they are shown.",
    'Give it another `kind` than "ref".',
)
REFRESH_TOO_SHORT = Finding(
    "W181",
    "SESSIONAUTH_REFRESH_AGE is not longer than SESSIONAUTH_TOKEN_AGE: whoever waits for a token to run out cannot "
    "refresh it any more.",
    "Make it longer, days for tokens of hours, or None for no refresh tokens.",
)
MAX_TOO_SHORT = Finding(
    "W182",
    "SESSIONAUTH_TOKEN_MAX_AGE is shorter than SESSIONAUTH_TOKEN_AGE: no token lasts as long as that says.",
    "Make it longer, or None for no end.",
)
GRACE_TOO_LONG = Finding(
    "W183",
    "SESSIONAUTH_REFRESH_GRACE is longer than a minute: for so long a thief's use of a refresh token raises no alarm.",
    "Set it to some seconds, enough for a client that asks twice at once.",
)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check what lasts for how long."""
    return ask(kinds, ages)


def kinds() -> Iterator[CheckMessage]:
    """Look for a model that takes the kind of refresh tokens."""
    for model in apps.get_models():
        if issubclass(model, AbstractCredential) and getattr(model, "kind", None) == REFRESH_KIND:
            yield REFRESH_KIND_TAKEN(model, model=model._meta.label)


def ages() -> Iterator[CheckMessage]:
    """Compare the lengths of time with one another."""
    age, refresh_age, max_age = (_seconds(name) for name in ("TOKEN_AGE", "REFRESH_AGE", "TOKEN_MAX_AGE"))
    if age is not None and refresh_age is not None and refresh_age <= age:
        yield REFRESH_TOO_SHORT()
    if age is not None and max_age is not None and max_age < age:
        yield MAX_TOO_SHORT()
    if refresh_age is not None and (_seconds("REFRESH_GRACE") or 0) > LONG_GRACE.total_seconds():
        yield GRACE_TOO_LONG()


def _seconds(name: str) -> float | None:
    value = reading.value_of(name)
    return None if value is None else seconds(value)
