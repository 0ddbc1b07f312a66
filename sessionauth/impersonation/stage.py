"""One request of somebody who may be impersonating: who they are for it, and which session they have."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils import timezone
from django.utils.functional import empty

from sessionauth import lookup
from sessionauth.impersonation import bound, brought, confining, held, standing
from sessionauth.impersonation.child import ChildSession
from sessionauth.login import BY_SESSION
from sessionauth.models import Impersonation
from sessionauth.request_state import state_of
from sessionauth.sessions import db, kept, registry
from sessionauth.user_token import LoginState, UserToken, anonymous, replace

CLAIM = "impersonation"
#: The cookie that says that it is worth a look before the view, and for which impersonation. It is no secret and proves
#: nothing: the session says who.
MARKER = "sessionauth_impersonating"
#: How long a key is as text.
KEY_LENGTH = 36


def claim_in(session: SessionBase | dict[str, Any]) -> str | None:
    """Return the key of the impersonation that `session`, or its data, names; loads the session."""
    if "_session_cache" not in getattr(session, "__dict__", ()):
        if "\0" in (getattr(session, "session_key", None) or ""):
            return None  # see SessionAuthenticator.extract(), which is asked later
        db.fill(session)
    claim = kept.own(session).get(CLAIM)
    return None if claim is None else str(claim)


@lru_cache(maxsize=256)
def key_in(claim: str) -> UUID | None:
    """Return the key that `claim` is, None for what is none."""
    try:
        return UUID(claim)
    except ValueError:
        return None


def put_claim(session: SessionBase, key: object | None) -> None:
    """Have `session` name the impersonation `key`, or none."""
    own = {name: value for name, value in kept.own(session).items() if name != CLAIM}
    session[kept.KEY] = own if key is None else own | {CLAIM: str(key)}


class Stage:
    """What one request has to do with impersonation; see sessionauth.request_state.Overlay.

    The identity of the person who came is found first, by their session and with all that is verified there. Only then
    is the target put over it, after everything has been asked again: the row, both session hashes, the guards.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request: Any = request
        #: True while ImpersonationMiddleware looks, before the view.
        self.is_early = False
        #: What the lookup of the session has brought along.
        self._brought: brought.Brought | None = None
        #: The impersonation that was found running.
        self.row: Impersonation | None = None
        #: The token of the target, once it has been put over that of the actor.
        self.token: UserToken | None = None
        self.parent: SessionBase | None = None
        self.child: ChildSession | None = None
        #: Why what ran has ended in this request.
        self.ended = ""
        #: The one that was started in this request, for the next.
        self.begun: Impersonation | None = None

    def concerns(self, token: UserToken) -> bool:
        """See Overlay."""
        return self._claim_by(token) is not None

    def _claim_by(self, token: UserToken) -> str | None:
        """Return what the session claims in which `token` came, None for nothing that is still to be asked."""
        if self._is_known() or not token.has_user or token.method not in BY_SESSION:
            return None
        return claim_in(self.request.session)

    def _is_known(self) -> bool:
        """Say whether it is known what this request has to do with it."""
        return self.row is not None or bool(self.ended) or self.begun is not None

    def recall(self, hint: str) -> None:
        """Ask for the session that came and for what it is likely to name, the impersonation of `hint`, at once."""
        key, session = key_in(hint) if len(hint) == KEY_LENGTH else None, self.request.session
        if key is not None and "\0" not in (getattr(session, "session_key", None) or ""):
            self._brought = brought.with_session(session, key)

    def bring(self, session: SessionBase, user_pk: Any, sid: str) -> tuple[Any, Any] | None:
        """See Overlay."""
        claim = None if self._is_known() else claim_in(session)
        key = None if claim is None else key_in(claim)
        if key is None:
            return None
        found = self._brought
        if found is None or not found.is_of(key, user_pk, sid):
            found = self._brought = brought.with_actor(key, user_pk, sid)
        return None if found is None else (found.actor, found.login)

    def in_hand(self) -> UserToken | None:
        """See Overlay."""
        return self.token if self.is_on else None

    def put_on(self, token: UserToken) -> UserToken:
        """See Overlay.

        Where it has ended, the actor is themself again; but nobody for a request that was about to change something.
        """
        claim = self._claim_by(token)
        if claim is None:
            return token
        replace(self.request, token)  # so that the guards find the actor
        seen = self._look(claim, token.user)
        reason = self._reason_to_end(token, seen)
        if reason or seen.row is None:
            return self._over(token, seen.row, reason)
        self.row = seen.row
        if not self.is_early and (not confining.is_safe(self.request) or confining.refusal(self.request, seen.row)):
            # Nobody has asked before the view, because the cookie that says so is gone.
            return anonymous(self.request)
        return self._enter(token, seen.row, seen.target)

    def _look(self, claim: str, actor: Any) -> lookup.Impersonated:
        key, (found, self._brought) = key_in(claim), (self._brought, None)
        if key is None:
            return lookup.Impersonated()
        seen = None if found is None else found.of(key, actor)
        return held.find(self.request, key, actor) if seen is None else seen

    def _reason_to_end(self, token: UserToken, seen: lookup.Impersonated) -> str:
        """Return why what the session names does not run, "" if it does."""
        row = seen.row
        if row is None or row.actor_id != token.user_id or row.transport != Impersonation.Transport.SESSION:
            return "unknown"
        known = held.answer(token.user, seen.target)
        return standing.reason_to_end(self.request, row, token.user, seen.target, known)

    def _over(self, token: UserToken, row: Impersonation | None, reason: str) -> UserToken:
        """Close what has ended, and return the actor's token, or nobody's where it is found too late."""
        if row is not None and row.actor_id == token.user_id:
            end = partial(row.end, reason)
            if self.is_early:
                registry.best_effort(end)
            else:
                state_of(self.request).later.append(end)
        self._forget(self.request.session, reason)
        return token if self.is_early or confining.is_safe(self.request) else anonymous(self.request)

    def _forget(self, session: SessionBase, reason: str) -> None:
        put_claim(session, None)
        rotate_token(self.request)
        self.ended = reason

    def _enter(self, token: UserToken, row: Impersonation, target: Any) -> UserToken:
        """Put the target and their session in the place of the actor's."""
        # As by assignment, which would ask whether both are users, and in one database.
        row._state.fields_cache |= {brought.ACTOR.name: token.user, lookup.TARGET.name: target}
        self.parent = self.request.session
        self.child = self.request.session = ChildSession(row, target, self.request.session)
        bound.put(self.request, self.child.name)
        self.token = UserToken(
            target,
            LoginState.IMPERSONATOR,
            token.method,
            credential=token.credential,
            original_user_token=token,
            impersonation=row,
        )
        self._show(self.token)
        return self.token

    def _show(self, token: UserToken) -> None:
        """Have everybody see `token`, also those who have looked at `request.user` in between."""
        state = state_of(self.request)
        if state.lazy_user is not None and state.lazy_user._wrapped is not empty:
            state.lazy_user._wrapped = token.user
        state.established = token
        replace(self.request, token)

    # ---- the end, and the way out

    def end(self, reason: str) -> None:
        """End what runs; the target's session stays that of this request."""
        if self.row is not None and not self.ended:
            self.row.end(reason)
            self._forget(self.request.session if self.parent is None else self.parent, reason)

    @property
    def is_on(self) -> bool:
        """Whether the request has the target's session at this moment."""
        return self.child is not None and self.request.session is self.child

    @property
    def has_signed_out(self) -> bool:
        """Whether the target was signed out, by a view in whatever way, and nobody has signed in since."""
        return self.ended == "logout" and self.is_on and self.child is not None and self.child.is_signed_out

    def restore(self) -> None:
        """Put the session back that came."""
        if self.is_on:
            self.request.session = self.parent

    def put_back(self) -> None:
        """Undo restore(), for what is made after the way out."""
        self.request.session = self.child

    def show_actor(self) -> None:
        """Make the request the actor's again, also where Django's logout() has put nobody on it."""
        self.restore()
        state = state_of(self.request)
        if self.token is not None and self.token.original_user_token is not None:
            self.request.user, self.request.auser = state.lazy_user, state.lazy_auser
            self._show(self.token.original_user_token)

    @property
    def said(self) -> str | None:
        """What MARKER is to say in the next request of this browser, None where it is not to look early."""
        if self.begun is not None:
            return str(self.begun.pk)
        if self.row is None or self.ended:
            return None
        return str(self.row.pk) if self.child is None else self.child.name

    def close(self, status: int) -> None:
        """Keep the target's session, as SessionMiddleware would, and that the impersonation is used."""
        values = self._unkept(status)
        if self._is_left(status):
            self.end("logout")  # by a view that signs out in a way of its own
        elif values and self.row is not None:
            registry.best_effort(partial(self.row.change, **values))

    def writes(self, status: int) -> bool:
        """Say whether close() asks the database. No I/O."""
        return self._is_left(status) or bool(self._unkept(status))

    def _is_left(self, status: int) -> bool:
        return self.child is not None and self.child.is_signed_out and not self.ended and status < 500

    def _unkept(self, status: int) -> dict[str, Any]:
        row, child, values = self.row, self.child, dict[str, Any]()
        if row is None or child is None or self.ended:
            return values
        if child.modified and status < 500:
            values["session_data"] = child.text()
        if standing.is_use_due(row) and not state_of(self.request).is_passive:
            values["last_seen_at"] = timezone.now()
        return values


def stage_of(request: HttpRequest) -> Stage | None:
    """Return the stage of `request`, None where ImpersonationMiddleware is not installed."""
    overlay = state_of(request).overlay
    return overlay if isinstance(overlay, Stage) else None
