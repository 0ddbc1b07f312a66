"""The list of signed-in browsers: entered at login, ended by a flag."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import SessionBase
from django.db import Error, models, router, transaction
from django.http import HttpRequest
from django.utils import timezone

from sessionauth import http, instances
from sessionauth.conf import djangos, settings
from sessionauth.late import LateModule
from sessionauth.models import LoginSession, RememberToken, writing
from sessionauth.models.revocable import REASON_LENGTH
from sessionauth.request_state import SignIn, state_of
from sessionauth.sessions import fingerprint, kept
from sessionauth.sessions.db import SessionStore
from sessionauth.sessions.store import PLAIN
from sessionauth.signals import logged_out_everywhere

if TYPE_CHECKING:
    from sessionauth import base_user
    from sessionauth.sessions import limit
else:
    base_user = LateModule("sessionauth.base_user")
    limit = LateModule("sessionauth.sessions.limit")

#: Engines whose sessions are a row, and nothing else.
SIMPLE = (*PLAIN, SessionStore)


def new_sid() -> str:
    """Return the random name by which a session finds its row: 192 bits, nothing to do with the session key."""
    return secrets.token_urlsafe(24)


def earlier_sid(user_id: str, session_hash: str) -> str:
    """Return the name of the row shared by a user's sessions from before the app: one per user and session hash.

    Computed, so that it never has to be written into those sessions. It changes with the password, as they end then.
    No secret key goes into it (the session hash has one): rotating the key must not lose a revocation.
    """
    return hashlib.sha256(f"sessionauth:{user_id}:{session_hash}".encode()).hexdigest()[: kept.SID_LENGTH]


def rows() -> models.QuerySet[LoginSession]:
    """Return the rows, read where they are written: a lagging replica would show a revoked session as good."""
    return LoginSession._base_manager.using(router.db_for_write(LoginSession))


def rotate(session: SessionBase) -> None:
    """Make the key of `session` worthless and keep what it holds; the new key is drawn when it is saved, once."""
    rest = kept.data(session)
    drop(session)
    session.update(rest)


def drop(session: SessionBase) -> None:
    """Do as `session.flush()`, by one statement: Django's engine and ours load the row in order to delete it."""
    if not (isinstance(session, db.SessionStore) and type(session) in SIMPLE) or _is_watched(session.model):
        session.flush()
        return
    key = session.session_key
    session.clear()
    session._session_key = None
    if key is not None:
        session.model(pk=key).delete()


def _is_watched(model: type[models.Model]) -> bool:
    """Say whether anybody is told when a row is deleted, who would want to see all of it."""
    return models.signals.pre_delete.has_listeners(model) or models.signals.post_delete.has_listeners(model)


def put(session: SessionBase, changes: dict[str, Any]) -> None:
    """Put `changes` into what we keep in `session`, None takes a name out; that it is to be saved is not said yet."""
    was_modified = session.modified
    session[kept.KEY] = {name: value for name, value in (kept.own(session) | changes).items() if value is not None}
    session.modified = was_modified


def save(session: SessionBase) -> None:
    """Save what was `put()`, unless SessionMiddleware will, or the session is gone; no trouble with its store matters.

    On the way out, after the view's transaction. What could not be kept is judged again next time.
    """
    if not session.modified and session.session_key is not None:
        best_effort(session.save, catching=Exception)


def amend(request: HttpRequest, session: SessionBase, changes: dict[str, Any]) -> None:
    """Put `changes` into what we keep in `session`; it counts at once, and is saved on the way out."""
    put(session, changes)
    state_of(request).later.append(partial(save, session))


def record(request: HttpRequest, user: Any, sign_in: SignIn, *, is_new: bool = True) -> LoginSession | None:
    """Enter the session that `user` has just signed in to, and return its row.

    `is_new` is False for one that has been there without a row of its own: it takes no further place.

    Returns None where the row cannot be kept: an unsaved user, a read-only database, a missing migration. The sign-in
    then works as it does in Django, and is not listed. Raises TooManySessions by SESSIONAUTH_MAX_SESSIONS.
    """
    before = kept.own(request.session)
    moment = timezone.now()
    row: LoginSession = instances.new(
        LoginSession,
        user_id=user.pk,
        sid=new_sid(),
        authenticated_at=moment if sign_in.is_fresh else None,
        restored=sign_in.is_restored,
        ip_address=http.client_ip(request),
        user_agent=http.user_agent(request),
    )
    if sign_in.remember_token is not None:
        row.remember_token = sign_in.remember_token
    is_kept = best_effort(partial(limit.enter if is_new else limit.save, row))
    for name in kept.OF_A_SIGN_IN:
        before.pop(name, None)
    sid = {"sid": row.sid} if is_kept else {}
    request.session[kept.KEY] = before | binding(request) | _proof(sign_in, moment) | sid
    return row if is_kept else None


def binding(request: HttpRequest) -> dict[str, Any]:
    """Return what binds a session to the browser behind `request`; nothing without SESSIONAUTH_SESSION_PROTECTION."""
    found = fingerprint.of(request) if settings.SESSION_PROTECTION is not None else None
    return {} if found is None else {"fp": found}


def _proof(sign_in: SignIn, moment: datetime) -> dict[str, Any]:
    """Return what a session keeps of how and when its person proved who they are."""
    if not sign_in.is_fresh:
        return {}
    now = int(moment.timestamp())
    return {"auth_at": now} | ({"proofs": {sign_in.method: now}} if sign_in.method else {})


def keep_earlier(user_id: Any, sid: str, *, ended: str = "") -> None:
    """Enter the row of the sessions from before the app; of many requests at once, one does.

    `ended` is a reason to enter it as revoked, or to revoke the one that is there.
    """
    row = LoginSession(user_id=user_id, sid=sid, earlier=True)
    if ended:
        row.revoked_at, row.revoked_reason = timezone.now(), ended[:REASON_LENGTH]
    rows().bulk_create([row], ignore_conflicts=True)
    if ended:
        revoke_rows(rows().filter(sid=sid), ended)


def find(sid: str) -> LoginSession | None:
    """Return the row `sid` from the database it is written to."""
    return rows().filter(sid=sid).first()


def revoke_rows(found: models.QuerySet[LoginSession], reason: str) -> int:
    """End the sessions in `found` that have not ended yet, and return how many there were."""
    return found.filter(revoked_at=None).update(revoked_at=timezone.now(), revoked_reason=reason[:REASON_LENGTH])


def revoke_sid(sid: str, reason: str) -> int:
    """End the session named `sid`."""
    return revoke_rows(rows().filter(sid=sid), reason)


def remembered() -> models.QuerySet[RememberToken]:
    """Return the rows of remembered browsers, read where they are written."""
    return RememberToken._base_manager.using(router.db_for_write(RememberToken))


def forget_rows(found: models.QuerySet[RememberToken], reason: str) -> int:
    """Forget the browsers in `found` that have not been forgotten yet, and return how many there were."""
    return found.filter(revoked_at=None).update(revoked_at=timezone.now(), revoked_reason=reason[:REASON_LENGTH])


def forget_browser(token_pk: Any, reason: str) -> int:
    """End the remembered browser `token_pk`, so that it does not sign in again by itself."""
    return forget_rows(remembered().filter(pk=token_pk), reason)


def end_browser(token_pk: Any, user_id: Any, reason: str, *, keep: str | None = None) -> None:
    """Forget the browser `token_pk` of a user, and end the sessions that began with or from it, except the sid `keep`.

    There may be one that is not known of yet: a thief's, or that with which the browser has come back meanwhile.
    """
    forget_browser(token_pk, reason)
    born = rows().filter(user_id=user_id, remember_token=token_pk)  # by user as well, for that is the index there is
    revoke_rows(born if keep is None else born.exclude(sid=keep), reason)


def supersede(sids: set[str | None]) -> None:
    """End the sessions `sids`, in whose place another sign-in has come; None among them is nothing."""
    ended = {sid for sid in sids if sid is not None}
    if ended:
        best_effort(lambda: revoke_rows(rows().filter(sid__in=ended), "superseded"))


def revoke(row: LoginSession, reason: str = "revoked") -> bool:
    """Sign one browser out and forget it: its next request is nobody's, with every session engine.

    See RevocableModel.revoke().
    """
    if row.remember_token_id is not None:
        end_browser(row.remember_token_id, row.user_id, reason, keep=row.sid)
    return row.revoke(reason)


def revoke_all(user: Any, reason: str = "revoked", *, keep: LoginSession | None = None) -> int:
    """Sign `user` out of every browser except that of `keep`, and return how many rows ended; none is remembered.

    Sessions from before the app have no row until they are seen; theirs is entered as ended, so that they end unseen.
    """
    found = rows().filter(user_id=user.pk)
    if keep is not None:
        found = found.exclude(pk=keep.pk)
    browsers = remembered().filter(user_id=user.pk)
    forget_rows(browsers if keep is None else browsers.exclude(pk=keep.remember_token_id or 0), reason)
    revoked = revoke_rows(found, reason)
    for session_hash in _session_hashes(user):
        sid = earlier_sid(str(user._meta.pk.value_to_string(user)), session_hash)
        if keep is None or keep.sid != sid:
            keep_earlier(user.pk, sid, ended=reason)
    return revoked


async def arevoke_all(user: Any, reason: str = "revoked", *, keep: LoginSession | None = None) -> int:
    """See revoke_all()."""
    return await sync_to_async(revoke_all)(user, reason, keep=keep)


def _session_hashes(user: Any) -> list[str]:
    """Return the hashes that a live session of `user` may carry: today's key and the fallback keys."""
    if not hasattr(user, "get_session_auth_hash"):
        return [""]
    return [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]


def revoke_sessions(*, user: Any, reason: str, **kwargs: Any) -> None:
    """Receive `logged_out_everywhere`."""
    revoke_all(user, reason)


def logout_everywhere(user: Any, reason: str = "logout_everywhere", *, credentials: bool = False) -> None:
    """Sign `user` out of every browser, also of those that are not listed.

    Tokens that are bound to a login end as well; keys and personal tokens only with `credentials`. A user model built
    on SessionAuthUserMixin rotates its session identity, too. `reason` is kept with the rows.
    """
    if isinstance(user, base_user.SessionAuthUserMixin):
        # A project's own method may know no more than the reason.
        user.logout_everywhere(reason, **({"credentials": True} if credentials else {}))
    else:
        with transaction.atomic(using=router.db_for_write(LoginSession)):
            # Not its type: that of a lazy `request.user` is no model.
            sender = user.__class__
            logged_out_everywhere.send(sender=sender, user=user, reason=reason, credentials=credentials)


async def alogout_everywhere(user: Any, reason: str = "logout_everywhere", *, credentials: bool = False) -> None:
    """See logout_everywhere()."""
    await sync_to_async(logout_everywhere)(user, reason, credentials=credentials)


def lists(user: Any) -> bool:
    """Say whether `user` can have a row at all: a saved instance of the user model."""
    return isinstance(user, djangos.user_model) and user.pk is not None and not user._state.adding


def best_effort(write: Callable[[], object], *, catching: type[Exception] = Error) -> bool:
    """Run `write` and say whether it went through. See sessionauth.models.writing."""
    return writing.best_effort(write, router.db_for_write(LoginSession), catching=catching)


def survival() -> Callable[[], bool]:
    """Return a question to be asked on the way out. See sessionauth.models.writing."""
    return writing.survival(router.db_for_write(RememberToken))
