"""What an OpenAPI document says of signing in: the active authenticators as security schemes, and our paths."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from django.urls import NoReverseMatch, reverse

from sessionauth import scopes
from sessionauth.authenticators import Authenticator, active
from sessionauth.authenticators.base import CredentialAuthenticator
from sessionauth.conf import settings
from sessionauth.impersonation.middleware import is_installed
from sessionauth.views.api import described
from sessionauth.views.documents import (
    BOOLEAN,
    MOMENT,
    NUMBER,
    PASSWORD,
    TEXT,
    TEXTS,
    Schema,
    body_of,
    members,
    number_in_path,
    operation,
)
from sessionauth.views.impersonation import described as impersonating

#: `null` is a value of `user`, `authenticated_at` and the seconds left; 3.0 and 3.1 spell that differently, so their
#: types are left open.
SESSION = members(
    user={"description": "`id` and `display_name`, null for nobody."},
    state={"enum": ["anonymous", "remembered", "stale", "fresh", "impersonator"]},
    method=TEXT,
    is_fresh=BOOLEAN,
    authenticated_at={"description": "When they last proved who they are, null for never."},
    idle_seconds_left={"description": "Null for no end."},
    absolute_seconds_left={"description": "Null for no end."},
    csrf_token=TEXT,
)
DEVICE = members(
    id=NUMBER,
    name=TEXT,
    place=TEXT,
    is_current=BOOLEAN,
    is_remembered=BOOLEAN,
    is_signed_in=BOOLEAN,
    last_seen_at=MOMENT,
    created_at=MOMENT,
)
DEVICES = members(devices={"type": "array", "items": DEVICE})
SAID = members(detail=TEXT)


def security_schemes(
    wanted: Callable[[Authenticator], bool] | None = None, authenticators: Sequence[Authenticator] | None = None
) -> dict[str, dict[str, Any]]:
    """Return `components.securitySchemes`: one for each way in, with the real names of cookie, header and parameter.

    Names are put into the letters that OpenAPI allows; of two authenticators of one name the second is numbered.
    `wanted` says of which authenticators, None for all; it changes no name. `authenticators` are those of a framework's
    class, where they are not the active ones. What carries keys and tokens also tells which scopes there are.
    """
    schemes: dict[str, dict[str, Any]] = {}
    names: set[str] = set()
    for authenticator in active() if authenticators is None else authenticators:
        for name, scheme in _described(authenticator).items():
            free = _free(re.sub(r"[^a-zA-Z0-9._-]+", "-", name), scheme, schemes)
            schemes.setdefault(free, scheme)
            if wanted is None or wanted(authenticator):
                names.add(free)
    return {name: scheme for name, scheme in schemes.items() if name in names}


def scopes_described() -> str:
    """Return in Markdown which scopes keys and tokens may have, and what each lets them do; "" if none is declared."""
    if not settings.SCOPES:
        return ""
    return "\n".join(["Scopes:", "", *(f"* `{scope.name}`: {scope.description}" for scope in scopes.declared())])


def _described(authenticator: Authenticator) -> dict[str, dict[str, Any]]:
    schemes = authenticator.openapi()
    if not isinstance(authenticator, CredentialAuthenticator) or not settings.SCOPES:
        return schemes
    own = {name: scheme.get("description", "") for name, scheme in schemes.items()}
    told = {name: "\n\n".join(filter(None, [words, scopes_described()])) for name, words in own.items()}
    return {name: {**scheme, "description": told[name]} for name, scheme in schemes.items()}


def security_requirements(*needed: str) -> list[dict[str, list[str]]]:
    """Return `security`: any one of the schemes is enough.

    The scopes `needed` go with it. OpenAPI 3.1 takes them for every kind of scheme, 3.0 only for OAuth's: leave them
    out.
    """
    return [{name: list(needed)} for name in security_schemes()]


def parameters() -> dict[str, dict[str, Any]]:
    """Return `components.parameters`: the header in which a program says as whom it acts; nothing where that is off.

    Operations that keys and tokens reach refer to it, but for those that refuse whoever acts as somebody else. Ours do.
    """
    name = settings.IMPERSONATION_HEADER
    if name is None or not is_installed():
        return {}
    described = f"The user as whom a program acts, {' or '.join(map(_lookup, settings.IMPERSONATION_HEADER_LOOKUPS))}."
    needed = f"It needs a key or token with the scope `{scopes.IMPERSONATE}`."
    header = {"name": name, "in": "header", "required": False, "schema": TEXT, "description": f"{described} {needed}"}
    return {"ImpersonatedUser": header}


def _lookup(name: str) -> str:
    return "by primary key" if name == "pk" else f"as `{name}:value`"


def paths() -> dict[str, dict[str, Any]]:
    """Return `paths`: what our URLs take and answer as JSON, at the addresses of this project.

    They are those of `include("sessionauth.urls")` and `include("sessionauth.api_urls")`, whichever there are. Raises
    NoReverseMatch where there are none. A client with cookies fetches the CSRF token by GET `session/` and sends it in
    X-CSRFToken with everything else.
    """
    try:
        credentials = described.paths()
    except NoReverseMatch:
        return _pages()
    try:
        return _pages() | credentials
    except NoReverseMatch:
        return credentials


def _pages() -> dict[str, dict[str, Any]]:
    name, password = ("username", TEXT), ("password", PASSWORD)
    change = ((part, PASSWORD) for part in ("old_password", "new_password1", "new_password2"))
    sign_in = operation("Sign in.", SESSION, _filled(name, password, remember=BOOLEAN))
    end = operation(
        "Sign out of it; the password is needed where the login is not fresh.", None, _filled(password=PASSWORD)
    )
    # 200 where that only ends an impersonation: one is still there, as oneself.
    sign_out = operation("Sign out, or stop acting as somebody else.", SESSION, refused=("403",))
    sign_out["responses"]["204"] = {"description": "Signed out."}
    found: dict[str, dict[str, Any]] = {
        "session": {
            "get": operation("Tell who is there, how sure that is, and for how long.", SESSION, refused=("403",)),
            "post": sign_in,
            "delete": sign_out,
        },
        "login": {"post": sign_in},
        "logout": {"post": sign_out},
        "confirm_login": {"post": operation("Prove again who one is.", SESSION, _filled(password))},
        "devices": {"get": operation("List where one is signed in.", DEVICES)},
        "devices_end_others": {"post": end},
        "devices_end_all": {"post": end},
        "password_change": {"post": operation("Change the password.", SESSION, _filled(*change))},
        "password_reset": {"post": operation("Ask for a mail.", SAID, _filled(("email", TEXT)), status="202")},
        "unlock": {"post": operation("Ask for a mail.", SAID, _filled(name), status="202")},
    }
    device = reverse("sessionauth:device_end", args=[0]).replace("/0/", "/{id}/")
    one = {"post": end, "parameters": [number_in_path()]}
    own = {reverse(f"sessionauth:{view}"): item for view, item in found.items()}
    return own | {device: one} | _keys(end) | _impersonation()


def _impersonation() -> dict[str, dict[str, Any]]:
    """Return the pages about acting as somebody else, which are there where the middleware is."""
    return impersonating.paths() if is_installed() else {}


def _keys(end: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the pages of keys and tokens, for those who are signed in with cookies; `end` is how something ends."""
    lists = {name: {"oneOf": [TEXTS, TEXT]} for name in ("scopes", "networks")}
    issue = _filled(
        ("name", TEXT),
        ("kind", TEXT),
        ("lifetime", TEXT),
        ("access", TEXT),
        read_only=BOOLEAN,
        password=PASSWORD,
        **lists,
    )
    rotate = _filled(("overlap", TEXT), password=PASSWORD)
    listed = members(credentials={"type": "array", "items": described.CREDENTIAL})
    refused = ("401", "403", "404", "409")
    acts = {
        "rename": operation("Rename it.", None, _filled(("name", TEXT)), refused=refused),
        "revoke": operation("Revoke it.", None, refused=("400", *refused)),
        "rotate": operation("Put another in its place.", described.ISSUED, rotate, status="201", refused=refused),
    }
    parameters = [{**number_in_path("kind"), "schema": {"enum": ["token", "key"]}}, number_in_path()]
    return {
        reverse("sessionauth:keys"): {"get": operation("List one's keys and tokens.", listed)},
        reverse("sessionauth:key_issue"): {
            "post": operation("Issue one.", described.ISSUED, issue, status="201", refused=refused)
        },
        reverse("sessionauth:keys_revoke_all"): {"post": end},
    } | {
        reverse(f"sessionauth:key_{act}", args=["kind", 0]).replace("/kind/0/", "/{kind}/{id}/"): {
            "post": told,
            "parameters": parameters,
        }
        for act, told in acts.items()
    }


def _filled(*required: tuple[str, Schema], **optional: Schema) -> dict[str, Any]:
    return body_of(members(optional, **dict(required)))


def _free(name: str, scheme: dict[str, Any], taken: dict[str, dict[str, Any]]) -> str:
    """Return `name`, with a number if another scheme has it."""
    candidate, number = name, 1
    while taken.get(candidate, scheme) != scheme:
        number += 1
        candidate = f"{name}{number}"
    return candidate
