"""The rows of impersonations by a header: one for each credential and target, as long as it goes on.

One row for each call would bury what is worth reading. A row is found by a unique digest of both, so that of several
first calls at once one inserts it and the others find it, and nobody waits for a lock.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, models, router, transaction
from django.http import HttpRequest
from django.utils import timezone

from sessionauth import crypto, signals
from sessionauth.audit.text import printable
from sessionauth.conf import seconds, settings
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation.beginning import ask_receivers, new_row
from sessionauth.models import AbstractCredential, Impersonation
from sessionauth.models.binding import is_bound
from sessionauth.models.impersonation import REASON_LENGTH
from sessionauth.sessions import registry

#: Ends after which the same may begin anew at once. Whatever else has ended it was somebody's will, and holds until the
#: time would have been over: it would do nothing otherwise.
NATURAL = frozenset({"expired", "idle", "actor_changed", "target_changed", "permission_lost"})
#: Codes of denials that end nothing: it has ended, or a receiver was against a new one.
STAYS = frozenset({"ended", "vetoed", "busy"})
TRIES = 5


def enter(request: HttpRequest, credential: AbstractCredential, actor: Any, target: Any, mode: str) -> Impersonation:
    """Return the row of `credential` acting as `target`, begun if there is none; `mode` is how far it goes now.

    Raises ImpersonationDenied with the code "ended" or "vetoed".
    """
    key = _key(credential, target)
    for _ in range(TRIES):
        row = _rows().filter(window=key).first() or _begun(request, key, credential, actor, target, mode)
        if row is not None and _goes_on(row, actor, target):
            row.actor, row.target = actor, target
            if row.mode == mode or row.change(mode=mode):
                return row
    raise ImpersonationDenied("busy")


def keep(row: Impersonation) -> None:
    """Note that `row` is used, and have it last from now."""
    moment = timezone.now()
    over = moment + timedelta(seconds=seconds(settings.IMPERSONATION_WINDOW))
    registry.best_effort(partial(row.change, last_seen_at=moment, expires_at=over))


def close(credential: AbstractCredential, target: Any, reason: str) -> None:
    """End what goes on between both, if anything does; asked for nobody (None) as well, so that it takes as long."""
    for row in _rows().filter(window=_key(credential, target), ended_at=None):
        row.end(reason)


def _goes_on(row: Impersonation, actor: Any, target: Any) -> bool:
    """Say whether `row` is still good; otherwise its place is free now. Raises ImpersonationDenied for "ended"."""
    if row.expires_at <= timezone.now():
        _leave(row, "expired")
    elif row.ended_at is not None:
        if row.end_reason not in NATURAL:
            raise ImpersonationDenied("ended")
        _leave(row, row.end_reason)
    elif not is_bound(row.actor_digest, actor):
        _leave(row, "actor_changed")
    elif not is_bound(row.target_digest, target):
        _leave(row, "target_changed")
    else:
        return True
    return False


def _leave(row: Impersonation, reason: str) -> None:
    if row.ended_at is None:
        row.end(reason)
    _rows().filter(pk=row.pk).update(window=None)


def _begun(
    request: HttpRequest, key: str, credential: AbstractCredential, actor: Any, target: Any, mode: str
) -> Impersonation | None:
    """Return a new row, None if somebody else has begun one at this moment."""
    ask_receivers(request, actor, target)
    values = {"mode": mode, "transport": Impersonation.Transport.HEADER, "window": key}
    reason = printable(credential, REASON_LENGTH)
    row = new_row(request, actor, target, settings.IMPERSONATION_WINDOW, reason=reason, **values)
    using = router.db_for_write(Impersonation)
    try:
        with transaction.atomic(using=using):
            row.save(force_insert=True, using=using)
    except IntegrityError:
        return None
    signals.impersonation_started.send_robust(sender=Impersonation, request=request, impersonation=row)
    return row


def _rows() -> models.QuerySet[Impersonation]:
    return Impersonation._base_manager.using(router.db_for_write(Impersonation))


def _key(credential: AbstractCredential, target: Any) -> str:
    return crypto.digest(f"{credential._meta.label_lower}:{credential.pk}:{getattr(target, 'pk', None)}")
