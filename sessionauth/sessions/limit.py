"""With how many browsers a user may be signed in at once, exact also where logins come at the same moment."""

from __future__ import annotations

from contextlib import ExitStack

from django.contrib.auth import get_user_model
from django.db import models, router, transaction
from django.utils import timezone

from sessionauth import audit
from sessionauth.accounts import Named
from sessionauth.conf import settings
from sessionauth.exceptions import TooManySessions
from sessionauth.models import LoginSession, RememberToken, saving
from sessionauth.sessions import timeouts

REASON = "evicted"


def save(row: LoginSession) -> None:
    """Save the new `row`, whatever the limit."""
    saving.insert(row, router.db_for_write(LoginSession))


def enter(row: LoginSession) -> None:
    """Save the new `row`, and keep to SESSIONAUTH_MAX_SESSIONS: the oldest are signed out, or this one is refused.

    Each login enters its row first and then waits for the user's row, so that the last of several sees them all.
    SQLite knows no such lock; there the first write holds up all others.

    Raises TooManySessions, and enters nothing.
    """
    if settings.MAX_SESSIONS is None:
        save(row)
        return
    model, using = get_user_model(), router.db_for_write(LoginSession)
    with ExitStack() as transactions:
        # The outer one, if they are two, holds the lock until the rows are committed.
        for alias in dict.fromkeys((router.db_for_write(model), using)):
            transactions.enter_context(transaction.atomic(using=alias))
        save(row)
        users = model._base_manager.using(router.db_for_write(model)).select_for_update()
        name = users.filter(pk=row.user_id).values_list(model.USERNAME_FIELD, flat=True).first()
        owner = Named(row.user_id, str(name))
        _make_room(row, settings.MAX_SESSIONS, LoginSession._base_manager.using(using), owner)


def _make_room(row: LoginSession, limit: int, rows: models.QuerySet[LoginSession], owner: Named) -> None:
    others = rows.filter(timeouts.live(), user_id=row.user_id).exclude(pk=row.pk).order_by("-created_at", "-pk")
    over = list(others.only("pk", "remember_token_id")[limit - 1 :])
    if not over:
        return
    if settings.MAX_SESSIONS_ACTION == "reject":
        raise TooManySessions
    ended = {"revoked_at": timezone.now(), "revoked_reason": REASON}
    rows.filter(pk__in=[one.pk for one in over], revoked_at=None).update(**ended)
    # A remembered browser would be back at its next request, in the place of another one.
    remembered = [one.remember_token_id for one in over if one.remember_token_id is not None]
    if remembered:
        tokens = RememberToken._base_manager.using(router.db_for_write(RememberToken))
        tokens.filter(pk__in=remembered, revoked_at=None).update(**ended)
    audit.record(audit.Event.SESSION_EVICTED, user=owner, sessions=[one.pk for one in over])
