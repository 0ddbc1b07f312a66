"""Short-lived tokens with which a client of somebody's acts as another: for single-page apps, scripts and tools."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from sessionauth.authenticators import get_auth
from sessionauth.conf import settings
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import beginning, rules
from sessionauth.impersonation.middleware import is_installed
from sessionauth.impersonation.standing import time_is_over
from sessionauth.models import Impersonation, ImpersonationToken
from sessionauth.models.base import NAME_LENGTH
from sessionauth.models.tagging import tie
from sessionauth.signals import credential_issued, impersonation_started


@sensitive_variables("issued", "secret")
def issue(
    request: HttpRequest,
    target: Any,
    *,
    reason: str = "",
    reference: str = "",
    write: bool = False,
    scopes: Collection[str] | None = None,
    name: str = "",
) -> tuple[ImpersonationToken, str]:
    """Issue a token with which the person of `request` acts as `target`; return `(row, secret)`.

    The secret cannot be had again. It lasts SESSIONAUTH_IMPERSONATION_MAX_AGE, ends when it is not used for
    SESSIONAUTH_IMPERSONATION_IDLE_AGE and with the session of the person who asked for it, and cannot be extended,
    rotated or refreshed. Another one of the same person ends as "superseded". `reason` and `reference` are those of
    service.start(). `write` asks for more than looking, which needs the permission `impersonate_write`. `scopes`
    restricts it: None for all that the target may. `name` is a label for lists.

    Raises ImpersonationDenied as service.start() does, besides with the code "write", and with "disabled" without
    SESSIONAUTH_IMPERSONATION_TOKENS. Raises ValidationError for scopes that mean nothing here.
    """
    auth = get_auth(request)
    with beginning.told_of_denial(request, auth.actor, target):
        if not are_on():
            raise ImpersonationDenied("disabled")
        beginning.refuse_starter(auth)
        reason, reference = beginning.agreed(request, auth.user, target, reason, reference)
        row = beginning.new_row(
            request,
            auth.user,
            target,
            settings.IMPERSONATION_MAX_AGE,
            reason=reason,
            reference=reference,
            mode=_mode(auth.user, write),
            transport=Impersonation.Transport.TOKEN,
            login_session=beginning.browser_of(auth),
        )
    issued, secret = ImpersonationToken.objects.draft(user=target, scopes=scopes, name=name[:NAME_LENGTH])
    tie(issued, row)
    beginning.enter(row, auth.user, issued)
    row.actor, row.target = auth.user, target
    impersonation_started.send_robust(sender=Impersonation, request=request, impersonation=row)
    credential_issued.send_robust(sender=ImpersonationToken, credential=issued)
    return issued, secret


async def aissue(request: HttpRequest, target: Any, **options: Any) -> tuple[ImpersonationToken, str]:
    """See issue()."""
    return await sync_to_async(issue)(request, target, **options)


def are_on() -> bool:
    """Say whether there are such tokens: they are allowed, and something keeps them to their limits."""
    return settings.IMPERSONATION_TOKENS and is_installed()


def running(actor: Any) -> Impersonation | None:
    """Return the row by which a token of `actor` acts as somebody, with its target; None where there is none."""
    found = beginning.open_rows().filter(actor_id=actor.pk, transport=Impersonation.Transport.TOKEN)
    return next((row for row in found if not time_is_over(row)), None)


def _mode(actor: Any, write: bool) -> str:
    if not settings.IMPERSONATION_READ_ONLY:
        return Impersonation.Mode.WRITE
    if write and not rules.may_write(actor):
        raise ImpersonationDenied("write", beginning.ONLY_LOOKS)
    return Impersonation.Mode.WRITE if write else Impersonation.Mode.READ
