"""What follows when Django says that somebody signed in or out, whoever made them do so."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends import signed_cookies
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from sessionauth import backends
from sessionauth.authenticators.session import read, token_of
from sessionauth.models import LoginSession
from sessionauth.request_state import SignIn, state_of
from sessionauth.sessions import registry
from sessionauth.user_token import replace


def logged_in(*, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Receive Django's `user_logged_in`: list the sign-in, whoever made it, and let the request be its user's."""
    if request is None or not _has_just_signed_in(request, user):
        return
    named = request.session[BACKEND_SESSION_KEY]
    if backends.decides_for_others(named):
        request.session[BACKEND_SESSION_KEY] = backends.verified_by(user) or named
    before = _sids_before(request)
    state = state_of(request)
    row = registry.record(request, user, state.sign_in or SignIn()) if registry.lists(user) else None
    registry.supersede(before)
    replace(request, token_of(user, registry.auth_at_in(registry.own(request.session)), row))


def _has_just_signed_in(request: HttpRequest, user: Any) -> bool:
    """Say whether Django's login() sent the signal; knox sends it for tokens, and touches no session.

    login() writes the session and rotates the CSRF token before it tells anybody.
    """
    session = getattr(request, "session", None)
    if session is None or not session.modified or not request.META.get("CSRF_COOKIE_NEEDS_UPDATE"):
        return False
    return bool(session.get(SESSION_KEY) == user._meta.pk.value_to_string(user))


def _sids_before(request: HttpRequest) -> set[str | None]:
    """Return the sign-ins that this one takes the place of.

    Django flushes another user's session without a word, and by now it is gone with its sid: the row is known only if
    somebody has looked before. A cookie that is itself the session cannot be flushed, so it is read once more.
    """
    session = request.session
    seen = state_of(request).token
    before = {registry.sid_in(registry.own(session))}
    if seen is not None and isinstance(seen.credential, LoginSession) and not seen.credential.earlier:
        before.add(seen.credential.sid)
    if isinstance(session, signed_cookies.SessionStore):
        old = type(session)(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        before.add(registry.sid_in(registry.own(old)))
    return before


def logged_out(*, request: HttpRequest | None, **kwargs: Any) -> None:
    """Receive Django's `user_logged_out`: end the sign-in by flag, so that a copy of the cookie is worth nothing.

    Done on the way out, if by then the session has forgotten the sign-in: a view that logs out and then fails takes its
    transaction back, and knox sends the signal for tokens, leaving the browser's session alone.
    """
    session = getattr(request, "session", None)
    if request is None or session is None or session.is_empty():
        return
    claim = read(session)
    if claim is None or claim.sid is None:
        return
    state = state_of(request)
    if state.lazy_user is None:  # not through our middleware
        registry.best_effort(partial(registry.revoke_sid, claim.sid, "logout"))
    else:
        state.later.append(partial(_revoke_forgotten, session, claim.sid))


def _revoke_forgotten(session: SessionBase, sid: str) -> None:
    now = read(session)
    if now is None or now.sid != sid:
        registry.revoke_sid(sid, "logout")
