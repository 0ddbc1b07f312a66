"""What we keep in a session: one dict under `KEY`.

It is replaced, never changed in place: a session notices assignments only.
"""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.base import SessionBase

KEY = "_sessionauth"
SID_LENGTH = 43
#: Kept in a restored session until its browser has come with it: the digest of the value that was sent along.
UNCONFIRMED = "unconfirmed"
#: What belongs to one sign-in, and not to the next.
OF_A_SIGN_IN = ("sid", "auth_at", "proofs", "fp", "since", "seen", UNCONFIRMED, "impersonation", "way_back")


def own(session: SessionBase | dict[str, Any]) -> dict[str, Any]:
    """Return a copy of what we keep in `session` (or in its data), empty where there is nothing that could be ours."""
    try:
        # What a session has loaded: to look into it by its own way takes three steps each time.
        kept = session._session_cache.get(KEY)  # type: ignore[union-attr]
        session.accessed = True  # type: ignore[union-attr]
    except AttributeError:
        kept = session.get(KEY)
    return dict(kept) if isinstance(kept, dict) else {}


def data(session: SessionBase) -> dict[str, Any]:
    """Return the dict in which `session` holds its data; a flush leaves it behind as it was."""
    held: dict[str, Any] = session._session  # type: ignore[attr-defined]
    return held


def auth_at_in(own: dict[str, Any]) -> float | None:
    """Return when the person last proved who they are, as a timestamp."""
    auth_at = own.get("auth_at")
    return auth_at if isinstance(auth_at, int | float) else None


def proofs_in(own: dict[str, Any]) -> dict[str, float]:
    """Return when the person last proved who they are by which method, as timestamps."""
    proofs = own.get("proofs")
    return proofs if isinstance(proofs, dict) else {}


def unconfirmed_in(own: dict[str, Any]) -> str | None:
    """Return the digest that a session restored from a remember cookie is to confirm, None if there is none."""
    digest = own.get(UNCONFIRMED)
    return digest if isinstance(digest, str) else None


def sid_in(own: dict[str, Any]) -> str | None:
    """Return the sid in `own`, what we keep in a session; None if there is none.

    What we cannot have given becomes a name that no row has, so that such a session is ended like a forged one.
    """
    sid = own.get("sid")
    if sid is None:
        return None
    return sid if isinstance(sid, str) and 0 < len(sid) <= SID_LENGTH and "\0" not in sid else "-"
