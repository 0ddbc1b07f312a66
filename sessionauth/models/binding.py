"""What binds a credential to a login: its user's session hash, which a new password changes, however it was set."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import Any

from sessionauth import crypto


def session_digests(user: Any) -> list[str]:
    """Return digests of the session hashes of `user`: today's key, then the fallback keys."""
    return list(_session_digests(user))


def is_bound(digest: str, user: Any) -> bool:
    """Say whether `digest` is of a session hash that `user` has now; the fallback keys cost nothing until asked for."""
    return any(hmac.compare_digest(digest, one) for one in _session_digests(user))


def _session_digests(user: Any) -> Iterator[str]:
    if not hasattr(user, "get_session_auth_hash"):
        yield crypto.digest("")
        return
    yield crypto.digest(user.get_session_auth_hash())
    for session_hash in user.get_session_auth_fallback_hash():
        yield crypto.digest(session_hash)
