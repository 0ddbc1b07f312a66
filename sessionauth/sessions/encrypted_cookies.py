"""A session engine that keeps sessions in the browser, where nobody can read or change them.

As `SESSION_ENGINE = "sessionauth.sessions.encrypted_cookies"` it needs no store. AES-256-GCM hides and authenticates
what a session holds, its expiry included; the keys are derived from SECRET_KEY, and what SECRET_KEY_FALLBACKS made is
still read. A copy of a cookie is good until then, as with any cookie that is itself the session; that of somebody who
is signed in is not, for their login session can be ended.
"""

from __future__ import annotations

import base64
import secrets
import struct
import zlib
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import signed_cookies
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.encoding import force_bytes

from sessionauth.exceptions import SessionTooLarge

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
except ImportError:
    raise ImproperlyConfigured(
        "SESSION_ENGINE 'sessionauth.sessions.encrypted_cookies' needs the package cryptography: "
        'pip install "django-sessionauth[crypto]"'
    ) from None

#: Version of the format, the first character of a cookie.
VERSION = "1"
PURPOSE = b"sessionauth.sessions.encrypted_cookies"
#: RFC 6265 section 6.1: what a browser has to take, name and value together.
LARGEST = 4096
KEY_ID_LENGTH = 4
#: One half goes into the key, so that no key meets two of the other half however often sessions are saved.
SALT_LENGTH = NONCE_LENGTH = 12
#: When it expires, whether it is compressed, and how long it is without the padding.
HEAD = struct.Struct(">Q?H")
#: The length says no more than in which block of so many bytes it ends: compression must not tell what stands inside.
BLOCK = 64


class SessionStore(signed_cookies.SessionStore):
    """A session that is its own cookie; `session_key` is the whole of it."""

    def load(self) -> dict[str, Any]:
        """Return what the cookie holds; nothing for one that is old, broken, forged or of a key that is gone."""
        data = self._opened()
        if data is None:
            self._session_key = None  # nothing to keep: the cookie is taken back
        return data or {}

    def save(self, must_create: bool = False) -> None:
        """Make a new cookie of the session. Raises SessionTooLarge if browsers would drop it without a word."""
        cookie = seal(self._head_and_data())
        room = LARGEST - len(settings.SESSION_COOKIE_NAME) - 1
        if len(cookie) > room:
            raise SessionTooLarge(self._too_large(len(cookie), room))
        self._session_key = cookie
        self.modified = True

    def _opened(self) -> dict[str, Any] | None:
        plain = unseal(self.session_key or "")
        if plain is None:
            return None
        expires, is_compressed, length = HEAD.unpack_from(plain)
        if timezone.now().timestamp() >= expires:
            return None
        data = plain[HEAD.size : HEAD.size + length]
        try:
            found = self.serializer().loads(zlib.decompress(data) if is_compressed else data)
        except Exception:
            return None  # ours, but written by another serializer
        return found if isinstance(found, dict) else None

    def _head_and_data(self) -> bytes:
        data = self.serializer().dumps(self._session)  # type: ignore[attr-defined]
        expires = int(timezone.now().timestamp() + self.get_expiry_age())
        packed = zlib.compress(data)
        is_compressed = len(packed) < len(data)
        data = packed if is_compressed else data
        if len(data) > LARGEST:
            raise SessionTooLarge(self._too_large(len(data) * 4 // 3, LARGEST))
        plain = HEAD.pack(max(expires, 0), is_compressed, len(data)) + data
        return plain + bytes(-len(plain) % BLOCK)

    def _too_large(self, length: int, room: int) -> str:
        sizes = {name: len(self.serializer().dumps({"": value})) for name, value in self.items()}
        largest = sorted(sizes, key=lambda name: sizes[name], reverse=True)[:3]
        return (
            f"As a cookie the session takes {length} bytes, and browsers keep {room}. Keep less in it (most is in: "
            f"{', '.join(map(repr, largest))}), or keep sessions on the server with another SESSION_ENGINE."
        )


def seal(plain: bytes) -> str:
    """Return `plain` as text that only this site can read, and nobody change, for the cookie of sessions alone."""
    secret = force_bytes(settings.SECRET_KEY)
    key_id, nonce = _key_id(secret), secrets.token_bytes(SALT_LENGTH + NONCE_LENGTH)
    key = _derived(secret, b"key", nonce[:SALT_LENGTH])
    sealed = AESGCM(key).encrypt(nonce[SALT_LENGTH:], plain, _context(key_id))
    return VERSION + base64.urlsafe_b64encode(key_id + nonce + sealed).decode().rstrip("=")


def unseal(text: str) -> bytes | None:
    """Return what `seal()` made into `text`, None for anything else."""
    if text[:1] != VERSION or len(text) > LARGEST or not text.isascii():
        return None
    try:
        raw = base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    key_id, nonce = raw[:KEY_ID_LENGTH], raw[KEY_ID_LENGTH : KEY_ID_LENGTH + SALT_LENGTH + NONCE_LENGTH]
    sealed = raw[KEY_ID_LENGTH + SALT_LENGTH + NONCE_LENGTH :]
    for secret in map(force_bytes, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)):
        if _key_id(secret) != key_id:
            continue
        try:
            key = _derived(secret, b"key", nonce[:SALT_LENGTH])
            plain = AESGCM(key).decrypt(nonce[SALT_LENGTH:], sealed, _context(key_id))
        except (InvalidTag, ValueError):
            continue
        return plain if len(plain) >= HEAD.size else None
    return None


def _context(key_id: bytes) -> bytes:
    """Return what a cookie is bound to besides its key: format, purpose and its own name."""
    return b"\n".join((VERSION.encode(), PURPOSE, settings.SESSION_COOKIE_NAME.encode(), key_id))


def _derived(secret: bytes, use: bytes, salt: bytes | None = None, length: int = 32) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=PURPOSE + b"\n" + use).derive(secret)


@lru_cache(maxsize=16)
def _key_id(secret: bytes) -> bytes:
    return _derived(secret, b"id", length=KEY_ID_LENGTH)
