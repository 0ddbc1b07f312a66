"""What the signals of Django and of this app are to the record. Wired in `wiring`.

Each act is one event: where two signals tell of the same, the one that knows more is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

from django.http import HttpRequest

from sessionauth import accounts
from sessionauth.accounts import Named
from sessionauth.audit.events import Event
from sessionauth.audit.recording import record, session_digest
from sessionauth.exceptions import LoginDenied
from sessionauth.models import LoginSession, RememberToken
from sessionauth.request_state import RequestState, SignIn, state_of
from sessionauth.request_state import current as current_request

logger = logging.getLogger("sessionauth")

#: The name that a guard has just refused outside of any request, in this thread or task. A list, which is emptied:
#: Django sends a signal to sync receivers from a task of its own, and what that sets in its context is lost.
_refused: ContextVar[list[str] | None] = ContextVar("sessionauth_refused", default=None)

#: Who sends `user_login_failed` of somebody who is signed in and could not prove it.
CONFIRMING = "sessionauth.backends"


def _harmless(receiver: Callable[..., None]) -> Callable[..., None]:
    """Keep an exception of `receiver` from the act that it is told of: Django sends its signals without a net."""

    @wraps(receiver)
    def safe(**facts: Any) -> None:
        try:
            receiver(**facts)
        except Exception:
            logger.exception("An event could not be recorded.")

    return safe


@_harmless
def logged_in(*, request: HttpRequest | None = None, user: Any, **kwargs: Any) -> None:
    """Receive Django's `user_logged_in`, unless a remembered browser is let in: `remember_token_used` tells of that."""
    state = _state(request)
    sign_in = (state.sign_in if state is not None else None) or SignIn()
    if sign_in.is_restored:
        return
    session = _session(state)
    record(
        Event.LOGIN_SUCCEEDED,
        request,
        user=user,
        method=sign_in.method or _last_proof(state),
        subject=session,
        remembered=sign_in.remember_token is not None,
    )


@_harmless
def logged_out(*, request: HttpRequest | None = None, user: Any, **kwargs: Any) -> None:
    """Receive Django's `user_logged_out`; that of nobody is no event, and that of a target the end of another one."""
    state = _state(request)
    if state is not None and state.token is not None and state.token.is_impersonating:
        return
    if user is not None and getattr(user, "is_authenticated", False):
        record(Event.LOGGED_OUT, request, user=user, subject=_session(_state(request)))


@_harmless
def login_failed(
    *, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    """Receive Django's `user_login_failed`; not where a guard has refused, which `login_denied` has told of."""
    state = _state(request)
    name = accounts.identity_in(credentials)
    if _take_refusal(state) == ("" if name is None else str(name)):
        return
    if sender == CONFIRMING and state is not None and state.token is not None:
        record(Event.CONFIRMATION_FAILED, request, user=state.token.user, reason="wrong")
        return
    record(Event.LOGIN_FAILED, request, user=accounts.just_found(name), name=name, reason="wrong")


@_harmless
def login_denied(
    *,
    request: HttpRequest | None,
    identity: str,
    user: Any,
    reason: Exception,
    find: Callable[[], Any] | None = None,
    **kwargs: Any,
) -> None:
    """Receive `login_denied`; see Attempt.leave_to_record() for `find`."""
    state = _state(request)
    if state is not None:
        state.refused = identity
    code = reason.code if isinstance(reason, LoginDenied) else type(reason).__name__
    retry_after = getattr(reason, "retry_after", None)
    name = identity or None
    record(Event.LOGIN_DENIED, request, user=user, name=name, reason=code, find=find, retry_after=retry_after)


def expect_failure(identity: str) -> None:
    """Note that Django tells next of a failure that `login_denied` has told of, where no request knows of it."""
    _refused.set([identity])


def _take_refusal(state: RequestState | None) -> object:
    """Return the name of the refusal that has been told of, once."""
    if state is not None:
        refused, state.refused = state.refused, None
        return refused
    expected = _refused.get()
    return expected.pop() if expected else None


@_harmless
def account_locked(*, user: Any, failures: int, until: Any, request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Receive `account_locked`."""
    reason = "limit" if until is None else "wait"
    record(Event.ACCOUNT_LOCKED, request, user=user, reason=reason, failures=failures, until=until)


@_harmless
def login_confirmed(*, request: HttpRequest, user: Any, method: str = "", **kwargs: Any) -> None:
    """Receive `login_confirmed`."""
    record(Event.LOGIN_CONFIRMED, request, user=user, method=method, subject=_session(_state(request)))


@_harmless
def session_protected(*, request: HttpRequest, user: Any, mode: str, **kwargs: Any) -> None:
    """Receive `session_protected`."""
    record(Event.SESSION_PROTECTED, request, user=user, reason=mode, subject=_session(_state(request)))


@_harmless
def remember_token_used(*, request: HttpRequest, user: Any, token: Any, **kwargs: Any) -> None:
    """Receive `remember_token_used`."""
    record(Event.LOGIN_RESTORED, request, user=user, method="remember", subject=token)


@_harmless
def remember_token_stolen(*, request: HttpRequest, user: Any, token: Any, **kwargs: Any) -> None:
    """Receive `remember_token_stolen`."""
    record(Event.REMEMBER_STOLEN, request, user=user, method="remember", subject=token)


@_harmless
def credential_issued(*, credential: Any, **kwargs: Any) -> None:
    """Receive `credential_issued`."""
    key = credential.impersonation_id
    facts: dict[str, Any] = {"label": credential.name} | ({} if key is None else {"impersonation": str(key)})
    record(Event.CREDENTIAL_ISSUED, user=_owner(credential), subject=credential, **facts)


@_harmless
def credential_revoked(*, credential: Any, reason: str, **kwargs: Any) -> None:
    """Receive `credential_revoked`, sent of remembered browsers too; a stolen one has an event of its own."""
    if reason == "theft":
        return
    event = Event.REMEMBER_REVOKED if isinstance(credential, RememberToken) else Event.CREDENTIAL_REVOKED
    record(event, user=_owner(credential), subject=credential, reason=reason)


@_harmless
def credential_leaked(*, credential: Any, url: str, source: str, **kwargs: Any) -> None:
    """Receive `credential_leaked`; that it was revoked is an event besides."""
    record(Event.CREDENTIAL_LEAKED, user=_owner(credential), subject=credential, url=url, source=source)


@_harmless
def credential_rotated(*, credential: Any, successor: Any, **kwargs: Any) -> None:
    """Receive `credential_rotated`."""
    user, label = _owner(credential), credential.name
    record(Event.CREDENTIAL_ROTATED, user=user, subject=credential, label=label, successor=str(successor.pk))


@_harmless
def credential_stolen(*, credential: Any, request: HttpRequest | None = None, user: Any = None, **kwargs: Any) -> None:
    """Receive `credential_stolen`."""
    record(Event.CREDENTIAL_STOLEN, request, user=user, subject=credential, label=credential.name)


@_harmless
def session_revoked(*, session: LoginSession, reason: str, **kwargs: Any) -> None:
    """Receive `session_revoked`."""
    digest = session_digest(session)
    record(Event.SESSION_REVOKED, user=_owner(session), subject=session, reason=reason, ended=digest)


@_harmless
def logged_out_everywhere(*, user: Any, reason: str, **kwargs: Any) -> None:
    """Receive `logged_out_everywhere`."""
    record(Event.LOGGED_OUT_EVERYWHERE, user=user, reason=reason)


@_harmless
def impersonation_started(*, request: HttpRequest, impersonation: Any, **kwargs: Any) -> None:
    """Receive `impersonation_started`."""
    _record_impersonation(Event.IMPERSONATION_STARTED, request, impersonation, mode=str(impersonation.mode))


@_harmless
def impersonation_changed(*, request: HttpRequest, impersonation: Any, change: str, reason: str, **kwargs: Any) -> None:
    """Receive `impersonation_changed`."""
    _record_impersonation(Event.IMPERSONATION_CHANGED, request, impersonation, change, why=reason)


@_harmless
def impersonation_ended(*, request: HttpRequest | None, impersonation: Any, reason: str, **kwargs: Any) -> None:
    """Receive `impersonation_ended`."""
    _record_impersonation(Event.IMPERSONATION_ENDED, request, impersonation, reason)


@_harmless
def impersonation_denied(*, request: HttpRequest, actor: Any, target: Any, reason: Any, **kwargs: Any) -> None:
    """Receive `impersonation_denied`."""
    record(
        Event.IMPERSONATION_DENIED,
        request,
        user=target,
        name=state_of(request).sought,
        actor=actor,
        reason=reason.code,
        **({"guard": reason.guard} if reason.guard else {}),
    )


def _record_impersonation(event: Event, request: HttpRequest | None, row: Any, reason: str = "", **data: Any) -> None:
    """Record `event` of the target, by the actor; the names are those that the row has kept."""
    target, actor = Named(row.target_id, row.target_name), Named(row.actor_id, row.actor_name)
    record(event, request, user=target, actor=actor, reason=reason, subject=row, **data)


def _state(request: HttpRequest | None) -> RequestState | None:
    request = request if request is not None else current_request()
    return None if request is None else state_of(request)


def _session(state: RequestState | None) -> LoginSession | None:
    """Return the login session that the request is now known by, if it is known by one."""
    credential = state.token.credential if state is not None and state.token is not None else None
    return credential if isinstance(credential, LoginSession) else None


def _last_proof(state: RequestState | None) -> str:
    """Return the method of what somebody has just proved who they are by, where only the session knows it."""
    proofs = state.token.proofs if state is not None and state.token is not None else {}
    return max(proofs, key=lambda method: proofs[method], default="")


def _owner(row: Any) -> Any:
    """Return the user whom `row` names, or their key where they have not been loaded; asks for nothing."""
    path = getattr(row, "user_path", "user")
    if path is None or "__" in path:
        return None
    return row._state.fields_cache.get(path) or getattr(row, row._meta.get_field(path).attname)
