"""What an OpenAPI document says of signing in: the active authenticators as security schemes, and our paths."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from django.urls import reverse

from sessionauth.authenticators import Authenticator, active
from sessionauth.refusals import TITLES

TEXT: dict[str, Any] = {"type": "string"}
BOOLEAN: dict[str, Any] = {"type": "boolean"}
NUMBER: dict[str, Any] = {"type": "integer"}
MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
PASSWORD: dict[str, Any] = {"type": "string", "format": "password", "writeOnly": True}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


#: `null` is a value of `user`, `authenticated_at` and the seconds left; 3.0 and 3.1 spell that differently, so their
#: types are left open.
SESSION = _object(
    user={"description": "`id` and `display_name`, null for nobody."},
    state={"enum": ["anonymous", "remembered", "stale", "fresh", "impersonator"]},
    method=TEXT,
    is_fresh=BOOLEAN,
    authenticated_at={"description": "When they last proved who they are, null for never."},
    idle_seconds_left={"description": "Null for no end."},
    absolute_seconds_left={"description": "Null for no end."},
    csrf_token=TEXT,
)
DEVICE = _object(
    id=NUMBER,
    name=TEXT,
    place=TEXT,
    is_current=BOOLEAN,
    is_remembered=BOOLEAN,
    is_signed_in=BOOLEAN,
    last_seen_at=MOMENT,
    created_at=MOMENT,
)
DEVICES = _object(devices={"type": "array", "items": DEVICE})
SAID = _object(detail=TEXT)
PROBLEM = _object(type=TEXT, title=TEXT, status=NUMBER, code=TEXT, detail=TEXT)


def security_schemes(wanted: Callable[[Authenticator], bool] | None = None) -> dict[str, dict[str, Any]]:
    """Return `components.securitySchemes`: one for each way in, with the real names of cookie, header and parameter.

    Names are put into the letters that OpenAPI allows; of two authenticators of one name the second is numbered.
    `wanted` says of which authenticators, None for all; it changes no name.
    """
    schemes: dict[str, dict[str, Any]] = {}
    names: set[str] = set()
    for authenticator in active():
        for name, scheme in authenticator.openapi().items():
            free = _free(re.sub(r"[^a-zA-Z0-9._-]+", "-", name), scheme, schemes)
            schemes.setdefault(free, scheme)
            if wanted is None or wanted(authenticator):
                names.add(free)
    return {name: scheme for name, scheme in schemes.items() if name in names}


def security_requirements(*scopes: str) -> list[dict[str, list[str]]]:
    """Return `security`: any one of the schemes is enough.

    `scopes` are needed with it. OpenAPI 3.1 takes them for every kind of scheme, 3.0 only for OAuth's: leave them out.
    """
    return [{name: list(scopes)} for name in security_schemes()]


def paths() -> dict[str, dict[str, Any]]:
    """Return `paths`: what `include("sessionauth.urls")` takes and answers as JSON, at the addresses of this project.

    Raises NoReverseMatch where it is not included. A client fetches the CSRF token by GET `session/` and sends it in
    X-CSRFToken with everything else.
    """
    name, password = ("username", TEXT), ("password", PASSWORD)
    change = ((part, PASSWORD) for part in ("old_password", "new_password1", "new_password2"))
    sign_in = _operation("Sign in.", SESSION, _body(name, password, remember=BOOLEAN))
    end = _operation(
        "Sign out of it; the password is needed where the login is not fresh.", None, _body(password=PASSWORD)
    )
    found: dict[str, dict[str, Any]] = {
        "session": {
            "get": _operation("Tell who is there, how sure that is, and for how long.", SESSION, refused=("403",)),
            "post": sign_in,
            "delete": _operation("Sign out.", None, refused=("403",)),
        },
        "login": {"post": sign_in},
        "logout": {"post": _operation("Sign out.", None, refused=("403",))},
        "confirm_login": {"post": _operation("Prove again who one is.", SESSION, _body(password))},
        "devices": {"get": _operation("List where one is signed in.", DEVICES)},
        "devices_end_others": {"post": end},
        "devices_end_all": {"post": end},
        "password_change": {"post": _operation("Change the password.", SESSION, _body(*change))},
        "password_reset": {"post": _operation("Ask for a mail.", SAID, _body(("email", TEXT)), status="202")},
        "unlock": {"post": _operation("Ask for a mail.", SAID, _body(name), status="202")},
    }
    device = reverse("sessionauth:device_end", args=[0]).replace("/0/", "/{id}/")
    one = {"post": end, "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]}
    return {reverse(f"sessionauth:{view}"): item for view, item in found.items()} | {device: one}


def _operation(
    summary: str,
    answer: dict[str, Any] | None,
    body: dict[str, Any] | None = None,
    *,
    status: str = "200",
    refused: Sequence[str] = ("401", "403"),
) -> dict[str, Any]:
    """Return one operation; `answer` is the schema of what comes back, None for an empty 204."""
    told: dict[str, dict[str, Any]] = {"204": {"description": "Done."}}
    if answer is not None:
        told = {status: {"description": "Done.", "content": {"application/json": {"schema": answer}}}}
    for code in {*refused, *(("400", "429") if body else ())}:
        told[code] = {"description": TITLES[int(code)], "content": {"application/problem+json": {"schema": PROBLEM}}}
    operation: dict[str, Any] = {"summary": summary, "responses": dict(sorted(told.items())), "tags": ["sign in"]}
    return operation | ({"requestBody": body} if body else {})


def _body(*required: tuple[str, dict[str, Any]], **optional: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": dict(required) | optional}
    if required:
        schema["required"] = [name for name, _ in required]
    return {"required": bool(required), "content": {"application/json": {"schema": schema}}}


def _free(name: str, scheme: dict[str, Any], taken: dict[str, dict[str, Any]]) -> str:
    """Return `name`, with a number if another scheme has it."""
    candidate, number = name, 1
    while taken.get(candidate, scheme) != scheme:
        number += 1
        candidate = f"{name}{number}"
    return candidate
