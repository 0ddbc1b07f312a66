"""The browser's session: Django's own keys, verified on every request, joined with the login session."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from sessionauth import crypto, lookup, user_loader
from sessionauth.authenticators.base import BaseAuthenticator
from sessionauth.conf import djangos, load, settings
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.late import LateModule
from sessionauth.lookup import Sighting
from sessionauth.models import LoginSession
from sessionauth.models.binding import session_hash
from sessionauth.request_state import state_of
from sessionauth.sessions import db, freshness, kept, registry, timeouts, watch
from sessionauth.sessions.db import SessionStore
from sessionauth.sessions.protection import Verdict
from sessionauth.user_token import LoginState, UserToken

if TYPE_CHECKING:
    from sessionauth.sessions import restoring
else:
    restoring = LateModule("sessionauth.sessions.restoring")

logger = logging.getLogger("sessionauth")


class Claim(NamedTuple):
    """What a session says about its user."""

    user_id: str
    backend: str
    session_hash: str
    sid: str | None

    @property
    def row_sid(self) -> str:
        """The name of its row: its own, or that of the sessions from before the app."""
        return registry.earlier_sid(self.user_id, self.session_hash) if self.sid is None else self.sid


class SessionAuthenticator(BaseAuthenticator):
    """Knows whom Django's login() wrote into the session."""

    name = "session"
    lazy = True
    carriers = ("Cookie",)

    def extract(self, request: HttpRequest) -> SessionBase | None:
        """Return the session if there is any: a cookie came, or something was put into it. Reads no data."""
        session: Any = getattr(request, "session", None)
        if not hasattr(session, "is_empty") or session.is_empty() or "\0" in (session.session_key or ""):
            return None  # a quoted cookie can carry NUL, which PostgreSQL takes nowhere
        found: SessionBase = session
        return found

    def authenticate(self, request: HttpRequest, credential: SessionBase) -> UserToken | None:
        """Return the user of a session that is verified, listed and not revoked; what is ended is cleared away."""
        db.fill(credential)
        claim = read(credential)
        if settings.USER_LOADER is not None:
            return _ask_loader(request, credential, claim)
        if claim is None or claim.backend not in djangos.AUTHENTICATION_BACKENDS:
            return None
        backend = lookup.with_sync_get_user(_backends.made(claim.backend))
        seen = lookup.session(request, backend, claim.user_id, claim.row_sid, credential)
        if seen.user is None:
            _without_user(request, credential, claim)
            return None
        return _verified(request, credential, claim, seen)

    def openapi(self) -> dict[str, dict[str, Any]]:
        """Return the scheme of the session cookie under its real name."""
        return {"sessionAuth": {"type": "apiKey", "in": "cookie", "name": django_settings.SESSION_COOKIE_NAME}}


class Backends(FromSettings):
    """The classes that make the backends of AUTHENTICATION_BACKENDS, each imported when it is first asked for."""

    @derived
    def by_path(self) -> dict[str, Any]:
        """What has been imported."""
        return {}

    def made(self, path: str) -> Any:
        """Return what Django's load_backend() does, a new one each time."""
        known = self.by_path
        if path not in known:
            known[path] = load(path)
        return known[path]()


_backends = Backends()


def read(session: SessionBase) -> Claim | None:
    """Return what `session` says about its user, None if it names nobody (or something that is no name)."""
    data = kept.data(session)
    user_id, backend = data.get(SESSION_KEY), data.get(BACKEND_SESSION_KEY)
    if user_id is None or not isinstance(backend, str):
        return None
    session_hash = data.get(HASH_SESSION_KEY)
    return Claim(
        user_id=str(user_id),
        backend=backend,
        session_hash=session_hash if isinstance(session_hash, str) else "",
        sid=kept.sid_in(kept.own(session)),
    )


def _without_user(request: HttpRequest, session: SessionBase, claim: Claim) -> None:
    """End the session of a user who is gone or may not log in any more, so that it cannot revive.

    Where the user is only out of sight (another tenant's, a backend that does not answer or says "not now") it is left
    alone, as in Django.
    """
    user = lookup.hidden_user(claim.user_id)
    if user is not None and getattr(user, "is_active", True):
        return
    if user is not None and registry.lists(user):
        state_of(request).later.append(partial(_revoke_for_good, claim, user.pk, "inactive"))
    end(session)


def _revoke_for_good(claim: Claim, user_pk: Any, reason: str) -> None:
    if claim.sid is None:
        registry.keep_earlier(user_pk, claim.row_sid, ended=reason)
    else:
        registry.revoke_sid(claim.sid, reason)


def _verified(request: HttpRequest, session: SessionBase, claim: Claim, seen: Sighting) -> UserToken | None:
    """Return the token of the user if session hash and login session are in order; end the session otherwise."""
    user, row = seen.user, seen.row
    if not _hash_is_right(session, claim, user):
        if row is not None:
            state_of(request).later.append(partial(registry.revoke, row, "password changed"))
        end(session)
        return None
    if row is None and claim.sid is None and seen.is_kept and registry.lists(user):
        state_of(request).later.append(partial(registry.keep_earlier, user.pk, claim.row_sid))
    return _listed(request, session, claim.sid, seen)


def _listed(request: HttpRequest, session: SessionBase, sid: str | None, seen: Sighting) -> UserToken | None:
    """Return the token of the user if the login session is theirs and not over; end the session otherwise."""
    user, row = seen.user, seen.row
    is_unlisted = row is None and sid is not None and seen.is_kept and registry.lists(user)
    if is_unlisted or (row is not None and (row.is_revoked or row.user_id != user.pk)):
        end(session)
        return None
    return _watched(request, session, user, row)


def _watched(request: HttpRequest, session: SessionBase, user: Any, row: LoginSession | None) -> UserToken | None:
    """Return the token of `user`, unless their session is too old or comes from somewhere else; stale if it might."""
    verdict = watch.look(request, session, user, row)
    if verdict is Verdict.END:
        end(session)
    if verdict in (Verdict.END, Verdict.NOBODY):
        return None
    own = kept.own(session)
    if row is not None and (unconfirmed := kept.unconfirmed_in(own)) is not None:
        state_of(request).later.append(partial(restoring.confirm, session, row.remember_token_id, unconfirmed))
    if row is not None and isinstance(session, SessionStore) and session.confirm(row):
        state_of(request).later.append(session.note)
    if freshness.bring_back(request, session, own):
        own = kept.own(session)
    state_of(request).session_data = (session, kept.data(session))
    own = own if verdict is Verdict.GO_ON else {}
    return token_of(user, kept.auth_at_in(own), row, kept.proofs_in(own))


def _hash_is_right(session: SessionBase, claim: Claim, user: Any) -> bool:
    """Verify the session hash as django.contrib.auth.get_user() does, fallback keys included."""
    if not hasattr(user, "get_session_auth_hash"):
        return True
    current = session_hash(user)
    if claim.session_hash and crypto.is_same(claim.session_hash, current):
        return True
    fallbacks = user.get_session_auth_fallback_hash() if claim.session_hash else ()
    if not any(crypto.is_same(claim.session_hash, fallback) for fallback in fallbacks):
        return False

    key = session.session_key
    if registry.best_effort(session.cycle_key, catching=Exception):
        session[HASH_SESSION_KEY] = current
    else:
        session._session_key = key  # a new one was drawn and could not be saved
    return True


def token_of(
    user: Any, auth_at: float | None, row: LoginSession | None, proofs: Mapping[str, float] | None = None
) -> UserToken:
    """Return the token of a person whose session says that they last proved who they are at `auth_at`.

    `row` is that of their sign-in, `proofs` when they proved it by which method.
    """
    if row is not None and row.authenticated_at is None:
        auth_at = None  # never proved, or asked for again
    if auth_at is None and row is not None and row.restored:
        return UserToken(user, LoginState.REMEMBERED, SessionAuthenticator.name, credential=row)
    moment = _moment(auth_at)
    is_fresh = moment is not None and time.time() - moment.timestamp() < timeouts.limits.fresh
    state = LoginState.FRESH if is_fresh else LoginState.STALE
    by_method = {method: when for method, at in (proofs or {}).items() if (when := _moment(at)) is not None}
    return UserToken(user, state, SessionAuthenticator.name, credential=row, authenticated_at=moment, proofs=by_method)


def _moment(timestamp: float | None) -> datetime | None:
    try:
        return None if timestamp is None else datetime.fromtimestamp(timestamp, UTC)
    except (OverflowError, ValueError, OSError, TypeError):
        return None


def end(session: SessionBase) -> None:
    """Empty `session` and forget it; no trouble with its store can keep the request from being nobody's."""
    if not registry.best_effort(session.flush, catching=Exception):
        # Emptied but not deleted: without its key it is not saved again either, and the cookie is taken back.
        session._session_key = None
        session.modified = False


def _ask_loader(request: HttpRequest, session: SessionBase, claim: Claim | None) -> UserToken | None:
    """Return whom SESSIONAUTH_USER_LOADER knows; None takes the identity out of the session."""
    try:
        user = user_loader.loaded(request, session)
    except user_loader.LoaderFailed:
        return None
    if user is None or not getattr(user, "is_active", True):
        if claim is not None:
            end(session)
        return None
    if not registry.lists(user):
        return _watched(request, session, user, None)
    if claim is not None:
        return _verified(request, session, claim, lookup.row_of(claim.row_sid)._replace(user=user))
    # Signed in by the project's own key: listed since they have confirmed it.
    sid = kept.sid_in(kept.own(session))
    seen = Sighting(user) if sid is None else lookup.row_of(sid)._replace(user=user)
    return _listed(request, session, sid, seen)
