"""One's own keys and tokens: found by kind and number, and told to clients of JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from sessionauth import http
from sessionauth.credentials import listing, rows, states
from sessionauth.models import AbstractCredential, AccessToken, APIKey

#: What each kind is called in addresses and documents.
KINDS: dict[str, type[AccessToken] | type[APIKey]] = {"token": AccessToken, "key": APIKey}

#: The reason that is kept with what its owner revokes.
REVOKED = "revoked by its owner"


def rows_of(user: Any, kind: str) -> models.QuerySet[Any]:
    """Return the credentials of `user` of one `kind`, the newest first, read where they are written."""
    return rows.of(user, KINDS[kind]).order_by("-pk")


def lasting_of(user: Any, kind: str) -> models.QuerySet[Any]:
    """Return those of rows_of() that are usable, or can be refreshed."""
    return listing.of(user, KINDS[kind]).order_by("-pk")


def find(user: Any, kind: str, pk: int) -> Any | None:
    """Return the credential `pk` of `user`; None for one that is another's, and for one that does not exist."""
    row = rows_of(user, kind).filter(pk=pk).first()
    if row is not None:
        row.user = user  # spares a query, and is who asks
    return row


def kind_of(row: AbstractCredential) -> str:
    """Return what the kind of `row` is called; a model of the project's own goes by the word in its secrets."""
    return next((kind for kind, model in KINDS.items() if isinstance(row, model)), row.kind)


def is_read_only(row: AbstractCredential) -> bool:
    """Say whether no method that `row` may be used with changes anything."""
    return isinstance(row.methods, list) and {*row.methods} <= {*http.READING}


def told(row: AbstractCredential, current: object = None) -> dict[str, Any]:
    """Return `row` for clients of JSON, without any secret or digest; `current` is the credential that asks."""
    document = {
        "id": row.pk,
        "kind": kind_of(row),
        "hint": row.hint,
        "name": row.name,
        "state": states.state_of(row).value,
        "is_current": row == current,
        "scopes": row.scopes,
        "networks": row.networks,
        "methods": row.methods,
        "origins": row.origins,
        "rate": row.rate,
        "created_at": row.created_at.isoformat(),
        "expires_at": moment(row.end),
        "last_used_at": moment(row.last_used_at),
        "rotated_at": moment(row.rotated_at),
        "revoked_at": moment(row.revoked_at),
        "revoked_reason": row.revoked_reason,
    }
    personal = getattr(row, "is_personal", None)
    return document if personal is None else document | {"is_personal": personal}


def moment(at: datetime | None) -> str | None:
    """Return `at` as ISO 8601 has it, None for never."""
    return None if at is None else at.isoformat()
