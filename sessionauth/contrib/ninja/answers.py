"""What an API answers to those who may not: problem+json with challenges, as everywhere in this app."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja.errors import HttpError

from sessionauth import refusals
from sessionauth.exceptions import InvalidCredential, LoginDenied, NotAuthenticated, SeveralCredentials

#: Builds the answer to a request that was refused.
Refuse = Callable[[HttpRequest], HttpResponse]

REMEMBERED = "_sessionauth_ninja"


class Refused(HttpError):
    """A request that none of the ways into an operation let in; `response` is what to answer.

    An HttpError, so that the status is right also where an API has not been given to `install()`.
    """

    def __init__(self, response: HttpResponse) -> None:
        # SESSIONAUTH_UNAUTHORIZED_HANDLER may answer with anything.
        is_ours = response.get("Content-Type") == "application/problem+json" and not response.streaming
        detail = json.loads(response.content).get("detail") if is_ours else None
        super().__init__(response.status_code, detail or response.reason_phrase)
        self.response = response


def remember(request: HttpRequest, refuse: Refuse, *, is_somebody: bool) -> Refuse:
    """Keep why `request` was not let in, and return what is most worth telling of all that was kept.

    Why somebody may not is worth more than that nobody is there: a CSRF token that is missing, a scope.
    """
    kept: Refuse | None = getattr(request, REMEMBERED, None) if REMEMBERED in request.__dict__ else None
    if kept is None or is_somebody:
        setattr(request, REMEMBERED, refuse)
        return refuse
    return kept


def refuse_at_once(failure: Exception) -> Refuse:
    """Return what answers `failure`, after which no other way in is tried."""
    if isinstance(failure, SeveralCredentials):
        return refusals.ambiguous
    if isinstance(failure, InvalidCredential):
        return _invalid(failure)
    if isinstance(failure, LoginDenied):
        return _denied(failure)
    raise failure


def _invalid(failure: InvalidCredential) -> Refuse:
    return lambda request: refusals.invalid(request, failure)


def _denied(denial: LoginDenied) -> Refuse:
    return lambda request: refusals.denied(request, denial, as_page=False)


def nobody(request: HttpRequest) -> HttpResponse:
    """Answer that somebody must be there, or somebody else."""
    return refusals.unauthorized(request, as_page=False)


def wrong_kind(request: HttpRequest) -> HttpResponse:
    """Answer somebody who is known, by another kind of credential than the operation takes."""
    detail = gettext("This cannot be reached with this kind of credential.")
    return refusals.problem(403, "wrong_auth_method", detail)


def handle_refused(request: HttpRequest, refused: Refused | Any) -> HttpResponse:
    """Ninja's handler of Refused."""
    response: HttpResponse = refused.response
    return response


def handle_not_authenticated(request: HttpRequest, exception: NotAuthenticated | Any) -> HttpResponse:
    """Ninja's handler of NotAuthenticated, which project code may raise."""
    return refusals.unauthorized(request, reason=exception.reason, as_page=False)


def handle_denied(request: HttpRequest, denial: LoginDenied | Any) -> HttpResponse:
    """Ninja's handler of LoginDenied, where an operation signs somebody in. Some are to look like a wrong password."""
    if not denial.public:
        challenges = refusals.challenges_for(request, {})
        return refusals.problem(401, "invalid_credentials", gettext("The credentials are not valid."), challenges)
    return refusals.denied(request, denial, as_page=False)


def remembered(request: HttpRequest) -> Refuse | None:
    """Return why our classes did not let `request` in, None if none of them was asked."""
    kept: Refuse | None = request.__dict__.get(REMEMBERED)
    return kept
