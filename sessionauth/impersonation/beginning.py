"""What every impersonation begins with, whatever carries it: who may be against it, and its row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import models, router, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessionauth import http, signals
from sessionauth.audit.text import printable
from sessionauth.conf import seconds, settings
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import rules, said
from sessionauth.login import BY_SESSION
from sessionauth.models import Impersonation, ImpersonationToken, LoginSession
from sessionauth.models.binding import session_digests
from sessionauth.user_token import UserToken

#: What people are told of what is in the way.
NESTED = _("Stop first: you are acting as somebody else.")
ONLY_LOOKS = _("You may only look.")


def refuse_starter(auth: UserToken) -> None:
    """Raise ImpersonationDenied for who begins nothing at all: no person, within another one, or not fresh."""
    if not auth.has_user:
        raise ImpersonationDenied("nobody")
    if auth.is_impersonating:
        raise ImpersonationDenied("nested", NESTED)
    if auth.is_program or auth.method not in BY_SESSION:
        raise ImpersonationDenied("program")
    if settings.IMPERSONATION_FRESH and not auth.is_fresh:
        raise ImpersonationDenied("stale", _("Please confirm that it is you."))


def agreed(request: HttpRequest, actor: Any, target: Any, reason: str, reference: str) -> tuple[str, str]:
    """Return `reason` and `reference` as they are kept, once everybody agrees. Raises ImpersonationDenied."""
    rules.check(request, actor, target)
    reason, reference = said.reason(reason), said.reference(reference)
    ask_receivers(request, actor, target, reason)
    return reason, reference


@contextmanager
def told_of_denial(request: HttpRequest, actor: Any, target: Any) -> Iterator[None]:
    """Tell `impersonation_denied` if the block raises ImpersonationDenied."""
    try:
        yield
    except ImpersonationDenied as denial:
        facts = {"request": request, "actor": actor, "target": target, "reason": denial}
        signals.impersonation_denied.send_robust(sender=Impersonation, **facts)
        raise


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


def browser_of(auth: UserToken) -> LoginSession | None:
    """Return the sign-in that the impersonation which `auth` begins ends with; None where it has no row."""
    return auth.credential if isinstance(auth.credential, LoginSession) else None


def open_rows() -> models.QuerySet[Impersonation]:
    """Return the impersonations that nobody has ended, read where they are written."""
    return Impersonation._base_manager.using(router.db_for_write(Impersonation)).filter(ended_at=None)


def enter(row: Impersonation, actor: Any, token: ImpersonationToken | None = None) -> None:
    """Save `row`, with its `token`, in the place of what else its actor runs by the same: of several at once one stays.

    The others end as "superseded".
    """
    with _alone(actor):
        for other in open_rows().filter(actor_id=actor.pk, transport=row.transport):
            other.end("superseded")
        row.save(force_insert=True, using=router.db_for_write(Impersonation))
        if token is not None:
            token.save(force_insert=True, using=router.db_for_write(ImpersonationToken))


@contextmanager
def _alone(user: Any) -> Iterator[None]:
    """Hold the row of `user` until what is written is committed; on SQLite the first write holds up all others."""
    model = get_user_model()
    with ExitStack() as transactions:
        for alias in dict.fromkeys(router.db_for_write(one) for one in (model, Impersonation, ImpersonationToken)):
            transactions.enter_context(transaction.atomic(using=alias))
        users = model._base_manager.using(router.db_for_write(model)).select_for_update()
        users.filter(pk=user.pk).values_list("pk").first()
        yield
