"""Who may report leaked secrets."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.core.checks import CheckMessage

from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask

NO_CRYPTOGRAPHY = Finding(
    "E215",
    "Reports of leaked secrets are switched on, but their signatures cannot be judged: cryptography is not installed.",
    'Install "django-sessionauth[crypto]", or take out SESSIONAUTH_LEAK_KEYS_URL and SESSIONAUTH_LEAK_KEYS.',
)
NO_PUBLIC_KEY = Finding(
    "E216",
    "SESSIONAUTH_LEAK_KEYS has under {name} no public key: {error}.",
    "Give a key of the curve P-256 in PEM, from -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----.",
)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check whether reports of leaks can be judged."""
    return ask(signatures)


def signatures() -> Iterator[CheckMessage]:
    """Look for keys that are none, and for what is needed to use them."""
    keys = reading.value_of("LEAK_KEYS")
    if not keys and not reading.value_of("LEAK_KEYS_URL"):
        return
    # Only now: it brings cryptography and a client of HTTP, which few processes need.
    partner = import_module("sessionauth.credentials.partner")
    if not partner.HAS_CRYPTOGRAPHY:
        yield NO_CRYPTOGRAPHY()
        return
    for name, pem in keys.items():
        try:
            partner.public_key(pem)
        except ValueError as error:
            yield NO_PUBLIC_KEY(name=reading.shown(name), error=reading.words_of(error))
