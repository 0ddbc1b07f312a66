"""Asks the authenticators, in order, who a request is."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.utils.functional import LazyObject, empty

from sessionauth import confinement, signals
from sessionauth.audit import rejections
from sessionauth.authenticators import base
from sessionauth.authenticators.base import Authenticator, BaseAuthenticator, PresentedSecret
from sessionauth.conf import settings
from sessionauth.exceptions import InvalidCredential, LimitedCredential, SeveralCredentials
from sessionauth.request_state import RequestState, state_of
from sessionauth.user_token import LoginState, UserToken, anonymous, remember_user, replace

logger = logging.getLogger("sessionauth")


@dataclass(frozen=True, slots=True)
class Found:
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


def get_auth(request: HttpRequest) -> UserToken:
    """Return who `request` is now: the one source that decorators, views and later middleware ask.

    It follows `request.user`: after login(), logout() or an assignment of another user it answers for that one.
    Never raises for what a client sent: a lazy credential that is wrong makes nobody, with `failure` set.
    """
    state = state_of(request)
    user = _user_on(request, state)
    return own_auth(request) if user is state.lazy_user else _token_of(user, state)


async def aget_auth(request: HttpRequest) -> UserToken:
    """See get_auth(). Where no cookie came it needs no thread; otherwise one hop does all.

    An `auser` that other code put there counts as an assigned user.
    """
    state = state_of(request)
    auser = getattr(request, "_request", request).__dict__.get("auser")
    if auser is None or auser is state.lazy_auser or _user_on(request, state) is not state.lazy_user:
        return await aauth_of_user(request)
    return _token_of(await auser(), state)


async def aauth_of_user(request: HttpRequest) -> UserToken:
    """Return who `request` is by `request.user`, without asking `auser`, which may be wrapped round the asker."""
    state = state_of(request)
    user = _user_on(request, state)
    if user is state.lazy_user:
        known = _known(request, state)
        return await _aresolve(request, state) if known is None else known
    is_asked_later = isinstance(user, LazyObject)
    return await sync_to_async(get_auth)(request) if is_asked_later else _token_of(user, state)


def own_auth(request: HttpRequest) -> UserToken:
    """Return who `request` is by its own credentials, whatever user other code has put on it."""
    state = state_of(request)
    known = _known(request, state)
    return _resolve(request, state) if known is None else known


def _user_on(request: HttpRequest, state: RequestState) -> Any:
    """Return what stands on `request.user`, unevaluated: our lazy user, or what other code put there, None too."""
    return getattr(request, "_request", request).__dict__.get("user", state.lazy_user)


def _known(request: HttpRequest, state: RequestState) -> UserToken | None:
    """Return the token that was found before, None if nobody has asked yet.

    Django's own places for the user count: allauth empties them to have a session asked that it has put there, and
    OAuth toolkit fills them before our turn. What the lazy user has once answered stays.
    """
    lazy = state.lazy_user
    if lazy is None or state.is_settled:
        return state.token
    if lazy._wrapped is not empty:
        return _token_of(lazy._wrapped, state)
    inside = getattr(request, "_request", request).__dict__
    cached = inside.get("_cached_user", inside.get("_acached_user"))
    if cached is None:
        return None if state.overlay is None else state.overlay.in_hand()
    if cached is lazy:
        return state.token
    return _token_of(cached, state)


def _token_of(user: Any, state: RequestState) -> UserToken:
    """Return our own token if it is that of `user`, else one for a user whom other code knows."""
    # Asked first: a lazy user may be wrapped round ours, and make our token only now.
    is_authenticated = getattr(user, "is_authenticated", False)
    own = state.token
    if own is not None and (user is own.user or (user == own.user and own.has_user == bool(is_authenticated))):
        return own
    if state.others is None or state.others[0] is not user:
        # Known to the other code, never fresh to us.
        known = LoginState.STALE if is_authenticated else LoginState.ANONYMOUS
        state.others = (user, UserToken(user, known, "external" if is_authenticated else ""))
    return state.others[1]


def _resolve(request: HttpRequest, state: RequestState) -> UserToken:
    try:
        token = _confined(request, redeem(request, lazily(request, base.active(), state)))
    except InvalidCredential as failure:
        return replace(request, anonymous(request, failure))
    overlay = state.overlay
    return establish(request, token if overlay is None else overlay.put_on(token))


async def _aresolve(request: HttpRequest, state: RequestState) -> UserToken:
    if share_a_hop(lazily(request, base.active())):
        return await sync_to_async(_resolve)(request, state)
    try:
        token = _confined(request, await aredeem(request, lazily(request, base.active(), state)))
    except InvalidCredential as failure:
        return replace(request, anonymous(request, failure))
    overlay = state.overlay
    if overlay is not None and overlay.concerns(token):
        token = await sync_to_async(overlay.put_on)(token)
    return await aestablish(request, token)


def _confined(request: HttpRequest, answer: Answer | None) -> UserToken:
    """Return the token of `answer`, or nobody's; raise InvalidCredential where a program's credential may not go."""
    if answer is None:
        return anonymous(request)
    if confinement.refusal(request, answer.token) is not None:
        raise InvalidCredential("denied")
    if confinement.is_pending(request, answer.token):
        state_of(request).pending = answer.token
        return anonymous(request)
    return answer.token


def tried(state: RequestState, authenticator: Authenticator) -> None:
    """Note the headers of `authenticator` as what the answer depends on."""
    for header in authenticator.carriers:
        state.carriers[header] = None


def put_user(request: HttpRequest, user: Any) -> None:
    """Put `user` on `request` as one whom no cookie will be asked about."""
    state = state_of(request)
    state.is_settled = True
    state.lazy_user = request.user = user
    remember_user(request, user)


def establish(request: HttpRequest, token: UserToken) -> UserToken:
    """Make `token` the identity of `request`, tell `user_loaded`, and return it."""
    replace(request, token)
    if token.is_authenticated:
        signals.user_loaded.send_robust(**_loaded(request, token))
    return token


async def aestablish(request: HttpRequest, token: UserToken) -> UserToken:
    """See establish()."""
    replace(request, token)
    if token.is_authenticated:
        await signals.user_loaded.asend_robust(**_loaded(request, token))
    return token


def _loaded(request: HttpRequest, token: UserToken) -> dict[str, Any]:
    user = token.user if token.has_user else None
    return {"sender": type(token.user), "request": request, "user": user, "auth": token, "method": token.method}
