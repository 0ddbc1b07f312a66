"""Starting, stopping, extending and upgrading an impersonation: the acts, whoever asks for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessionauth import signals
from sessionauth.authenticators import get_auth
from sessionauth.conf import seconds, settings
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import beginning, bound, rules, said
from sessionauth.impersonation.beginning import open_rows
from sessionauth.impersonation.stage import Stage, put_claim, stage_of
from sessionauth.impersonation.standing import time_is_over
from sessionauth.models import Impersonation
from sessionauth.request_state import current, state_of

NOT_RUNNING = _("You are not acting as anybody.")
#: The condition of those that each request of a program begins or goes on with.
BY_HEADER = models.Q(transport=Impersonation.Transport.HEADER)


def current_impersonation() -> Impersonation | None:
    """Return the impersonation of the request that is under way, None for none; for logs, tasks and history.

    Asks nobody: where no one has looked yet at who the request is, it is None.
    """
    request = current()
    token = None if request is None else state_of(request).known
    found: Impersonation | None = None if token is None else token.impersonation
    return found


def start(request: HttpRequest, target: Any, *, reason: str = "", reference: str = "") -> Impersonation:
    """Have the person of `request` act as `target` from the next request on, and return the row.

    `reason` says why, by SESSIONAUTH_IMPERSONATION_REASON, and `reference` names a ticket or the like, by
    SESSIONAUTH_IMPERSONATION_REFERENCE; both are cut to what the row holds. Another impersonation of the same person
    ends as "superseded".

    Raises ImpersonationDenied, with a code: "nobody" is there, or a "program"; they impersonate already ("nested"), or
    have not proved just now who they are ("stale"); a "reason" or "reference" is missing or not as it is to be; a
    receiver of `impersonation_starting` is against it ("vetoed"); or what sessionauth.impersonation.rules.check() says.
    """
    stage, auth = _stage(request), get_auth(request)
    with beginning.told_of_denial(request, auth.actor, target):
        beginning.refuse_starter(auth)
        reason, reference = beginning.agreed(request, auth.user, target, reason, reference)
    mode = Impersonation.Mode.READ if settings.IMPERSONATION_READ_ONLY else Impersonation.Mode.WRITE
    values = {"reason": reason, "reference": reference, "mode": mode, "login_session": beginning.browser_of(auth)}
    row = beginning.new_row(request, auth.user, target, settings.IMPERSONATION_MAX_AGE, **values)
    beginning.enter(row, auth.user)
    put_claim(request.session, row.pk)
    bound.put(request, row.pk)
    stage.begun = row
    signals.impersonation_started.send_robust(sender=Impersonation, request=request, impersonation=row)
    return row


async def astart(request: HttpRequest, target: Any, *, reason: str = "", reference: str = "") -> Impersonation:
    """See start()."""
    return await sync_to_async(start)(request, target, reason=reason, reference=reference)


def stop(request: HttpRequest) -> bool:
    """End the impersonation of `request`, which is the actor's again, and say whether there was one.

    Needs no permission, and nobody's consent.
    """
    stage = _stage(request)
    get_auth(request)
    if stage.row is None or stage.ended:
        return False
    stage.end("released")
    stage.show_actor()
    return True


async def astop(request: HttpRequest) -> bool:
    """See stop()."""
    return await sync_to_async(stop)(request)


def signed_out(request: HttpRequest) -> bool:
    """Say whether `request` has just signed its target out, which ends the impersonation and nothing else.

    Then it is the actor's again, as after stop(). No I/O.
    """
    stage = stage_of(request)
    if stage is None or not stage.has_signed_out:
        return False
    stage.show_actor()
    return True


def extend(request: HttpRequest, *, reason: str = "") -> Impersonation:
    """Have the impersonation of `request` last for SESSIONAUTH_IMPERSONATION_MAX_AGE from now, and return the row.

    However often, it ends SESSIONAUTH_IMPERSONATION_TOTAL_AGE after its start.

    Raises ImpersonationDenied with the code "not_running", "reason", or "longest" where it cannot last any longer.
    """
    end, row = _end_of(timezone.now()), get_auth(request).impersonation
    if row is not None and settings.IMPERSONATION_TOTAL_AGE is not None:
        end = min(end, row.started_at + timedelta(seconds=seconds(settings.IMPERSONATION_TOTAL_AGE)))
    if row is not None and end <= row.expires_at:
        raise ImpersonationDenied("longest", _("It cannot last any longer. Stop, and begin anew."))
    return _changed(request, "extended", reason, expires_at=end)


async def aextend(request: HttpRequest, *, reason: str = "") -> Impersonation:
    """See extend()."""
    return await sync_to_async(extend)(request, reason=reason)


def upgrade(request: HttpRequest, *, reason: str = "") -> Impersonation:
    """Let the person of `request` change things as their target from now on, and return the row; again is nothing new.

    Raises ImpersonationDenied with the code "not_running", "reason", or "write" for those who may only read.
    """
    auth = get_auth(request)
    if auth.is_impersonating and not rules.may_write(auth.actor):
        with beginning.told_of_denial(request, auth.actor, auth.user):
            raise ImpersonationDenied("write", beginning.ONLY_LOOKS)
    if auth.impersonation is not None and not auth.impersonation.is_read_only:
        return auth.impersonation  # type: ignore[no-any-return]
    return _changed(request, "upgraded", reason, mode=Impersonation.Mode.WRITE)


async def aupgrade(request: HttpRequest, *, reason: str = "") -> Impersonation:
    """See upgrade()."""
    return await sync_to_async(upgrade)(request, reason=reason)


def running() -> models.Q:
    """Return the condition of those that go on, whether or not anybody has looked whether they may."""
    now, idle = timezone.now(), settings.IMPERSONATION_IDLE_AGE
    condition = models.Q(ended_at=None, expires_at__gt=now)
    if idle is None:
        return condition
    is_used = models.Q(last_seen_at__gt=now - timedelta(seconds=seconds(idle)))
    return condition & (is_used | BY_HEADER)


def is_running(row: Impersonation) -> bool:
    """Say whether `row` goes on."""
    if row.is_by_header:
        return not row.has_ended
    return row.ended_at is None and not time_is_over(row)


def close(claim: str, reason: str) -> None:
    """End the impersonation whose key a session names as `claim`, if there is one."""
    try:
        key = UUID(claim)
    except ValueError:
        return
    for row in open_rows().filter(pk=key):
        row.end(reason)


def overdue_rows() -> models.QuerySet[Impersonation]:
    """Return those that nobody has ended, whose time is over or that nobody has used for too long."""
    now, idle = timezone.now(), settings.IMPERSONATION_IDLE_AGE
    over = models.Q(expires_at__lte=now)
    if idle is not None:
        unused = models.Q(last_seen_at__lte=now - timedelta(seconds=seconds(idle)))
        over |= ~BY_HEADER & unused
    return open_rows().filter(over)


def close_overdue(*, batch: int = 1000) -> int:
    """End what is overdue and whose browsers have not come back to be told; return how many there were.

    They are looked for `batch` at a time. Each is asked for once more before it ends: it may have been used since.
    """
    ended, last = 0, models.Q()
    while keys := list(overdue_rows().filter(last).order_by("pk").values_list("pk", flat=True)[:batch]):
        ended += sum(_closed(key) for key in keys)
        last = models.Q(pk__gt=keys[-1])
    return ended


def _closed(key: UUID) -> bool:
    row = overdue_rows().filter(pk=key).first()
    return row is not None and row.end("expired" if row.expires_at <= timezone.now() else "idle")


def _stage(request: HttpRequest) -> Stage:
    stage = stage_of(request)
    if stage is None:
        raise ImproperlyConfigured(
            "Impersonation needs 'sessionauth.impersonation.middleware.ImpersonationMiddleware' in MIDDLEWARE, right "
            "after 'sessionauth.middleware.AuthenticationMiddleware'."
        )
    return stage


def _end_of(moment: datetime) -> datetime:
    return moment + timedelta(seconds=seconds(settings.IMPERSONATION_MAX_AGE))


def _changed(request: HttpRequest, change: str, reason: str, **values: Any) -> Impersonation:
    get_auth(request)
    stage = _stage(request)
    row = stage.row
    if row is None or stage.token is None or stage.ended:
        raise ImpersonationDenied("not_running", NOT_RUNNING)
    reason = said.reason(reason)
    if not row.change(**values):
        raise ImpersonationDenied("not_running", NOT_RUNNING)
    facts = {"request": request, "impersonation": row, "change": change, "reason": reason}
    signals.impersonation_changed.send_robust(sender=Impersonation, **facts)
    return row
