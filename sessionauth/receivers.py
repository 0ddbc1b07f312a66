"""What follows when Django says that somebody signed in or out, whoever made them do so."""

from __future__ import annotations

from dataclasses import replace as replaced
from functools import partial
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends import signed_cookies
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.middleware.csrf import CSRF_SESSION_KEY

from sessionauth import backends, signals
from sessionauth.authenticators.session import read, token_of
from sessionauth.conf import settings
from sessionauth.exceptions import LoginDenied
from sessionauth.request_state import RequestState, SignIn, state_of
from sessionauth.sessions import kept, registry, remember, remember_cookie, series
from sessionauth.user_token import anonymous, replace

#: What a sign-in itself has put into the session.
OF_THE_SIGN_IN = frozenset({SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY, CSRF_SESSION_KEY, kept.KEY})


def logged_in(*, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Receive Django's `user_logged_in`: what a sign-in does beyond Django's, whoever made it.

    The session key is new in any case, what belonged to another user or to nobody is thrown away or kept as the
    settings say, the sign-in is listed in place of the one before, and the request is its user's.
    """
    if request is None or not _has_just_signed_in(request, user):
        return
    state = state_of(request)
    before = _sids_before(request, state)
    _clear_out(request, state)
    _rotate(request)
    _name_backend(request.session, user)
    sign_in = state.sign_in or SignIn(method=backends.method_of(user))
    if sign_in.remember_token is None:
        sign_in = replaced(sign_in, remember_token=remember.at_login(request, user))
    registry.supersede(before)
    try:
        row = registry.record(request, user, sign_in) if registry.lists(user) else None
    except LoginDenied as denial:
        _undo(request, user, sign_in, denial)
        raise
    own = kept.own(request.session)
    replace(request, token_of(user, kept.auth_at_in(own), row, kept.proofs_in(own)))
    state.denied = None  # somebody has come in after all, whatever was refused before


def _has_just_signed_in(request: HttpRequest, user: Any) -> bool:
    """Say whether Django's login() sent the signal; knox sends it for tokens, and touches no session.

    login() writes the session and rotates the CSRF token before it tells anybody.
    """
    session = getattr(request, "session", None)
    if session is None or not session.modified or not request.META.get("CSRF_COOKIE_NEEDS_UPDATE"):
        return False
    return bool(session.get(SESSION_KEY) == user._meta.pk.value_to_string(user))


def _undo(request: HttpRequest, user: Any, sign_in: SignIn, denial: LoginDenied) -> None:
    """Take back what Django's login() has done before it told us: nobody has signed in, and nothing is remembered.

    What the session held before stays; its key is a new one already.
    """
    for name in OF_THE_SIGN_IN:
        request.session.pop(name, None)
    if sign_in.remember_token is not None:
        registry.forget_browser(sign_in.remember_token.pk, denial.code)
    nobody = anonymous(request)
    request.user = nobody.user
    replace(request, nobody)
    state_of(request).denied = denial
    name = user.get_username()
    signals.login_denied.send_robust(sender=None, request=request, identity=name, user=user, reason=denial)


def _sids_before(request: HttpRequest, state: RequestState) -> set[str | None]:
    """Return the sign-ins that this one takes the place of.

    Django flushes another user's session without a word, and by now it is gone with its sid: that is known only if
    somebody has looked before.
    """
    came = _session_in_cookie(request)
    held = [kept.own(request.session), kept.own(_data_before(request, state))]
    return {kept.sid_in(own) for own in [*held, {} if came is None else kept.own(came)]}


def _clear_out(request: HttpRequest, state: RequestState) -> None:
    """Throw away what an anonymous session held, if so set, and bring back what is to survive another user's.

    The way back moves to the request: it is good for this sign-in only.
    """
    session = request.session
    own = kept.own(session)
    state.next = own.pop("next", "") or state.next
    for name in kept.OF_A_SIGN_IN:
        own.pop(name, None)
    if kept.KEY in session:
        session[kept.KEY] = own
    if settings.FLUSH_ON_LOGIN and not _was_somebodys(request, state):
        for name in set(session.keys()) - OF_THE_SIGN_IN - set(settings.PRESERVE_SESSION_KEYS):
            del session[name]
    before = _data_before(request, state)
    for name in set(settings.PRESERVE_SESSION_KEYS) - OF_THE_SIGN_IN:
        if name in before and name not in session:
            session[name] = before[name]


def _data_before(request: HttpRequest, state: RequestState) -> dict[str, Any]:
    """Return what the session held before Django may have flushed it, as far as somebody has looked."""
    session, data = state.session_data or (None, {})
    return data if session is request.session else {}


def _session_in_cookie(request: HttpRequest) -> SessionBase | None:
    """Return the session that came, where the cookie is the session: such a one cannot be flushed and is read again."""
    session = request.session
    return type(session)(_key_that_came(request)) if isinstance(session, signed_cookies.SessionStore) else None


def _was_somebodys(request: HttpRequest, state: RequestState) -> bool:
    if state.token is not None and state.token.has_user:
        return True
    came = _session_in_cookie(request)
    return _has_its_old_key(request) if came is None else SESSION_KEY in came


def _rotate(request: HttpRequest) -> None:
    """Give the session a new key where Django has not (ASVS 7.2.4)."""
    if _has_its_old_key(request):
        registry.rotate(request.session)


def _has_its_old_key(request: HttpRequest) -> bool:
    """Say whether Django has left the key that came, as it does for the same user alone."""
    key = request.session.session_key
    return key is not None and key == _key_that_came(request)


def _key_that_came(request: HttpRequest) -> str | None:
    """Return the key that the session came with: by any middleware of sessions, or by Django's where ours is not."""
    return state_of(request).session_key or request.COOKIES.get(django_settings.SESSION_COOKIE_NAME)


def _name_backend(session: SessionBase, user: Any) -> None:
    """Let the session name the backend that verified `user`, never one that only decides for others."""
    named = session[BACKEND_SESSION_KEY]
    if backends.decides_for_others(named):
        session[BACKEND_SESSION_KEY] = backends.verified_by(user) or named


def logged_out(*, request: HttpRequest | None, **kwargs: Any) -> None:
    """Receive Django's `user_logged_out`: end the sign-in by flag, so that a copy of the cookie is worth nothing.

    Done on the way out, if by then the session has forgotten the sign-in: a view that logs out and then fails takes its
    transaction back, and knox sends the signal for tokens, leaving the browser's session alone.
    """
    session = getattr(request, "session", None)
    if request is None or session is None or _is_impersonated(request):
        return
    claim = None if session.is_empty() else read(session)
    sid = None if claim is None else claim.sid
    if sid is None and not remember_cookie.is_present(request):
        return
    state = state_of(request)
    if state.lazy_user is None:  # not through our middleware
        registry.best_effort(partial(_end_sign_in, request, sid))
    else:
        state.later.append(partial(_end_forgotten, request, session, sid))


def _is_impersonated(request: HttpRequest) -> bool:
    """Say whether it is a target who signs out: that ends the impersonation, and nobody's sign-in."""
    token = state_of(request).token
    return token is not None and token.is_impersonating


def _end_forgotten(request: HttpRequest, session: SessionBase, sid: str | None) -> None:
    now = read(session)
    if now is None:
        _end_sign_in(request, sid)
    elif now.sid != sid:
        _end_session(sid)  # somebody has signed in since, and the cookie is theirs


def _end_sign_in(request: HttpRequest, sid: str | None) -> None:
    """End the session `sid` and the series of this browser; other browsers stay remembered."""
    _end_session(sid)
    remember.forget(request)


def _end_session(sid: str | None) -> None:
    if sid is not None:
        series.end_of(registry.rows().filter(sid=sid), "logout")
        registry.revoke_sid(sid, "logout")
