"""What binds a credential to a login: its user's session hash, which a new password changes, however it was set."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from django.contrib.auth import base_user
from django.utils.encoding import force_bytes

from sessionauth import crypto
from sessionauth.conf import djangos

#: Its way to a hash by a given key is private; the type stubs do not know it.
DJANGOS: Any = base_user.AbstractBaseUser
#: The salt of Django's session hashes.
SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"


def session_hash(user: Any) -> str:
    """Return `user.get_session_auth_hash()`, in fewer steps where that is Django's own; keeps nothing of the user."""
    own: Any = type(user)
    if _is_djangos(own) and "get_session_auth_hash" not in vars(user):
        mac = _mac(djangos.SECRET_KEY)
        if mac is not None:
            password = user.password
            return mac.digest(password.encode() if type(password) is str else force_bytes(password)).hex()
    found: str = user.get_session_auth_hash()
    return found


def _is_djangos(model: Any) -> bool:
    return (
        getattr(model, "get_session_auth_hash", None) is DJANGOS.get_session_auth_hash
        and model._get_session_auth_hash is DJANGOS._get_session_auth_hash
    )


@lru_cache(maxsize=8)
def _mac(secret: str | bytes) -> crypto.Mac | None:
    """Return what makes session hashes as Django does, None if the next Django makes them in another way."""
    mac = crypto.Mac(hashlib.sha256(SALT.encode() + force_bytes(secret)).digest())
    probe = SimpleNamespace(password="")
    found = DJANGOS._get_session_auth_hash(probe, secret=secret)
    return mac if hmac.compare_digest(found, mac.digest(b"").hex()) else None


def session_digests(user: Any) -> list[str]:
    """Return digests of the session hashes of `user`: today's key, then the fallback keys."""
    return [_session_digest(user), *_fallback_digests(user)]


def is_bound(digest: str, user: Any) -> bool:
    """Say whether `digest` is of a session hash that `user` has now; the fallback keys cost nothing until asked for."""
    if hmac.compare_digest(digest, _session_digest(user)):
        return True
    return any(hmac.compare_digest(digest, one) for one in _fallback_digests(user))


def _session_digest(user: Any) -> str:
    return crypto.digest(session_hash(user) if hasattr(user, "get_session_auth_hash") else "")


def _fallback_digests(user: Any) -> Iterator[str]:
    if hasattr(user, "get_session_auth_hash"):
        yield from map(crypto.digest, user.get_session_auth_fallback_hash())
