"""How sure we are that it is still the person who signed in: notes each further proof of theirs."""

from __future__ import annotations

import time
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils import timezone

from sessionauth.exceptions import NotAuthenticated
from sessionauth.models import LoginSession
from sessionauth.request_state import SignIn
from sessionauth.sessions import kept, registry

#: By how many seconds the clocks of two servers may differ.
SKEW = 60
#: The first timestamp that is no moment: the year 10000.
NEVER = 253_402_300_800


def bring_back(request: HttpRequest, session: SessionBase, own: dict[str, Any]) -> bool:
    """Have been proved now what by a clock that was ahead is yet to be proved: it would be fresh for that much longer.

    Kept in the session, so that it gets older from now on. `own` is what we keep there; True if that is another now.
    """
    now, auth_at, proofs = int(time.time()), kept.auth_at_in(own), kept.proofs_in(own)
    for at in (auth_at, *proofs.values()):
        if _is_ahead(at, now):
            break
    else:
        return False
    proofs = {method: now if _is_ahead(at, now) else at for method, at in proofs.items()}
    registry.amend(request, session, {"proofs": proofs, "auth_at": now if _is_ahead(auth_at, now) else auth_at})
    return True


def _is_ahead(at: Any, now: int) -> bool:
    """Say whether `at` is a moment to come; what is none at all proves nothing and is left alone."""
    return isinstance(at, int | float) and now + SKEW < at < NEVER


def confirm(request: HttpRequest, user: Any, row: LoginSession | None, method: str) -> LoginSession | None:
    """Note in session and row that `user` has just proved who they are, by `method`, and return the row.

    The session gets a new key (ASVS 7.2.4), is bound to the browser in hand, and keeps its sid. One that shares the row
    of the sessions from before the app, or has none, is listed by itself from now on.

    Raises NotAuthenticated if the sign-in was ended meanwhile.
    """
    moment = timezone.now()
    is_listed = row is not None and not row.earlier
    is_void = row is not None and row.authenticated_at is None  # an alarm takes from the row what was proved before
    if row is not None and is_listed and not _note(row, moment):
        raise NotAuthenticated("revoked")
    registry.rotate(request.session)
    if not is_listed and registry.lists(user):
        return registry.record(request, user, SignIn(method=method), is_new=False)
    own, now = kept.own(request.session), int(moment.timestamp())
    proofs = ({} if is_void else kept.proofs_in(own)) | ({method: now} if method else {})
    request.session[kept.KEY] = own | registry.binding(request) | {"auth_at": now, "proofs": proofs}
    return row


def _note(row: LoginSession, moment: Any) -> bool:
    """Write the proof into `row`; False if the row has been ended."""
    ended: list[bool] = []
    values = {"authenticated_at": moment, "last_seen_at": moment}
    found = registry.rows().filter(pk=row.pk, revoked_at=None)
    registry.best_effort(lambda: ended.append(not found.update(**values)))
    if True in ended:
        return False
    row.authenticated_at = row.last_seen_at = moment
    return True
