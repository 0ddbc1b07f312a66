"""A session from a remember cookie: rotated by one of many requests, confirmed by the next, refused to a thief."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db import router, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import CSRF_SESSION_KEY

from sessionauth import crypto, http, signals
from sessionauth.conf import settings
from sessionauth.exceptions import LoginDenied
from sessionauth.models import LoginSession, RememberToken
from sessionauth.request_state import SignIn, state_of
from sessionauth.sessions import browsers, kept, registry, remember_cookie, series
from sessionauth.sessions.series import Standing


class Restored(NamedTuple):
    """What a good cookie came to; `row` is the session that was begun, None if the request alone is recognised."""

    token: RememberToken
    row: LoginSession | None = None


def restore(request: HttpRequest, token: RememberToken, user: Any, validator: str, backend: str) -> Restored | None:
    """Let `user` in by their `token`, for which `series.failure()` is None, if `validator` proves it.

    Of the requests that come at once one rotates the value and begins a session, whose backend is `backend`. The others
    are recognised, and nothing is kept of them; so is one whose answer will carry no cookie, and one that finds the
    database read-only. A value that is used up or forged ends the series, and the answer is None.
    """
    digest = crypto.digest(validator)
    for _ in range(2):
        standing = series.judge(token, digest)
        if standing is Standing.STOLEN:
            end_stolen(request, token, user)
            return None
        rotated: list[str | None] = []
        if standing is Standing.SIBLING or not _can_begin(request):
            return Restored(token)
        if not registry.best_effort(lambda: rotated.append(series.rotate(token, user, digest))):  # noqa: B023
            return Restored(token)
        if rotated[0] is not None:
            return _begin(request, token, user, rotated[0], backend)
        now = series.read_again(token)
        if now is None or series.failure(now, user) is not None:
            return None
        token = now
    return Restored(token)


def _can_begin(request: HttpRequest) -> bool:
    """Say whether our middleware sends cookies with the answer to `request`, and there is a session to begin."""
    return state_of(request).lazy_user is not None and hasattr(request, "session")


def _begin(request: HttpRequest, token: RememberToken, user: Any, validator: str, backend: str) -> Restored | None:
    """Begin the session of `user`, send the cookie `validator`, and tell `remember_token_used`.

    What Django's login() does, less what would say that a person has just proved who they are: `user_logged_in`, by
    which `last_login` is set and links to reset a password die. The CSRF cookie stays, for the page that the browser
    shows may hold a form.
    """
    state_of(request).on_response.append(partial(_give, token, validator, registry.survival()))
    session: SessionBase = request.session
    row = None
    if registry.best_effort(partial(_renew, session), catching=Exception):
        name_user(session, user, backend)
        _supersede(token)
        try:
            row = registry.record(request, user, SignIn(False, remember_cookie.METHOD, token, is_restored=True))
        except LoginDenied as denial:
            _undo(request, token, user, denial)
            return None
        _keep_to_limit(row, token)
        session[kept.KEY] = kept.own(session) | {kept.UNCONFIRMED: token.digest}
    signals.remember_token_used.send_robust(sender=user.__class__, request=request, user=user, token=token)
    return Restored(token, row)


def name_user(session: SessionBase, user: Any, backend: str) -> None:
    """Write into `session` what Django's login() does: whose it is, by which backend, and their session hash."""
    session[SESSION_KEY] = user._meta.pk.value_to_string(user)
    session[BACKEND_SESSION_KEY] = backend
    session[HASH_SESSION_KEY] = user.get_session_auth_hash() if hasattr(user, "get_session_auth_hash") else ""


def _keep_to_limit(row: LoginSession | None, token: RememberToken) -> None:
    """Let the time of a restored session count from the login, where a preset forbids that it outlives that."""
    if row is not None and series.overall_limit() is not None:
        row.created_at = token.created_at
        registry.best_effort(lambda: registry.rows().filter(pk=row.pk).update(created_at=token.created_at))


def _undo(request: HttpRequest, token: RememberToken, user: Any, denial: LoginDenied) -> None:
    """Let nobody in after all, and forget the browser: it would ask again and again, and never be told why."""
    for name in (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY, kept.KEY):
        request.session.pop(name, None)
    registry.best_effort(partial(registry.forget_browser, token.pk, denial.code))
    name = user.get_username()
    signals.login_denied.send_robust(sender=None, request=request, identity=name, user=user, reason=denial)


def _supersede(token: RememberToken) -> None:
    """End the sessions that began with or from `token` before: a browser has one, and it has lost that."""
    found = registry.rows().filter(user_id=token.user_id, remember_token=token.pk)
    registry.best_effort(lambda: registry.revoke_rows(found, "superseded"))


def _renew(session: SessionBase) -> None:
    """Give `session` a new key, as a login does: the old one somebody may have planted.

    With SESSIONAUTH_FLUSH_ON_LOGIN what it held goes, as at a login; the secret of its forms stays.
    """
    key = session.session_key
    if settings.FLUSH_ON_LOGIN:
        for name in set(session.keys()) - {CSRF_SESSION_KEY, *settings.PRESERVE_SESSION_KEYS}:
            del session[name]
    try:
        session.cycle_key()
    except Exception:
        session._session_key = key  # the new one was drawn and could not be saved
        raise


def _give(token: RememberToken, validator: str, survives: Callable[[], bool], response: HttpResponseBase) -> None:
    if survives():
        remember_cookie.set_on(response, token, validator)


def confirm(session: SessionBase, token_pk: Any, digest: str) -> None:
    """Note that the browser of a restored session came with it, and so has got the cookie that was sent along.

    With that the value before it is theft, after SESSIONAUTH_REMEMBER_GRACE. Done on the way out, for a
    rolled-back view must not take it back.
    """
    series.confirm(token_pk, digest)
    own = kept.own(session)
    if own.pop(kept.UNCONFIRMED, None) is not None:
        session[kept.KEY] = own


def is_from_elsewhere(request: HttpRequest, token: RememberToken) -> bool:
    """Say whether SESSIONAUTH_SESSION_PROTECTION forbids the browser behind `request` to be that of `token`.

    Only "strong" does, by the family of browser and system. The address may change: it does in the weeks between. With
    "basic" there is nothing to take away, for a restored login is never fresh.
    """
    known, now = token.user_agent, http.user_agent(request)
    if settings.SESSION_PROTECTION != "strong" or not known:
        return False
    return (browsers.browser(known), browsers.system(known)) != (browsers.browser(now), browsers.system(now))


def end_stolen(request: HttpRequest, token: RememberToken, user: Any) -> None:
    """End the series, and by SESSIONAUTH_REMEMBER_THEFT all of the user's; tell `remember_token_stolen`."""
    changed: list[bool] = []
    registry.best_effort(lambda: changed.append(_ended(token, user)))
    if transaction.get_connection(router.db_for_write(RememberToken)).in_atomic_block:
        # Once more after the view's transaction, which may be rolled back: no alarm is.
        state_of(request).later.append(partial(_ended, token, user))
    if any(changed):
        signals.remember_token_stolen.send_robust(sender=user.__class__, request=request, user=user, token=token)


def _ended(token: RememberToken, user: Any) -> bool:
    if not token.revoke("theft"):
        return False
    if settings.REMEMBER_THEFT == "user":
        registry.revoke_all(user, "theft")
    else:
        # Somebody is where they should not be: what the other browsers have proved is asked for again.
        registry.rows().filter(user_id=user.pk, revoked_at=None).update(authenticated_at=None)
    return True
