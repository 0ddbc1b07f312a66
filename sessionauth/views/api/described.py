"""What an OpenAPI document says of the API of keys and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from sessionauth.impersonation import tokens
from sessionauth.models.base import NAME_LENGTH
from sessionauth.views.api.credentials import MOST, PAGE
from sessionauth.views.api.impersonation import TEXTS as ACTING_TEXTS
from sessionauth.views.api.reading import FORM, LONGEST, LONGEST_OVERLAP
from sessionauth.views.documents import (
    BOOLEAN,
    MOMENT,
    NUMBER,
    PASSWORD,
    SECRET,
    TEXT,
    TEXTS,
    Schema,
    body_of,
    maybe,
    members,
    number_in_path,
    operation,
)

TAG = "keys and tokens"
#: The names of URLs with a number in them.
NUMBERED = frozenset({"token", "token_rotate", "key", "key_rotate"})
SPAN: Schema = {"type": "integer", "minimum": 0, "maximum": LONGEST, "description": "Seconds."}
NAME: Schema = {"type": "string", "maxLength": NAME_LENGTH}

CREDENTIAL_MEMBERS: dict[str, Schema] = {
    "id": NUMBER,
    "kind": TEXT,
    "hint": TEXT,
    "name": TEXT,
    "state": {"type": "string", "description": '"active", "rotated", "refreshable", "expired", "revoked", "inactive".'},
    "is_current": BOOLEAN,
    "scopes": maybe("A list of scopes, null for all that its owner may."),
    "networks": TEXTS,
    "methods": maybe("A list of HTTP methods, null for all."),
    "origins": TEXTS,
    "rate": TEXT,
    "created_at": MOMENT,
    "expires_at": maybe("A moment, null for never."),
    "last_used_at": maybe("A moment, null for never."),
    "rotated_at": maybe("A moment, null for never."),
    "revoked_at": maybe("A moment, null for never."),
    "revoked_reason": TEXT,
}
CREDENTIAL = members({"is_personal": BOOLEAN}, **CREDENTIAL_MEMBERS)
ISSUED = members({"is_personal": BOOLEAN}, **CREDENTIAL_MEMBERS, secret=SECRET)
ROTATED = members(
    {"is_personal": BOOLEAN},
    **CREDENTIAL_MEMBERS,
    secret=SECRET,
    replaces=members(id=NUMBER, expires_at=maybe("Until when the old secret stays good.")),
)
GRANTED = members(
    {"expires_in": NUMBER, "expires_at": MOMENT, "refresh_token": SECRET, "scope": TEXT},
    access_token=SECRET,
    token_type=TEXT,
)
CURRENT = members(
    user=maybe("`id` and `display_name`, null for the key of a service."),
    method=TEXT,
    scopes=TEXTS,
    credential=maybe("The key or token, null for a session or a password."),
)
NEW = members(
    {
        "name": NAME,
        "scopes": TEXTS,
        "expires_at": MOMENT,
        "expires_in": SPAN,
        "networks": TEXTS,
        "methods": TEXTS,
        "read_only": BOOLEAN,
        "origins": TEXTS,
        "rate": TEXT,
    }
)
OBTAIN = members(
    {
        "grant_type": {"type": "string", "enum": ["password"]},
        "scope": {"type": "string", "description": "Scopes, with spaces between them."},
        "name": NAME,
    },
    username=TEXT,
    password=PASSWORD,
)
REFRESH = members({"grant_type": {"type": "string", "enum": ["refresh_token"]}}, refresh_token=SECRET)
PERSON = members(id=TEXT, display_name=TEXT)
IMPERSONATION = members(
    {
        "actor": PERSON,
        "target": PERSON,
        "mode": {"enum": ["read", "write"]},
        "started_at": MOMENT,
        "expires_at": MOMENT,
        "seconds_left": NUMBER,
        "idle_seconds_left": maybe("Until it ends without further use, null for no such end."),
    },
    active=BOOLEAN,
)
ACTING = members(
    {"scope": TEXT},
    access_token=SECRET,
    token_type=TEXT,
    expires_in=NUMBER,
    expires_at=MOMENT,
    impersonation=IMPERSONATION,
)
ACT = members(
    {name: {"type": "string", "maxLength": longest} for name, longest in ACTING_TEXTS.items() if name != "user"}
    | {"write": BOOLEAN, "scopes": TEXTS},
    user=TEXT,
)
OVERLAP = members({"overlap": SPAN | {"maximum": LONGEST_OVERLAP}})
LISTING = [
    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": PAGE}},
    {"name": "before", "in": "query", "schema": {"type": "integer", "minimum": 1}},
    {"name": "ended", "in": "query", "schema": BOOLEAN},
]


def paths() -> dict[str, dict[str, Any]]:
    """Return what `include("sessionauth.api_urls")` takes and answers. Raises NoReverseMatch where it is missing."""
    found = {_address(name): item for name, item in operations().items()}
    if not tokens.are_on():
        del found[_address("impersonation")]
    return found


def _address(name: str) -> str:
    if name in NUMBERED:
        return reverse(f"sessionauth_api:{name}", args=[0]).replace("/0/", "/{id}/")
    return reverse(f"sessionauth_api:{name}")


def operations() -> dict[str, dict[str, Any]]:
    """Return the operations by the name of their URL and by method."""
    return {
        "current": {
            "get": _act("Tell who the request is.", CURRENT, refused=("401",)),
            "post": _way_in("Obtain a token for a name and a password.", OBTAIN, "409"),
        },
        "refresh": {"post": _way_in("Take a refresh token for a new token.", REFRESH)},
        "revoke": {"post": _act("Revoke the credential of the request.", None, refused=("400", "401", "403", "415"))},
        "rotate": {"post": _change("Put another in the place of the credential of the request.", ROTATED, OVERLAP)},
        "impersonation": {
            "get": _act("Tell who acts as whom by the token.", IMPERSONATION, refused=("401", "403")),
            "post": _change("Obtain a token to act as a user.", ACTING, ACT, refused=("401", "403", "404", "415")),
            "delete": _act("End it.", None, refused=("401", "403")),
        },
        **_of("token"),
        **_of("key"),
    }


def _of(kind: str) -> dict[str, dict[str, Any]]:
    listed = members(**{f"{kind}s": {"type": "array", "items": CREDENTIAL}, "next": maybe("For `before`, or null.")})
    kept = members({"keep_current": BOOLEAN})
    return {
        f"{kind}s": {
            "get": _act("List one's own.", listed, refused=("400", "401", "403"), parameters=LISTING),
            "post": _change("Issue one.", ISSUED, NEW),
        },
        f"{kind}s_revoke_all": {
            "post": _change("Revoke all, but the one that asks.", members(revoked=NUMBER), kept, status="200")
        },
        kind: {
            "get": _act("Tell of one.", CREDENTIAL, refused=("401", "403", "404")),
            "patch": _change("Rename one.", CREDENTIAL, members(name=NAME), status="200"),
            "delete": _act("Revoke one.", None, refused=("401", "403", "404")),
            "parameters": [number_in_path()],
        },
        f"{kind}_rotate": {
            "post": _change("Put another in the place of one.", ROTATED, OVERLAP),
            "parameters": [number_in_path()],
        },
    }


def _act(summary: str, answer: Schema | None, **options: Any) -> dict[str, Any]:
    return operation(summary, answer, tag=TAG, **options)


def _change(
    summary: str,
    answer: Schema,
    body: Schema,
    status: str = "201",
    refused: Sequence[str] = ("401", "403", "404", "409", "415"),
) -> dict[str, Any]:
    return _act(summary, answer, body=body_of(body), status=status, refused=refused)


def _way_in(summary: str, body: Schema, *refused: str) -> dict[str, Any]:
    """Return an operation that asks for nobody's identity."""
    return _act(summary, GRANTED, body=body_of(body, FORM), refused=("403", "415", "503", *refused), security=[])
