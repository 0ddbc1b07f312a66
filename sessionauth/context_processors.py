"""Who is there, for templates."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from sessionauth.authenticators import get_auth


def request_auth(request: HttpRequest) -> dict[str, Any]:
    """Add `auth`, the UserToken, and `current_user`; both lazy, so that a template that names neither asks nobody."""
    return {
        "auth": SimpleLazyObject(lambda: get_auth(request)),
        "current_user": SimpleLazyObject(lambda: get_auth(request).user),
    }
