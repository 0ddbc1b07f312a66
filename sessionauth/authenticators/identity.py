"""Who a request is now: what its credentials said, or whom other code has put on it since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.utils.functional import LazyObject, empty

from sessionauth import signals
from sessionauth.authenticators import base, chain
from sessionauth.exceptions import InvalidCredential
from sessionauth.late import LateModule
from sessionauth.request_state import RequestState, state_of
from sessionauth.user_token import LoginState, UserToken, anonymous, remember_user, replace

if TYPE_CHECKING:
    from sessionauth import confinement
else:
    confinement = LateModule("sessionauth.confinement")


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
        token = _confined(request, chain.redeem(request, chain.lazily(request, base.active(), state)))
    except InvalidCredential as failure:
        return replace(request, anonymous(request, failure))
    overlay = state.overlay
    return establish(request, token if overlay is None else overlay.put_on(token))


async def _aresolve(request: HttpRequest, state: RequestState) -> UserToken:
    if chain.share_a_hop(chain.lazily(request, base.active())):
        return await sync_to_async(_resolve)(request, state)
    try:
        token = _confined(request, await chain.aredeem(request, chain.lazily(request, base.active(), state)))
    except InvalidCredential as failure:
        return replace(request, anonymous(request, failure))
    overlay = state.overlay
    if overlay is not None and overlay.concerns(token):
        token = await sync_to_async(overlay.put_on)(token)
    return await aestablish(request, token)


def _confined(request: HttpRequest, answer: chain.Answer | None) -> UserToken:
    """Return the token of `answer`, or nobody's; raise InvalidCredential where a program's credential may not go."""
    if answer is None:
        return anonymous(request)
    if not answer.token.is_program:
        return answer.token
    if confinement.refusal(request, answer.token) is not None:
        raise InvalidCredential("denied")
    if confinement.is_pending(request, answer.token):
        state_of(request).pending = answer.token
        return anonymous(request)
    return answer.token


def put_user(request: HttpRequest, user: Any) -> None:
    """Put `user` on `request` as one whom no cookie will be asked about."""
    state = state_of(request)
    state.is_settled = True
    state.lazy_user = request.user = user
    remember_user(request, user)


def establish(request: HttpRequest, token: UserToken) -> UserToken:
    """Make `token` the identity of `request`, tell `user_loaded`, and return it."""
    replace(request, token)
    if signals.user_loaded.receivers and token.is_authenticated:
        signals.user_loaded.send_robust(**_loaded(request, token))
    return token


async def aestablish(request: HttpRequest, token: UserToken) -> UserToken:
    """See establish()."""
    replace(request, token)
    if signals.user_loaded.receivers and token.is_authenticated:
        await signals.user_loaded.asend_robust(**_loaded(request, token))
    return token


def _loaded(request: HttpRequest, token: UserToken) -> dict[str, Any]:
    user = token.user if token.has_user else None
    return {"sender": type(token.user), "request": request, "user": user, "auth": token, "method": token.method}
