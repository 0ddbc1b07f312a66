"""In which state a credential is, and how to ask the database for those in one; lists of every kind say the same."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q, QuerySet
from django.utils import timezone

from sessionauth.models import AbstractAccessToken, AbstractCredential
from sessionauth.models.lasting import lasts


class State(StrEnum):
    """What a list says of a credential."""

    ACTIVE = "active"
    #: Another came in its place, and it is good until its overlap is over.
    ROTATED = "rotated"
    EXPIRED = "expired"
    #: A token whose time is over and that will be back: its refresh token is still good.
    REFRESHABLE = "refreshable"
    REVOKED = "revoked"
    #: Good in itself, but its owner may not sign in, or is gone.
    INACTIVE = "inactive"


#: A token that is bound to a login is over with the password of that.
_OF_FAILURES = {"revoked": State.REVOKED, "expired": State.EXPIRED, "password_changed": State.EXPIRED}


def state_of(row: AbstractCredential) -> State:
    """Return the state of `row`; its owner is looked at, so read lists by `with_owners()`."""
    failure = row.failure()
    if failure is None:
        return State.ACTIVE if row.rotated_at is None else State.ROTATED
    if failure == "expired" and refreshable_until(row) is not None:
        return State.REFRESHABLE
    return _OF_FAILURES.get(failure, State.INACTIVE)


def refreshable_until(row: AbstractCredential) -> datetime | None:
    """Return until when `row` can be refreshed, None if it cannot."""
    if not isinstance(row, AbstractAccessToken) or row.refresh_failure() is not None:
        return None
    return row.refresh_expires_at


def in_state(state: State, now: datetime | None = None) -> Q:
    """Return what is true of rows in `state` at `now`, as far as the row alone tells.

    Owners are left out of it: they may live in another database. INACTIVE and REFRESHABLE therefore raise ValueError,
    ACTIVE finds rows whose owner is inactive as well, and EXPIRED those that can be refreshed.
    """
    now = now or timezone.now()
    if state is State.REVOKED:
        return Q(revoked_at__isnull=False)
    if state is State.EXPIRED:
        return Q(Q(expires_at__lte=now) | Q(ends_at__lte=now), revoked_at=None)
    if state in (State.ACTIVE, State.ROTATED):
        return Q(lasts(now), revoked_at=None, rotated_at__isnull=state is State.ACTIVE)
    raise ValueError(f"The row alone does not tell whether it is {state}.")


def with_owners(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return `rows` with their owners read along: a query for each step of the way to them, however many rows.

    No join: the users may live in another database, and a row whose user is gone must not go out of sight with them.
    """
    path = rows.model.user_path
    return rows if path is None else rows.prefetch_related(path)


def owner_of(row: AbstractCredential) -> Any | None:
    """Return the user whom `row` stands for, None if it is nobody's or they are gone."""
    try:
        return row.get_user()
    except ObjectDoesNotExist:
        return None
