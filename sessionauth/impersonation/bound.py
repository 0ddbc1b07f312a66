"""CSRF secrets that tell which impersonation a form was made in, and that it was made in one at all.

Django compares the secret in the cookie (or the session) with that in the form. While somebody impersonates, the secret
follows from the impersonation; so a form made as the target is known as such without asking anybody, when it comes
after the end too, and is never taken for one of the actor's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings as django_settings
from django.http import HttpRequest
from django.middleware import csrf
from django.utils.crypto import salted_hmac

from sessionauth import crypto
from sessionauth.conf import djangos

#: 119 bits that nobody can guess, and 71 that say that they are ours.
BODY, TAG = 20, 12


def secret_of(key: object) -> str:
    """Return the CSRF secret of the impersonation `key`."""
    return _secret_of(str(key), djangos.SECRET_KEY)


@lru_cache(maxsize=256)
def _secret_of(key: str, secret_key: str | bytes) -> str:
    # By a key of the site that is given, for what is kept must end with it.
    body = _word("sessionauth.impersonation.csrf", key, BODY, secret_key)
    return body + _word("sessionauth.impersonation.csrf.tag", body, TAG, secret_key)


def is_bound(secret: str | None) -> bool:
    """Say whether `secret` is that of any impersonation, running or not."""
    if not isinstance(secret, str) or len(secret) != BODY + TAG or not secret.isascii():
        return False
    tag = _word("sessionauth.impersonation.csrf.tag", secret[:BODY], TAG, djangos.SECRET_KEY)
    return crypto.is_same(secret[BODY:], tag)


def presented(request: HttpRequest) -> str | None:
    """Return the CSRF secret that `request` came with, None if it is not known; asks no session."""
    found: Any = request.META.get("CSRF_COOKIE")
    if found is None and not django_settings.CSRF_USE_SESSIONS:
        found = request.COOKIES.get(django_settings.CSRF_COOKIE_NAME)
    return found if isinstance(found, str) else None


def put(request: HttpRequest, key: object) -> None:
    """Have forms made, and the cookie sent, with the secret of the impersonation `key`."""
    secret = secret_of(key)
    if request.META.get("CSRF_COOKIE") != secret:
        request.META.update({"CSRF_COOKIE": secret, "CSRF_COOKIE_NEEDS_UPDATE": True})


def of_form(request: HttpRequest) -> str | None:
    """Return the secret of the form, or of the header, of `request` if that was made in an impersonation.

    Reads no body by itself.
    """
    posted: Any = request.__dict__.get("_post")
    token = (posted or {}).get("csrfmiddlewaretoken") or request.META.get(django_settings.CSRF_HEADER_NAME, "")
    if len(token) == csrf.CSRF_TOKEN_LENGTH and token.isalnum() and token.isascii():
        token = csrf._unmask_cipher_token(token)  # type: ignore[attr-defined]
    return token if is_bound(token) else None


def _word(salt: str, value: str, length: int, secret_key: str | bytes) -> str:
    number = int.from_bytes(salted_hmac(salt, value, secret=secret_key, algorithm="sha256").digest())
    chars = csrf.CSRF_ALLOWED_CHARS
    word = ""
    for _ in range(length):
        number, digit = divmod(number, len(chars))
        word += chars[digit]
    return word
