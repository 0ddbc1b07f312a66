"""What every impersonation begins with, whatever carries it: receivers that may be against it, and its row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from sessionauth import http, signals
from sessionauth.audit.text import printable
from sessionauth.conf import seconds
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.models import Impersonation
from sessionauth.models.binding import session_digests


def ask_receivers(request: HttpRequest, actor: Any, target: Any, reason: str = "") -> None:
    """Raise ImpersonationDenied ("vetoed") if a receiver of `impersonation_starting` is against it."""
    facts = {"request": request, "actor": actor, "target": target, "reason": reason}
    try:
        signals.impersonation_starting.send(sender=Impersonation, **facts)
    except PermissionDenied as veto:
        raise ImpersonationDenied("vetoed", str(veto)) from veto


def new_row(request: HttpRequest, actor: Any, target: Any, lasting: timedelta | int, **values: Any) -> Impersonation:
    """Return the row of `actor` acting as `target` from now on, not saved yet.

    It ends after `lasting`, a timedelta or seconds; `values` are its further fields.
    """
    moment = timezone.now()
    return Impersonation(
        actor_id=actor.pk,
        actor_name=printable(actor.get_username(), 150),
        target_id=target.pk,
        target_name=printable(target.get_username(), 150),
        started_at=moment,
        last_seen_at=moment,
        expires_at=moment + timedelta(seconds=seconds(lasting)),
        ip_address=http.client_ip(request),
        user_agent=http.user_agent(request),
        actor_digest=session_digests(actor)[0],
        target_digest=session_digests(target)[0],
        **values,
    )
