"""Our own way of signing in: a partner's system signs each request with a secret that both sides know.

The secret itself never travels. What is signed is when, what and where, so that a recorded request can be neither
changed nor sent again later::

    X-Partner: northwind
    X-Partner-Timestamp: 1767225600
    X-Partner-Signature: <HMAC-SHA256 in hex of timestamp, method, path and SHA-256 of the body, one a line>
"""

from __future__ import annotations

import hashlib
import hmac
import time

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from accounts.models import User
from sessionauth import InvalidCredential


def authenticate(request: HttpRequest) -> User | None:
    """Return the user who stands for the partner that signed `request`, None if it is signed by nobody.

    This is the callback named in SESSIONAUTH_AUTHENTICATORS. Raises InvalidCredential for a signature that is there
    and wrong: going on as if it were absent would hide a partner's mistake behind somebody's anonymous answer.
    """
    name = request.headers.get("X-Partner")
    if name is None:
        return None
    secret = settings.PARTNER_SECRETS.get(name)
    timestamp = request.headers.get("X-Partner-Timestamp", "")
    if secret is None or not _is_recent(timestamp):
        raise InvalidCredential("unknown" if secret is None else "expired")
    expected = signature(secret, timestamp, str(request.method), request.get_full_path(), request.body)
    # A plain == stops at the first wrong character, and the time it takes tells how many were right.
    if not constant_time_compare(expected, request.headers.get("X-Partner-Signature", "")):
        raise InvalidCredential("wrong")
    return User.objects.get_by_natural_key(address(name))


def signature(secret: str, timestamp: str, method: str, path: str, body: bytes = b"") -> str:
    """Return the signature of a request; the partner's side computes the same."""
    message = "\n".join((timestamp, method, path, hashlib.sha256(body).hexdigest()))
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def signed_headers(name: str, method: str, path: str, *, moment: float | None = None) -> tuple[tuple[str, str], ...]:
    """Return the headers with which the partner `name` signs a request without a body, at `moment` or now."""
    timestamp = str(int(time.time() if moment is None else moment))
    signed = signature(settings.PARTNER_SECRETS[name], timestamp, method, path)
    return (("X-Partner", name), ("X-Partner-Timestamp", timestamp), ("X-Partner-Signature", signed))


def address(name: str) -> str:
    """Return the address under which the partner `name` is a user of this site."""
    return f"{name}@partners.example"


def _is_recent(timestamp: str) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        return False
    return abs(time.time() - int(timestamp)) <= settings.PARTNER_CLOCK_SKEW.total_seconds()
