"""What JSON clients are told about their session."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token

from sessionauth.authenticators import get_auth
from sessionauth.sessions.timeouts import seconds_left


def facts_of(request: HttpRequest) -> dict[str, Any]:
    """Return who `request` is, how sure that is and for how long, and the CSRF token of the next request."""
    auth = get_auth(request)
    idle, absolute = seconds_left(request)
    return {
        "user": {"id": str(auth.user_id), "display_name": auth.display_name} if auth.has_user else None,
        "state": auth.state.value,
        "method": auth.method,
        "is_fresh": auth.is_fresh,
        "authenticated_at": auth.authenticated_at.isoformat() if auth.authenticated_at is not None else None,
        "idle_seconds_left": _whole(idle),
        "absolute_seconds_left": _whole(absolute),
        "csrf_token": get_token(request),
    }


def _whole(left: float | None) -> int | None:
    return None if left is None else int(left)
