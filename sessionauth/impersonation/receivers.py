"""What ends an impersonation from outside: signing out, signing in, being signed out everywhere."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db.models import Q
from django.http import HttpRequest

from sessionauth.impersonation.beginning import open_rows
from sessionauth.impersonation.service import close
from sessionauth.impersonation.stage import Stage, claim_in, stage_of
from sessionauth.request_state import state_of
from sessionauth.sessions import kept, registry


def logged_out(*, request: HttpRequest | None, **kwargs: Any) -> None:
    """Receive Django's `user_logged_out`: the target's session is flushed next, and the actor stays signed in."""
    stage = None if request is None else stage_of(request)
    if stage is not None and (stage.in_hand() is not None or stage.child is None):
        stage.end("logout")


def logged_in(*, request: HttpRequest | None, **kwargs: Any) -> None:
    """Receive Django's `user_logged_in`: whoever signs in does so in the actor's place, in a session of their own."""
    stage = None if request is None else stage_of(request)
    if request is not None and stage is not None and stage.child is None:
        _end_unseen(request, stage)
    if stage is None or stage.child is None or stage.parent is None or not stage.child.is_signed_in:
        return
    if request is None or request.session is not stage.child:
        return
    stage.end("login")
    names = (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY)
    signed_in = {name: stage.child[name] for name in names if name in stage.child}
    # As Django does where another user signs in, so that nothing of the actor's is left to them.
    state_of(request).session_data = (stage.parent, kept.data(stage.parent))
    registry.drop(stage.parent)
    stage.parent.update(signed_in)
    stage.restore()


def _end_unseen(request: HttpRequest, stage: Stage) -> None:
    """End what nobody has looked at before the view, because the marker was gone, and what the session names or named.

    Django throws another user's session away without a word: what it named is known if somebody has noted its data
    before, as LoginManager does. Otherwise the row stays open until it is overdue, and nobody's any more.
    """
    stage.end("login")
    session = getattr(request, "session", None)
    if session is None or not session.modified:
        return
    noted, data = state_of(request).session_data or (None, {})
    claims = {claim_in(session), claim_in(data) if noted is session else None}
    for claim in claims - {None}:
        close(str(claim), "login")


def end_of(*, user: Any, **kwargs: Any) -> None:
    """Receive `logged_out_everywhere`: nobody acts as them, or they as anybody, any more."""
    for row in open_rows().filter(Q(actor_id=user.pk) | Q(target_id=user.pk)):
        row.end("target_changed" if row.target_id == user.pk else "actor_changed")
