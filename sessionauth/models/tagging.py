"""Whether whoever acts as somebody else may issue a credential of theirs, and what ties it to that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import router, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessionauth.conf import settings
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.models.limiting import owner_key
from sessionauth.request_state import current, state_of

STOP_FIRST = _("Stop acting as somebody else to do this.")


def refuse() -> None:
    """Raise ImpersonationDenied ("issuing") for whoever acts as somebody else in the request under way."""
    if _impersonator() is not None:
        raise ImpersonationDenied("issuing", STOP_FIRST)


def tag(row: Any) -> None:
    """Tie the new credential `row` to the impersonation of the request under way, if there is one.

    It then ends when that does, and is never refreshed.

    Raises ImpersonationDenied ("issuing") unless SESSIONAUTH_IMPERSONATION_CREDENTIALS allows it, a person is there who
    may change things, and it stands for whom they act as: no program begets another meanwhile.
    """
    token = _impersonator()
    if token is None:
        return
    running = token.impersonation
    may = settings.IMPERSONATION_CREDENTIALS and running is not None and not token.is_program
    if not may or running.is_read_only or owner_key(row) != token.user_id:
        raise ImpersonationDenied("issuing", STOP_FIRST)
    tie(row, running)


def tie(row: Any, impersonation: Any) -> None:
    """Have the new credential `row` end with `impersonation` at the latest."""
    row.impersonation = impersonation
    row.sliding = None
    row.expires_at = min(filter(None, (row.expires_at, row.ends_at, impersonation.expires_at)))
    if hasattr(row, "refresh_digest"):
        row.refresh_digest = row.refresh_expires_at = None


@contextmanager
def held(row: Any, using: str) -> Iterator[None]:
    """Keep the impersonation of the new `row` from ending before that is in the database `using`, to be ended with it.

    Raises ImpersonationDenied ("issuing") where it has ended.
    """
    if row.impersonation_id is None:
        yield
        return
    running_in = router.db_for_write(type(row.impersonation), instance=row.impersonation)
    with ExitStack() as transactions:
        for alias in dict.fromkeys((running_in, using)):
            transactions.enter_context(transaction.atomic(using=alias))
        # By a write, which every database holds others up for.
        if not row.impersonation.change(last_seen_at=timezone.now()):
            raise ImpersonationDenied("issuing", STOP_FIRST)
        yield


def _impersonator() -> Any | None:
    """Return the token of whoever acts as somebody else in the request under way, None where nobody does."""
    request = current()
    token = None if request is None else state_of(request).known
    return token if token is not None and token.is_impersonating else None
