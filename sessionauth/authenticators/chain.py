"""Asks the authenticators, in order, whose credentials came with a request."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.http import HttpRequest

from sessionauth import signals
from sessionauth.authenticators import base
from sessionauth.authenticators.base import Authenticator, BaseAuthenticator, PresentedSecret
from sessionauth.conf import settings
from sessionauth.exceptions import InvalidCredential, LimitedCredential, SeveralCredentials
from sessionauth.late import LateModule
from sessionauth.request_state import RequestState
from sessionauth.user_token import UserToken

if TYPE_CHECKING:
    from sessionauth.audit import rejections
else:
    rejections = LateModule("sessionauth.audit.rejections")

logger = logging.getLogger("sessionauth")


class Found(NamedTuple):
    """A credential that came with a request, and the authenticator that claims it."""

    authenticator: Authenticator
    credential: Any

    @property
    def frees_from_csrf(self) -> bool:
        """Whether no other site can make a browser send it."""
        return not self.authenticator.lazy and self.authenticator.frees_from_csrf(self.credential)


class Answer(NamedTuple):
    """Who a request is, and the credential that said so."""

    found: Found
    token: UserToken


def explicit(request: HttpRequest, authenticators: Sequence[Authenticator]) -> list[Found]:
    """Return the credentials that a program put on the request, then Basic: all that is not asked lazily. No I/O.

    Raises SeveralCredentials for two different secrets. What is no PresentedSecret may turn out to be nothing at all.
    """
    found = [
        Found(authenticator, credential)
        for authenticator in authenticators
        if not authenticator.lazy and (credential := authenticator.extract(request)) is not None
    ]
    if len(found) < 2:
        return found
    secrets = [one.credential for one in found if isinstance(one.credential, PresentedSecret)]
    if any(secret != secrets[0] for secret in secrets):
        raise SeveralCredentials
    return found


def lazily(
    request: HttpRequest, authenticators: Sequence[Authenticator], state: RequestState | None = None
) -> Iterator[Found]:
    """Yield the credentials of lazy authenticators, one after the other as they are asked for. No I/O.

    `state` is told the headers that were tried by then.
    """
    for authenticator in authenticators:
        if state is not None:
            tried(state, authenticator)
        if authenticator.lazy and (credential := authenticator.extract(request)) is not None:
            yield Found(authenticator, credential)


def tried(state: RequestState, authenticator: Authenticator) -> None:
    """Note the headers of `authenticator` as what the answer depends on."""
    for header in authenticator.carriers:
        state.carriers[header] = None


def share_a_hop(found: Iterable[Found]) -> bool:
    """Say whether to redeem `found`, and to do what follows, in one hop to the thread of the database.

    That is where all do what they do in that thread, and one of them has to.
    """
    is_ready = True
    for one in found:
        asked = one.authenticator
        if not isinstance(asked, BaseAuthenticator) or type(asked).aauthenticate is not BaseAuthenticator.aauthenticate:
            return False
        is_ready = is_ready and asked.is_ready(one.credential)
    return not is_ready


def redeem(request: HttpRequest, found: Iterable[Found]) -> Answer | None:
    """Return what the first of `found` that answers says.

    Raises InvalidCredential for one that is ours and wrong, unless SESSIONAUTH_INVALID_CREDENTIAL is "ignore".
    """
    for one in found:
        try:
            token = one.authenticator.authenticate(request, one.credential)
        except InvalidCredential as failure:
            signals.credential_rejected.send_robust(request=request, **_rejection(one, failure))
            rejections.rejected(request, failure)
            if settings.INVALID_CREDENTIAL == "ignore" and not isinstance(failure, LimitedCredential):
                continue
            raise
        if token is not None:
            return Answer(one, token)
    return None


async def aredeem(request: HttpRequest, found: Iterable[Found]) -> Answer | None:
    """See redeem()."""
    for one in found:
        try:
            token = await one.authenticator.aauthenticate(request, one.credential)
        except InvalidCredential as failure:
            await signals.credential_rejected.asend_robust(request=request, **_rejection(one, failure))
            await rejections.arejected(request, failure)
            if settings.INVALID_CREDENTIAL == "ignore" and not isinstance(failure, LimitedCredential):
                continue
            raise
        if token is not None:
            return Answer(one, token)
    return None


def _rejection(one: Found, failure: InvalidCredential) -> dict[str, Any]:
    """Log that a credential was not accepted, and return what `credential_rejected` tells of it."""
    failure.method = one.authenticator.name
    logger.info("A credential was not accepted: %s (%s).", failure.code, failure.method)
    return {"sender": type(one.authenticator), "failure": failure, "method": failure.method}


def authenticate(request: HttpRequest, authenticators: Sequence[Authenticator] | None = None) -> UserToken | None:
    """Say who `request` is, without the middleware and without changing `request.user`; None for nobody.

    `authenticators` are asked instead of those of SESSIONAUTH_AUTHENTICATORS.
    Raises InvalidCredential for a credential that is ours and wrong.
    """
    asked = base.active() if authenticators is None else authenticators
    answer = redeem(request, explicit(request, asked)) or redeem(request, lazily(request, asked))
    return None if answer is None else answer.token


async def aauthenticate(
    request: HttpRequest, authenticators: Sequence[Authenticator] | None = None
) -> UserToken | None:
    """See authenticate()."""
    asked = base.active() if authenticators is None else authenticators
    answer = await aredeem(request, explicit(request, asked)) or await aredeem(request, lazily(request, asked))
    return None if answer is None else answer.token
