"""A project's own functions, named in settings by their dotted paths."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse

from sessionauth import InvalidCredential


def by_header(request: HttpRequest) -> Any:
    """Know a request by its header X-Employee; refuse a name that nobody has."""
    name = request.headers.get("X-Employee")
    if name is None:
        return None
    try:
        return get_user_model().objects.get(username=name)
    except get_user_model().DoesNotExist:
        raise InvalidCredential("unknown") from None


def teapot(request: HttpRequest, reason: str) -> HttpResponse:
    """Answer instead of a redirect or a 401."""
    return HttpResponse(f"teapot: {reason}", status=418)


def named_in_session(request: HttpRequest, session: Any) -> Any:
    """Know the user by a key of the project's own, as starlite-sessions' handlers do."""
    return get_user_model().objects.filter(pk=session.get("user_id")).first()
