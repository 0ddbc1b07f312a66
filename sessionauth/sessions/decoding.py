"""The data of a session as Django signs it, read in fewer steps than by Django's signer.

What is not just what `signing.dumps()` makes by this site's key goes to `session.decode()`: older keys, other formats,
forgeries. So nothing is accepted here that Django would refuse.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import zlib
from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.core.signing import JSONSerializer, b62_decode
from django.utils.encoding import force_bytes

from sessionauth.conf import djangos
from sessionauth.crypto import Mac

#: The salt of sessions that are cookies.
OF_COOKIES = "django.contrib.sessions.backends.signed_cookies"
#: What stands before data that are compressed.
PACKED = b"."
#: What Django's serializer reads text by.
_json = json.JSONDecoder()
#: The two characters in which base64 differs in URLs.
OF_URLS, PLAIN = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


def decoded(session: SessionBase, text: str) -> dict[str, Any]:
    """Return what `session` has in `text`, the column of its row."""
    try:
        data = _read(session, text, session.key_salt) if type(session).decode is SessionBase.decode else None
    except Exception:
        data = None
    return session.decode(text) if data is None else data


def of_cookie(session: Any) -> dict[str, Any] | None:
    """Return what the cookie `session.session_key` itself holds; None where the session is to find out by itself."""
    try:
        return _read(session, session.session_key, OF_COOKIES, djangos.SESSION_COOKIE_AGE)
    except Exception:
        return None


def _read(session: SessionBase, text: str, salt: str, max_age: float | None = None) -> dict[str, Any] | None:
    """Return the data, None unless this site's key has signed them, within the last `max_age` seconds."""
    # The data, the moment and the signature of both; base64 without its padding.
    signed, _, signature = text.encode().rpartition(b":")
    right = b2a_base64(_mac(salt, djangos.SECRET_KEY).digest(signed), newline=False)
    if not hmac.compare_digest(right.translate(OF_URLS, b"="), signature):
        return None
    packed, _, moment = signed.rpartition(b":")
    if max_age is not None and time.time() - b62_decode(moment.decode()) > max_age:
        return None
    held = a2b_base64(packed.removeprefix(PACKED).translate(PLAIN) + b"===")
    held = zlib.decompress(held) if packed.startswith(PACKED) else held
    if session.serializer is not JSONSerializer:
        data: dict[str, Any] = session.serializer().loads(held)
        return data
    text = held.decode("latin-1")
    data, end = _json.raw_decode(text)
    return data if end == len(text) else None


@lru_cache(maxsize=8)
def _mac(salt: str, secret: str | bytes) -> Mac:
    return Mac(hashlib.sha256(force_bytes(salt + "signer") + force_bytes(secret)).digest())
