"""Every attribute of `request.auth`, with its value and what it means: the rows of the page "Who am I"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import formats, timezone

from sessionauth import UserToken
from sessionauth.models import LoginSession


@dataclass(frozen=True, slots=True)
class Row:
    """One attribute. `value` is text; `kind` says how to show it: "yes", "no", "none" or "text"."""

    name: str
    value: str
    kind: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Section:
    """Attributes that answer one question."""

    title: str
    rows: tuple[Row, ...]


Entry = tuple[str, Callable[[UserToken], Any], str]

WHO: tuple[Entry, ...] = (
    ("user", lambda auth: auth.user, "The user, as Django has it. The same as request.user."),
    ("user_id", lambda auth: auth.user_id, "Their primary key: here a UUID."),
    ("display_name", lambda auth: auth.display_name, "How to address them. Also what str(request.auth) gives."),
    ("is_authenticated", lambda auth: auth.is_authenticated, "Whether anybody was recognised."),
    ("is_anonymous", lambda auth: auth.is_anonymous, "The opposite."),
    ("bool(request.auth)", bool, "The same question, short enough for an if."),
    ("has_user", lambda auth: auth.has_user, "False for nobody, and for a key that belongs to no user."),
)
HOW: tuple[Entry, ...] = (
    ("method", lambda auth: auth.method, "Which authenticator knew them: session, bearer, api_key, basic, partner…"),
    ("credential", lambda auth: auth.credential, "The row behind it: a login session, a token or a key. No secret."),
    ("is_program", lambda auth: auth.is_program, "Whether a key, a token, Basic or a signature stands behind it."),
    ("failure", lambda auth: auth.failure, "Why a credential was not accepted, where that did not end the request."),
)
HOW_SURE: tuple[Entry, ...] = (
    ("state", lambda auth: auth.state, "Anonymous, remembered, stale or fresh for people; program for keys and Basic."),
    ("is_fresh", lambda auth: auth.is_fresh, "Whether they proved who they are within SESSIONAUTH_FRESH_AGE."),
    ("authenticated_at", lambda auth: auth.authenticated_at, "When they last did."),
    (
        "proofs",
        lambda auth: sorted(auth.proofs),
        "By what: password, link… A page may ask for one of them.",
    ),
)
WHAT: tuple[Entry, ...] = (
    ("scopes", lambda auth: auth.scopes, "What they may do, cut down to what the credential may."),
    ('"invoices:read" in auth', lambda auth: "invoices:read" in auth, "Asks for one scope. So does has_scope()."),
    ('"invoices:write" in auth', lambda auth: "invoices:write" in auth, "A scope stands for permissions of Django."),
    ("granted", lambda auth: auth.granted, "The scopes of the credential. None: all that its owner may."),
    ("is_restricted", lambda auth: auth.is_restricted, "Whether the credential may do less than its owner."),
)
REALLY: tuple[Entry, ...] = (
    ("actor", lambda auth: auth.actor, "The real person, also while somebody impersonates."),
    ("original_user", lambda auth: auth.original_user, "Who impersonates; nothing unless somebody does."),
    ("original_user_id", lambda auth: auth.original_user_id, "Their primary key."),
    ("original_user_token", lambda auth: auth.original_user_token, "All that is known of them."),
    ("is_impersonating", lambda auth: auth.is_impersonating, "Whether somebody acts as somebody else."),
    ("impersonation", lambda auth: auth.impersonation, "The record of it, with its reason and its end."),
)


def describe(auth: UserToken) -> list[Section]:
    """Return what there is to say about `auth`, question by question."""
    return [
        Section("Who is it?", tuple(_rows(auth, WHO))),
        Section("How do we know?", tuple(_rows(auth, HOW))),
        Section("How sure are we?", tuple(_rows(auth, HOW_SURE))),
        Section("What may they do?", tuple(_rows(auth, WHAT))),
        Section("Who is really there?", tuple(_rows(auth, REALLY))),
    ]


def _rows(auth: UserToken, entries: tuple[Entry, ...]) -> Iterator[Row]:
    for name, read, explanation in entries:
        value, kind = _shown(read(auth))
        yield Row(name, value, kind, explanation)


def _shown(value: Any) -> tuple[str, str]:
    if value is None or value == "" or value == []:
        return "None" if value is None else "empty", "none"
    if isinstance(value, bool):
        return ("True", "yes") if value else ("False", "no")
    if isinstance(value, list | frozenset):
        return ", ".join(sorted(value)), "text"
    if isinstance(value, LoginSession):
        return f"Login session {value.pk}", "text"
    if hasattr(value, "astimezone"):
        return formats.date_format(timezone.localtime(value), "j F Y, H:i:s e"), "text"
    return str(value), "text"
