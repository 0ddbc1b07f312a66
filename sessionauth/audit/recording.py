"""Records an event: puts together what is known, tells the log, and keeps the row."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import models
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils import timezone

from sessionauth import http, instances
from sessionauth.accounts import Named
from sessionauth.audit import log, writing
from sessionauth.audit.events import Event
from sessionauth.audit.text import details, printable
from sessionauth.conf import settings
from sessionauth.models import AuthEvent, LoginSession
from sessionauth.request_state import current as current_request
from sessionauth.request_state import state_of

logger = logging.getLogger("sessionauth")


def record(
    event: Event,
    request: HttpRequest | None = None,
    *,
    user: Any = None,
    name: object = None,
    actor: Any = None,
    outcome: str = "",
    reason: str = "",
    method: str = "",
    subject: object = None,
    find: Callable[[], Any] | None = None,
    **data: Any,
) -> None:
    """Record that `event` happened.

    `request` is where, by default the one that is under way. `user` is whom it happened to, as an instance, a key or
    a `Named`; `name` the name that was typed, of which only a digest is kept, and only where it led to nobody. `actor`
    is who did it where that was not the user, by default whoever the request is. `outcome` is "success", "failure"
    or "denied", by default what the event means; `reason` a stable word for why; `method` how somebody was recognised.
    `subject` is the row that it is about; what is no row is not named. `data` are further facts: small, and no secrets.

    Never raises: an event that cannot be recorded is logged as such, and what it tells of goes on.
    """
    try:
        request = request if request is not None else current_request()
        row = _row(event, request)
        row.outcome = outcome or event.outcome
        row.reason = printable(reason, 100)
        row.method = printable(method, 40) or row.method
        row.subject = f"{subject._meta.model_name}:{subject.pk}"[:80] if isinstance(subject, models.Model) else ""
        # Made of every name, so that it takes as long whether or not it leads to anybody.
        typed = None if name is None else writing.Typed.of(name)
        told = None if find is None else writing.recalled(row, typed)
        if find is not None:
            user = find() if told is None else told.whom
        _name_people(row, request, user, actor)
        if typed is not None and user is None:
            data["name"] = typed.digest
        row.data |= details(data)
        log.tell(row)
        if settings.AUDIT and told is None:
            writing.keep(row, event, typed)
    except Exception:
        logger.exception("The event %s could not be recorded.", event)


async def arecord(event: Event, request: HttpRequest | None = None, **facts: Any) -> None:
    """See record()."""
    await sync_to_async(record)(event, request, **facts)


def _row(event: Event, request: HttpRequest | None) -> AuthEvent:
    row: AuthEvent = instances.new(AuthEvent, event=event.value, created_at=timezone.now(), data={})
    if request is not None:
        state_of(request).told.add(event)
        _describe(row, request)
    return row


def _name_people(row: AuthEvent, request: HttpRequest | None, user: Any, actor: Any) -> None:
    if request is not None:
        user = _in_hand(request, user)
        actor = _actor(request, user) if actor is None else actor
    row.user_id, row.user_name = _person(user)
    row.actor_id, row.actor_name = _person(actor)


def _describe(row: AuthEvent, request: HttpRequest) -> None:
    row.ip_address = http.client_ip(request)
    row.user_agent = printable(http.user_agent(request), 300)
    row.path = printable(_route(request), 200)
    token = state_of(request).token
    if token is not None and token.is_authenticated:
        row.method = printable(token.method, 40)
        if isinstance(token.credential, LoginSession):
            row.data["session"] = session_digest(token.credential)


def session_digest(row: LoginSession) -> str:
    """Return the name by which events of one session are known to belong together; it opens nothing."""
    return hashlib.sha256(f"sessionauth.audit:{row.sid}".encode()).hexdigest()[:16]


def _route(request: HttpRequest) -> str:
    """Return the route of `request` rather than its path: links to sign in or to set a password have secrets in it."""
    match = getattr(request, "resolver_match", None)
    if match is None:
        try:
            match = resolve(request.path_info, getattr(request, "urlconf", None))
        except Resolver404:
            return ""
    return f"/{match.route}"


def _in_hand(request: HttpRequest, user: Any) -> Any:
    """Return `user`, and for a bare key the user of `request` if it is theirs: with them there is a name."""
    token = state_of(request).token
    return token.user if token is not None and token.has_user and token.user_id == user else user


def _actor(request: HttpRequest, user: Any) -> Any:
    """Return who is really there, None where it is the user themself or nobody has looked yet."""
    token = state_of(request).token
    if token is None or not token.has_user or user is None:
        return None
    return None if _same(token.actor, user) else token.actor


def _same(one: Any, other: Any) -> bool:
    return bool(getattr(one, "pk", one) == getattr(other, "pk", other))


def _person(user: Any) -> tuple[Any, str]:
    """Return the key and the name to keep of `user`, an instance or a key; both survive the person."""
    if user is None:
        return None, ""
    if isinstance(user, Named):
        return user.pk, printable(user.name, 150)
    if not hasattr(user, "is_authenticated"):
        return user, ""
    name = user.get_username() if hasattr(user, "get_username") else user
    has_row = isinstance(user, get_user_model()) and not user._state.adding
    return user.pk if has_row else None, printable(name, 150)
