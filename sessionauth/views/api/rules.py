"""Who may do what with keys and tokens.

A person who is signed in manages their own; what makes a secret, or ends many, needs a fresh login. A login-bound token
stands for a program that its owner has signed in with: it lists and revokes, as their browser would. Every other
program looks after itself alone: it tells, rotates and revokes the credential it came with. To issue, a program needs
`sessionauth:issue` by name, and what it issues is never stronger than what it has.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from sessionauth import refusals, scopes
from sessionauth.access import FreshRule, at_least_a_minute
from sessionauth.login import can_confirm
from sessionauth.models import AbstractCredential
from sessionauth.user_token import UserToken
from sessionauth.views.api.base import Refused, caller, not_found, refuse
from sessionauth.views.owned import find, kind_of


def own(auth: UserToken) -> AbstractCredential | None:
    """Return the key or token that came with the request, None for a session or a password."""
    return auth.credential if isinstance(auth.credential, AbstractCredential) else None


def current(auth: UserToken) -> AbstractCredential:
    """Return the key or token that came with the request. Raises Refused where there is none."""
    row = own(auth)
    if row is None:
        raise refuse(400, "invalid_request", gettext("There is no key or token on this request."))
    return row


def person(request: HttpRequest, *, fresh: bool = False) -> UserToken:
    """Return the person who asks. Raises Refused for programs, and for a login not `fresh` enough."""
    auth = caller(request)
    if auth.is_program:
        raise Refused(refusals.people_only(request))
    if fresh and FreshRule().check(auth, request.method) is not None:
        raise Refused(stale(request) if can_confirm(auth) else refusals.never_fresh())
    return auth


def stale(request: HttpRequest) -> HttpResponse:
    """Return the answer for a person whose login is too old."""
    return refusals.stale(request, max_age=at_least_a_minute(None), as_page=False)


def manager(request: HttpRequest, *, fresh: bool = False) -> UserToken:
    """Return who may look through and revoke the user's credentials: a person, or a program they signed in with.

    `fresh` asks people for a fresh login, and is nothing that programs have.
    """
    auth = caller(request)
    if not auth.is_program:
        return person(request, fresh=fresh)
    if not _is_signed_in_program(auth):
        raise Refused(refusals.forbidden(request))
    return auth


def _is_signed_in_program(auth: UserToken) -> bool:
    if auth.is_restricted or not auth.has_user:
        return False
    row = own(auth)
    # Without a row it is Basic: whoever sends the password may sign in as well.
    return not getattr(row, "is_personal", True) if row is not None else auth.method == "basic"


def issuer(request: HttpRequest) -> tuple[UserToken, AbstractCredential | None]:
    """Return who may issue, and the credential that what they issue must not be stronger than, None for a person."""
    auth = caller(request)
    if not auth.is_program:
        return person(request, fresh=True), None
    row = own(auth)
    if row is None or not auth.has_user or scopes.ISSUE not in (auth.granted or ()):
        raise Refused(refusals.forbidden(request, scopes=(scopes.ISSUE,)))
    return auth, row


def visible(request: HttpRequest, kind: str, pk: int) -> tuple[UserToken, Any]:
    """Return who asks and the credential `pk` that they may see, their own or the one they came with."""
    auth = caller(request)
    return (auth, own(auth)) if _is_own(auth, kind, pk) else (manager(request), _found(auth, kind, pk))


def rotatable(request: HttpRequest, kind: str, pk: int) -> Any:
    """Return the credential `pk` that whoever asks may put another in the place of."""
    auth = caller(request)
    return own(auth) if _is_own(auth, kind, pk) else _found(person(request, fresh=True), kind, pk)


def renamable(request: HttpRequest, kind: str, pk: int) -> Any:
    """Return the credential `pk` that whoever asks may rename."""
    return _found(person(request), kind, pk)


def _is_own(auth: UserToken, kind: str, pk: int) -> bool:
    row = own(auth)
    return row is not None and row.pk == pk and kind_of(row) == kind


def _found(auth: UserToken, kind: str, pk: int) -> Any:
    row = find(auth.user, kind, pk)
    if row is None:
        raise not_found()
    return row
