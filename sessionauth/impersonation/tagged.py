"""Credentials that end with an impersonation: whoever comes with one acts as its user, as long as that goes on.

Those are tokens that were issued to act as somebody, and what was issued by somebody who did. Nothing about them is
believed: whose they are, who acts and how far is asked of the row, at each request, as for a session.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import router
from django.http import HttpRequest
from django.utils import timezone

from sessionauth import scopes
from sessionauth.conf import settings
from sessionauth.exceptions import InvalidCredential, LimitedCredential
from sessionauth.impersonation import confining, held, standing
from sessionauth.impersonation.header import tell
from sessionauth.impersonation.middleware import is_installed
from sessionauth.models import Impersonation, ImpersonationToken
from sessionauth.request_state import state_of
from sessionauth.sessions import registry, timeouts
from sessionauth.user_token import LoginState, UserToken


def put_on(request: HttpRequest, token: UserToken) -> UserToken:
    """Return who comes with the credential of `token`: its user, and the actor behind them.

    Raises InvalidCredential where what it was issued for has ended, which ends it for good, or where nothing would keep
    it to that: without ImpersonationMiddleware, or once the setting that allowed it is off.
    """
    credential: Any = token.credential
    if not _is_allowed(credential) or not is_installed():
        raise InvalidCredential("impersonation", credential=credential)
    rows = Impersonation._base_manager.using(router.db_for_write(Impersonation))
    row = rows.filter(pk=credential.impersonation_id).select_related("login_session").first()
    if row is None or row.target_id != token.user_id:
        raise InvalidCredential("unknown", credential=credential)
    actor, known = held.actor_of(request, row)
    original = UserToken(actor, LoginState.PROGRAM, token.method, credential=credential)
    with standing.seen_as(request, original):
        reason = standing.reason_to_end(request, row, actor, token.user, known) or _session_is_over(row)
    if reason:
        registry.best_effort(partial(row.end, reason))
        raise InvalidCredential("impersonation_ended", credential=credential)
    if getattr(request, "resolver_match", None) is not None and confining.refusal(request, row) is not None:
        # Nobody has asked before the view, and ImpersonationMiddleware has let it go there.
        raise LimitedCredential("impersonation", credential=credential)
    row.actor, row.target = actor, token.user
    state = state_of(request)
    if standing.is_use_due(row) and not state.is_passive:
        state.later.append(partial(_note_use, row))
    found = UserToken(
        token.user,
        LoginState.IMPERSONATOR,
        token.method,
        credential=credential,
        granted=None if token.granted is None else frozenset(token.granted) - scopes.BUILT_IN.keys(),
        original_user_token=original,
        impersonation=row,
    )
    state.on_response.append(lambda response: tell(response, found))
    return found


def _is_allowed(credential: Any) -> bool:
    if isinstance(credential, ImpersonationToken):
        return settings.IMPERSONATION_TOKENS
    return settings.IMPERSONATION_CREDENTIALS


def _session_is_over(row: Impersonation) -> str:
    """Return why `row` does not go on if the browser that carries it is signed out, "" if it is not.

    A session that is revoked, or not used for too long, ends an impersonation by not coming any more.
    """
    if row.login_session_id is None:
        return ""
    browser = row.login_session
    return "" if browser is not None and timeouts.is_live(browser) else "actor_changed"


def _note_use(row: Impersonation) -> None:
    registry.best_effort(partial(row.change, last_seen_at=timezone.now()))
