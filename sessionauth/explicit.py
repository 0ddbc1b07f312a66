"""Credentials that stand on a request, in headers above all: who sent it is decided by them before the view."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse

from sessionauth import books, paths, refusals
from sessionauth.authenticators import active, chain, identity
from sessionauth.authenticators.base import switched_on
from sessionauth.authenticators.chain import Answer
from sessionauth.exceptions import InvalidCredential, LoginDenied, SeveralCredentials
from sessionauth.guards import secrets
from sessionauth.request_state import RequestState
from sessionauth.sessions.remember import take_back_malformed
from sessionauth.user_token import anonymous, anonymous_user, replace


def resolve(request: HttpRequest, state: RequestState) -> HttpResponse | None:
    """Make `request` that of whom its credentials stand for, if any came; or answer what is wrong with them."""
    try:
        found = chain.explicit(request, active())
        state.is_claimed = bool(found)
        if found and (answer := chain.redeem(request, found)) is not None:
            _settle(request, state, answer)
            identity.establish(request, answer.token)
    except InvalidCredential as failure:
        return _refused(request, state, failure)
    except LoginDenied as denial:
        return _denied(request, state, denial)
    return None


async def aresolve(request: HttpRequest, state: RequestState) -> HttpResponse | None:
    """See resolve(): in one hop to the thread of the database, and in none for what asks nobody."""
    try:
        found = chain.explicit(request, active())
        if found and chain.share_a_hop(found):
            return await sync_to_async(_resolved_at_once)(request, state)
        state.is_claimed = bool(found)
        if found and (answer := await chain.aredeem(request, found)) is not None:
            _settle(request, state, answer)
            await identity.aestablish(request, answer.token)
    except InvalidCredential as failure:
        is_ready = not secrets.is_counted(failure)
        return _refused(request, state, failure) if is_ready else await sync_to_async(_refused)(request, state, failure)
    except LoginDenied as denial:
        return _denied(request, state, denial)
    return None


def _resolved_at_once(request: HttpRequest, state: RequestState) -> HttpResponse | None:
    """See resolve(); what is answered here has no more to come, and its books are kept on the same way."""
    response = resolve(request, state)
    if response is not None and (state.later or state.events):
        books.keep(state)
    return response


def _settle(request: HttpRequest, state: RequestState, answer: Answer) -> None:
    """Put the user of a program's credential on the request as it is: there is nothing left to be lazy about."""
    _note_explicit(state)
    take_back_malformed(request)
    if answer.token.is_restricted:
        # Nobody's to those who know no scopes, until a view that does accepts it: not every answer comes from a view.
        identity.put_user(request, anonymous_user(request))
    else:
        identity.put_user(request, answer.token.user)
    if answer.found.frees_from_csrf:
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]


def _refused(request: HttpRequest, state: RequestState, failure: InvalidCredential) -> HttpResponse | None:
    _note_explicit(state)
    state.is_claimed = True
    if isinstance(failure, SeveralCredentials):
        return refusals.ambiguous(request)
    if paths.is_exempt(request):
        replace(request, anonymous(request, failure))
        return None
    denial = secrets.too_many(request, failure)
    return refusals.invalid(request, failure) if denial is None else refusals.denied(request, denial)


def _denied(request: HttpRequest, state: RequestState, denial: LoginDenied) -> HttpResponse | None:
    """Answer a password that a guard did not let be looked at: it is not said to be wrong."""
    _note_explicit(state)
    state.is_claimed = True
    if paths.is_exempt(request):
        replace(request, anonymous(request, InvalidCredential("denied")))
        return None
    return refusals.denied(request, denial)


def _note_explicit(state: RequestState) -> None:
    """Note the headers in which programs' credentials are looked for: the answer depends on all, present or absent."""
    state.carriers.update(switched_on.explicit_carriers)
