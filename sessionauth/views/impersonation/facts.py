"""What is told of an impersonation: to clients of JSON, and to whoever is about to begin one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils import timezone

from sessionauth import base_user
from sessionauth.authenticators import get_auth
from sessionauth.conf import seconds, settings
from sessionauth.impersonation import rules
from sessionauth.impersonation.stage import stage_of
from sessionauth.models import Impersonation


def told(request: HttpRequest, row: Impersonation | None, **more: Any) -> dict[str, Any]:
    """Return `row`, the impersonation that is in force from now on, None for none; `more` goes in as it is.

    `csrf_token` is for the next request: with every change of who somebody is there is another.
    """
    document: dict[str, Any] = {
        "active": row is not None,
        "actor": person(get_auth(request).actor),
        "target": None,
        "mode": None,
        "may_write": False,
        "started_at": None,
        "expires_at": None,
        "seconds_left": None,
        "idle_seconds_left": None,
        "end_reason": _end_reason(request) or None,
        "csrf_token": get_token(request),
    }
    return document | ({} if row is None else _running(request, row)) | more


def _running(request: HttpRequest, row: Impersonation) -> dict[str, Any]:
    return {
        "target": person(row.target),
        "mode": str(row.mode),
        "may_write": not row.is_read_only or rules.may_write(get_auth(request).actor),
        "started_at": row.started_at.isoformat(),
        "expires_at": row.expires_at.isoformat(),
        "seconds_left": left(row.expires_at),
        "idle_seconds_left": idle_left(row),
    }


def left(moment: datetime) -> int:
    """Return how many whole seconds it is until `moment`."""
    return max(0, int((moment - timezone.now()).total_seconds()))


def idle_left(row: Impersonation) -> int | None:
    """Return after how many seconds without use `row` ends, counted from when that was last noted; None for never."""
    idle = settings.IMPERSONATION_IDLE_AGE
    if idle is None:
        return None
    return max(0, int(seconds(idle) - (timezone.now() - row.last_seen_at).total_seconds()))


def terms(actor: Any) -> dict[str, Any]:
    """Return what will be possible, and for how long, for a page that asks whether to begin."""
    idle = settings.IMPERSONATION_IDLE_AGE
    return {
        "is_read_only": settings.IMPERSONATION_READ_ONLY,
        "may_write": rules.may_write(actor),
        "seconds": int(seconds(settings.IMPERSONATION_MAX_AGE)),
        "idle_seconds": None if idle is None else int(seconds(idle)),
    }


def person(user: Any) -> dict[str, str] | None:
    """Return as much of `user` as clients are told, None for nobody."""
    if user is None or not user.is_authenticated:
        return None
    return {"id": str(user.pk), "display_name": base_user.display_name(user)}


def _end_reason(request: HttpRequest) -> str:
    """Return why what ran has ended in this very request, "" if nothing has."""
    stage = stage_of(request)
    return "" if stage is None else stage.ended
