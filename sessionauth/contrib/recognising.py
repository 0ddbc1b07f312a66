"""What the authentication classes of frameworks ask: who came in, with our middleware or without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest

from sessionauth import books, http
from sessionauth.authenticators import Authenticator, active, aget_auth, chain, get_auth, identity
from sessionauth.authenticators.chain import Answer
from sessionauth.exceptions import InvalidCredential, LoginDenied, SeveralCredentials
from sessionauth.guards import secrets
from sessionauth.models import AbstractCredential
from sessionauth.request_state import state_of
from sessionauth.user_token import UserToken, anonymous


def has_middleware(request: HttpRequest) -> bool:
    """Say whether our middleware has seen `request`."""
    return state_of(request).lazy_user is not None


def recognise(request: HttpRequest, authenticators: Sequence[Authenticator] | None = None) -> UserToken:
    """Return who came in with `request`, nobody's token (`failure` says why) where nobody did.

    What the middleware has found costs nothing here. Without it the authenticators of SESSIONAUTH_AUTHENTICATORS are
    asked, once, and their books are kept at once. `request.user` is left alone: see accept().

    `authenticators` are asked instead, also where the middleware is there, for it has not asked them.

    Raises SeveralCredentials for two different secrets, and LoginDenied where a guard refuses to look at one.
    """
    state = state_of(request)
    if state.pending is not None:
        return state.pending
    if authenticators is None and has_middleware(request):
        return _or_pending(request, get_auth(request))
    asked = active() if authenticators is None else authenticators
    try:
        answer = chain.redeem(request, chain.explicit(request, asked))
        answer = answer or chain.redeem(request, chain.lazily(request, asked))
        token = _recognised(request, answer)
    except InvalidCredential as failure:
        token = _wrong(request, failure)
    finally:
        if not has_middleware(request):
            books.keep(state)
    if token.is_authenticated or authenticators is None:
        state.pending = token  # else nobody has been found by these, and others may still be asked
    return token


async def arecognise(request: HttpRequest) -> UserToken:
    """See recognise(). Without the middleware it is one hop to the thread of the database."""
    state = state_of(request)
    if state.pending is not None:
        return state.pending
    if has_middleware(request):
        return _or_pending(request, await aget_auth(request))
    return await sync_to_async(recognise)(request)


def _or_pending(request: HttpRequest, token: UserToken) -> UserToken:
    """Return whose credential has only now been looked at and is to be asked for scopes, else `token`."""
    pending = state_of(request).pending
    return token if pending is None else pending


def _recognised(request: HttpRequest, answer: Answer | None) -> UserToken:
    if answer is None:
        return anonymous(request)
    if answer.found.frees_from_csrf:
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    return answer.token


def _wrong(request: HttpRequest, failure: InvalidCredential) -> UserToken:
    if isinstance(failure, SeveralCredentials):
        raise failure
    denial: LoginDenied | None = secrets.too_many(request, failure)
    if denial is not None:
        raise denial
    return anonymous(request, failure)


def accept(request: HttpRequest, token: UserToken) -> UserToken:
    """Make `token`, which recognise() returned, who `request` is from now on, on `request.user` too; return it.

    For a restricted credential to be called only where its scopes have been asked for.
    """
    if _is_new(request):
        identity.establish(request, token)
    return _put(request, token)


async def aaccept(request: HttpRequest, token: UserToken) -> UserToken:
    """See accept()."""
    if _is_new(request):
        await identity.aestablish(request, token)
    return _put(request, token)


def tally_of(token: UserToken | None, request: HttpRequest) -> str:
    """Return under what `request` of `token` is counted: its key or token, else its user, else its address.

    Not under what frameworks take by themselves: the text of a user, which two may have in common, or an address out of
    a header that a client writes itself. Whoever acts as somebody else is counted as who they are.
    """
    if token is not None and isinstance(token.credential, AbstractCredential):
        return f"{token.credential._meta.label_lower}-{token.credential.pk}"
    if token is not None and token.has_user:
        return f"user-{(token.original_user_token or token).user_id}"
    return f"address-{http.network(http.client_ip(request))}"


def _is_new(request: HttpRequest) -> bool:
    """Say whether nobody has been told of the token yet: the middleware has not, and no earlier question."""
    state = state_of(request)
    return state.pending is not None and state.pending is not state.established


def _put(request: HttpRequest, token: UserToken) -> UserToken:
    state = state_of(request)
    if state.pending is None:
        return token  # its user stands there already
    if not has_middleware(request):
        request.auser = _user_of(token)
    state.pending, state.token, state.established = None, token, token
    identity.put_user(request, token.user)
    return token


def _user_of(token: UserToken) -> Any:
    async def auser() -> Any:
        return token.user

    return auser
