"""What an OpenAPI document says of the pages about acting as somebody else."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.urls import reverse

from sessionauth.models.impersonation import REASON_LENGTH, REFERENCE_LENGTH
from sessionauth.views.documents import BOOLEAN, NUMBER, TEXT, Schema, body_of, maybe, members, operation
from sessionauth.views.impersonation.starting import TO

TAG = "impersonation"
PERSON = members(id=TEXT, display_name=TEXT)
#: `null` is a value of most members; 3.0 and 3.1 spell that differently, so their types are left open.
STATUS = members(
    {"next": TEXT},
    active=BOOLEAN,
    actor=maybe("`id` and `display_name` of who is really there, null for nobody."),
    target=maybe("`id` and `display_name` of whom they act as, null for nobody."),
    mode=maybe('"read" or "write", null where nobody acts as another.'),
    may_write=BOOLEAN,
    started_at=maybe("A moment, or null."),
    expires_at=maybe("A moment, or null."),
    seconds_left=maybe("Until it ends, or null."),
    idle_seconds_left=maybe("Until it ends without further use, or null."),
    end_reason=maybe("Why it has ended by itself just now, or null."),
    csrf_token=TEXT,
)
TERMS = members(
    target=PERSON,
    is_read_only=BOOLEAN,
    may_write=BOOLEAN,
    seconds=NUMBER,
    idle_seconds=maybe("Null for no end without use."),
)
WORDS: Schema = {"type": "string", "maxLength": REASON_LENGTH}
WHY: dict[str, Schema] = {"reason": WORDS, "details": WORDS}
START: dict[str, Schema] = {**WHY, "reference": {"type": "string", "maxLength": REFERENCE_LENGTH}}
BACK = {"name": REDIRECT_FIELD_NAME, "in": "query", "schema": TEXT, "description": "Where to go on or back to."}
FIRST = {"name": TO, "in": "query", "schema": TEXT, "description": "Where to go first, as the target."}
KEY = {"name": "pk", "in": "path", "required": True, "schema": TEXT}


def paths() -> dict[str, dict[str, Any]]:
    """Return what the pages take and answer, at the addresses of this project."""
    found = {reverse(f"sessionauth:{name}"): item for name, item in _operations().items()}
    start = _act("Begin to act as the user in the address.", "201", "401", "404", "409", **START)
    one = {
        "get": operation("Tell what acting as this user would be.", TERMS, refused=("401", "403", "404"), tag=TAG),
        "post": start | {"parameters": [BACK, FIRST]},
        "parameters": [KEY],
    }
    return found | {reverse("sessionauth:impersonate", args=["0"]).replace("/0/", "/{pk}/"): one}


def _operations() -> dict[str, dict[str, Any]]:
    start = _act("Begin to act as somebody.", "201", "401", "404", "409", user=TEXT, **START)
    return {
        "impersonate_start": {"post": start | {"parameters": [BACK, FIRST]}},
        "impersonation": {
            "get": operation("Tell who acts as whom, and for how long.", STATUS, refused=(), tag=TAG),
            "delete": operation("Stop.", STATUS, refused=("403", "409"), tag=TAG),
        },
        "impersonation_stop": {
            "post": operation("Stop.", STATUS, refused=("403", "409"), tag=TAG) | {"parameters": [BACK]}
        },
        "impersonation_extend": {"post": _act("Have it last for longer.", "200", "401", "409", **WHY)},
        "impersonation_upgrade": {"post": _act("Have it go further than looking.", "200", "401", "409", **WHY)},
    }


def _act(summary: str, status: str, *refused: str, **fields: Schema) -> dict[str, Any]:
    body = body_of(members(fields))
    return operation(summary, STATUS, body, status=status, refused=("403", *refused), tag=TAG)
