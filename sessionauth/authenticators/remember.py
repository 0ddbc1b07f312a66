"""The remember cookie: who comes back without a session is known again, and not as surely as with a password."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth import SESSION_KEY, load_backend
from django.contrib.auth.views import LogoutView
from django.db import connections, router
from django.http import HttpRequest

from sessionauth import http, lookup, signals, user_loader
from sessionauth.authenticators.base import BaseAuthenticator, active
from sessionauth.conf import djangos, settings
from sessionauth.late import LateModule
from sessionauth.models import RememberToken
from sessionauth.request_state import state_of
from sessionauth.sessions import registry, remember_cookie
from sessionauth.sessions.remember_cookie import Presented
from sessionauth.user_token import LoginState, UserToken

if TYPE_CHECKING:
    from sessionauth import backends, confinement
    from sessionauth.sessions import remember, restoring, series
else:
    backends = LateModule("sessionauth.backends")
    confinement = LateModule("sessionauth.confinement")
    remember = LateModule("sessionauth.sessions.remember")
    restoring = LateModule("sessionauth.sessions.restoring")
    series = LateModule("sessionauth.sessions.series")

#: Our own pages on which nobody is restored: who logs out must not log in first, and who proves who they are need not.
WAYS_IN_AND_OUT = {"login", "logout", "confirm_login", "unlock"}


@dataclass(frozen=True, slots=True)
class RememberCookie:
    """A remember cookie as it came; `presented` is None for what we have never given."""

    presented: Presented | None = field(repr=False)


class RememberAuthenticator(BaseAuthenticator):
    """Restores the session of a browser that was remembered. Asked only where the session names nobody."""

    name = remember_cookie.METHOD
    lazy = True
    carriers = ("Cookie",)

    def extract(self, request: HttpRequest) -> RememberCookie | None:
        """Return the cookie if one came, whatever it is worth; None on the ways in and out."""
        if not remember_cookie.is_present(request) or _is_way_in_or_out(request):
            return None
        return RememberCookie(remember_cookie.presented(request))

    def authenticate(self, request: HttpRequest, credential: RememberCookie) -> UserToken | None:
        """Return whom the browser is remembered as.

        A cookie that is worth nothing is taken back and shadows nobody who is asked after it.
        """
        presented = credential.presented
        if presented is None:
            remember.discard(request)
            return None
        if _session_names_somebody(request):
            return None
        seen = lookup.remembered(request, presented.selector)
        if seen.token is None:
            remember.discard(request)
            return None
        if seen.user is None:
            _without_user(request, seen.token)
            return None
        return _restored(request, seen.token, seen.user, presented)

    def is_ready(self, credential: RememberCookie) -> bool:
        """See BaseAuthenticator.is_ready(): what we have never given."""
        return credential.presented is None


def goes_before(request: HttpRequest, view: Any) -> bool:
    """Say whether a remembered login is to be decided before `view` rather than when somebody looks.

    In a view's transaction the decision would be taken back with it, and its lock would hold up the requests beside it.
    So it goes before the view where that runs in a transaction, and where a session has to be restored: the browser
    brings the cookie and no session. Elsewhere a page that looks at nobody costs nothing.
    """
    if djangos.SESSION_COOKIE_NAME in request.COOKIES or remember_cookie.presented(request) is None:
        return False
    if not any(isinstance(one, RememberAuthenticator) for one in active()):
        return False
    alias = router.db_for_write(RememberToken)
    is_atomic = connections[alias].settings_dict["ATOMIC_REQUESTS"]
    return bool(is_atomic) and alias not in getattr(view, "_non_atomic_requests", ())


def _is_way_in_or_out(request: HttpRequest) -> bool:
    match = confinement.match_of(request)
    if match is None:
        return False
    if "sessionauth" in match.app_names:
        if match.url_name in WAYS_IN_AND_OUT or (match.url_name == "session" and request.method not in http.READING):
            return True
    view_class = getattr(match.func, "view_class", None)
    return isinstance(view_class, type) and issubclass(view_class, LogoutView)


def _session_names_somebody(request: HttpRequest) -> bool:
    """Say whether the session is somebody's who is only out of sight (another tenant's); it is not written over."""
    session = getattr(request, "session", None)
    return session is not None and not session.is_empty() and SESSION_KEY in session


def _without_user(request: HttpRequest, token: RememberToken) -> None:
    """End the series of a user who is gone or may not log in any more, so that it cannot revive.

    Where the user is only out of sight the cookie is left alone, as a session is.
    """
    user = lookup.hidden_user(str(token.user_id))
    if user is None or not getattr(user, "is_active", True):
        state_of(request).later.append(partial(registry.forget_browser, token.pk, "inactive"))
        remember.discard(request)


def _restored(request: HttpRequest, token: RememberToken, user: Any, presented: Presented) -> UserToken | None:
    failure = series.failure(token, user)
    if failure in ("inactive", "password changed"):
        state_of(request).later.append(partial(registry.forget_browser, token.pk, failure))
    if failure is not None:
        remember.discard(request)
        return None
    if restoring.is_from_elsewhere(request, token):
        state_of(request).later.append(partial(registry.forget_browser, token.pk, "protection"))
        signals.session_protected.send_robust(sender=user.__class__, request=request, user=user, mode="strong")
        remember.discard(request)
        return None
    path = _backend_path(token, user)
    user = None if path is None else lookup.by_backend(request, load_backend(path), user)
    if user is None or path is None or not _loader_agrees(request, user, path):
        return None  # out of sight, perhaps for now
    restored = restoring.restore(request, token, user, presented.validator, path)
    if restored is None:
        remember.discard(request)
        return None
    return UserToken(user, LoginState.REMEMBERED, remember_cookie.METHOD, credential=restored.row or restored.token)


def _backend_path(token: RememberToken, user: Any) -> str | None:
    """Return the backend of a session that is restored from `token`, None if it stands in the settings no more.

    Never ours, which only decides.
    """
    path = token.backend
    if path and path not in djangos.AUTHENTICATION_BACKENDS:
        return None
    return path if path and not backends.decides_for_others(path) else backends.verified_by(user)


def _loader_agrees(request: HttpRequest, user: Any, path: str) -> bool:
    """Say whether SESSIONAUTH_USER_LOADER, if there is one, takes a session that names `user` for theirs."""
    if settings.USER_LOADER is None or not hasattr(request, "session"):
        return True
    session = type(request.session)()
    restoring.name_user(session, user, path)
    try:
        return bool(user_loader.loaded(request, session) == user)
    except user_loader.LoaderFailed:
        return False
