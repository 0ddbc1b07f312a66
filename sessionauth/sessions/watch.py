"""Whether somebody's session may go on: has it lasted too long, and is it still in the browser that signed in?"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from sessionauth import audit
from sessionauth.models import LoginSession
from sessionauth.request_state import state_of
from sessionauth.sessions import kept, protection, registry, timeouts
from sessionauth.sessions.protection import Verdict


def look(request: HttpRequest, session: SessionBase, user: Any, row: LoginSession | None) -> Verdict:
    """Say what becomes of `request`, whose `session` is that of `user`; note that it was seen, or why it ends.

    `row` is its login session, None where it is not listed. Emptying the session is left to the caller. The shared row
    of sessions from before the app stays as it is: of those only the one in hand ends.
    """
    own = kept.own(session)
    reason: str | None = timeouts.over(own, row)
    if reason is not None:
        _close(request, row, reason, forget_browser=timeouts.ends_remembered())
        audit.record(audit.Event.SESSION_EXPIRED, request, user=user, reason=reason, subject=row)
        return Verdict.END
    verdict = protection.judge(request, session, user, own)
    if verdict is Verdict.END:
        _close(request, row, "protection", forget_browser=True)
    elif verdict is not Verdict.NOBODY:
        _note_seen(request, session, row, own)
    return verdict


def _close(request: HttpRequest, row: LoginSession | None, reason: str, *, forget_browser: bool) -> None:
    """End a login session by flag, with `forget_browser` also the remembered browser it began with or from.

    At once, because the remember cookie is asked next; and again on the way out, where no view takes it back.
    """
    if row is None or row.earlier:
        return
    acts = [partial(registry.revoke_sid, row.sid, reason)]
    if forget_browser and row.remember_token_id is not None:
        acts.append(partial(registry.forget_browser, row.remember_token_id, reason))
    for act in acts:
        registry.best_effort(act)
    state_of(request).later.extend(acts)


def _note_seen(request: HttpRequest, session: SessionBase, row: LoginSession | None, own: dict[str, Any]) -> None:
    """Have it noted when the browser was seen, in its row or in its session, if that is due."""
    is_row_due = row is not None and timeouts.is_touch_due(row)
    if is_row_due or timeouts.due_in_session(own, row):
        state_of(request).later.append(partial(_keep_time, request, session, row, kept.sid_in(own)))


def _keep_time(request: HttpRequest, session: SessionBase, row: LoginSession | None, sid: str | None) -> None:
    """Write it, unless the request turned out to be passive: which view it was is known only on the way out."""
    if timeouts.is_passive(request):
        return
    if row is not None:
        timeouts.touch(row)
    own = kept.own(session)
    due = timeouts.due_in_session(own, row)
    if due and kept.sid_in(own) == sid:  # else somebody has signed in since
        registry.put(session, due)
        registry.save(session)
