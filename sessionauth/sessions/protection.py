"""Is a session still in the browser that signed in? SESSIONAUTH_SESSION_PROTECTION says what follows if it is not."""

from __future__ import annotations

import enum
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from sessionauth import signals
from sessionauth.conf import settings
from sessionauth.sessions import fingerprint, registry
from sessionauth.sessions.fingerprint import Match


class Verdict(enum.Enum):
    """What becomes of a request whose session was judged."""

    GO_ON = "go on"
    #: It proves nothing any more: the login is stale.
    STALE = "stale"
    #: The session comes from elsewhere and has to be ended.
    END = "end"
    #: The session cannot be judged: nobody, for this request.
    NOBODY = "nobody"


def judge(request: HttpRequest, session: SessionBase, user: Any, own: dict[str, Any]) -> Verdict:
    """Compare the browser behind `request` with the one that `session`, which is `user`'s, is bound to by our `own`.

    A session that is bound to none yet is bound now: one from before the app or from before the mode was set. Only
    ever asked about somebody's session: what an anonymous one holds is nobody's to steal, and programs have none.
    """
    mode = settings.SESSION_PROTECTION
    if mode is None:
        return Verdict.GO_ON
    match = fingerprint.compare(request, own.get("fp"))
    if match is Match.SAME:
        return Verdict.GO_ON
    if match is Match.UNKNOWN:
        # Failing open would let whoever can make the project's function fail pass; ending would sign everybody out.
        return Verdict.NOBODY if mode == "strong" else Verdict.STALE
    if match is Match.UNBOUND:
        registry.amend(request, session, {"fp": fingerprint.of(request)})
        return Verdict.GO_ON
    if mode == "basic":
        registry.amend(request, session, {"fp": fingerprint.of(request), "auth_at": None, "proofs": None})
    signals.session_protected.send_robust(sender=user.__class__, request=request, user=user, mode=mode)
    return Verdict.STALE if mode == "basic" else Verdict.END
