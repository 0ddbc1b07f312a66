"""What the lists of browsers say of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone

from sessionauth.models import LoginSession, RememberToken
from sessionauth.sessions import browsers, registry, timeouts


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: `name` in JSON, `title` and `columns` for people, `rows()` to read, `live()` which of them are alive."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: Callable[[], QuerySet[Any]]
    live: Callable[[], Q]
    describe: Callable[[Any], dict[str, Any]]

    def read(self, *, user: Any = None, active: bool = False, limit: int = 0) -> list[dict[str, Any]]:
        """Return the rows, the latest first: of `user`, only those alive if `active`, at most `limit` unless 0."""
        rows = self.rows().annotate(is_live=Case(When(self.live(), then=Value(True)), default=Value(False)))
        if user is not None:
            rows = rows.filter(user_id=user.pk)
        if active:
            rows = rows.filter(is_live=True)
        rows = rows.order_by("-created_at", "-pk")
        found = list(rows[:limit] if limit else rows)
        names = names_of({row.user_id for row in found})
        return [
            {"id": row.pk, "user_id": row.user_id, "user": names.get(row.user_id), **self._told(row)} for row in found
        ]

    def _told(self, row: Any) -> dict[str, Any]:
        return {
            "state": "active" if row.is_live else "revoked" if row.is_revoked else "expired",
            **self.describe(row),
            "revoked_at": row.revoked_at,
            "reason": row.revoked_reason,
            "ip_address": row.ip_address,
            "browser": browsers.words(row.user_agent),
        }


def names_of(keys: set[Any]) -> dict[Any, str]:
    """Return what the users are called; they may live in another database, and may be gone."""
    users = get_user_model()._base_manager.in_bulk(list(keys))
    return {key: user.get_username() for key, user in users.items()}


def _describe_session(row: LoginSession) -> dict[str, Any]:
    return {
        "created_at": row.created_at,
        "authenticated_at": row.authenticated_at,
        "last_seen_at": row.last_seen_at,
        "remembered": row.remember_token_id is not None,
        "restored": row.restored,
        "earlier": row.earlier,
    }


def _describe_token(row: RememberToken) -> dict[str, Any]:
    return {"created_at": row.created_at, "last_used_at": row.last_used_at, "expires_at": row.expires_at}


SESSIONS = Listing(
    "sessions",
    "login sessions",
    ("id", "user", "state", "created_at", "last_seen_at", "ip_address", "browser", "reason"),
    registry.rows,
    timeouts.live,
    _describe_session,
)
REMEMBERED = Listing(
    "remembered",
    "remembered browsers",
    ("id", "user", "state", "created_at", "expires_at", "ip_address", "browser", "reason"),
    registry.remembered,
    lambda: Q(revoked_at=None, expires_at__gt=timezone.now()),
    _describe_token,
)
