"""Forms that act once: sent again, by a reload or a second click, they find what they did."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.crypto import get_random_string

#: The hidden field, and where the session keeps what was sent, the last few of them.
FIELD, KEPT, MOST = "_once", "_sessionauth_admin_once", 20


def new() -> str:
    """Return the mark of a form that is shown now."""
    return get_random_string(22)


def done(request: HttpRequest) -> str | None:
    """Return the key of what this form made when it was sent before, None if it was not."""
    mark, kept = request.POST.get(FIELD), _kept(request)
    return next((key for known, key in kept if known == mark), None) if mark else None


def note(request: HttpRequest, key: Any) -> None:
    """Keep that this form made the row `key`."""
    mark = request.POST.get(FIELD)
    if mark and hasattr(request, "session"):
        request.session[KEPT] = [*_kept(request), [mark[:22], str(key)]][-MOST:]


def _kept(request: HttpRequest) -> list[Any]:
    return list(getattr(request, "session", {}).get(KEPT, ()))
