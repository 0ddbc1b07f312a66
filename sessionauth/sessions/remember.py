"""Remember me: a browser is known again without a password, for a while, and never as surely as with one.

The cookie carries a selector, by which the row is found, and a validator, of which the row has a digest. Each time a
session is restored from it the validator changes. The one before it stays good for a moment, and until the browser has
shown that it got the next one, so that neither a lost answer nor a page full of parallel requests looks like a theft;
after that it is one. A thief and the owner cannot both go on: the second of them to come gives the theft away, and the
series ends.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.db import router, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from sessionauth import crypto, http
from sessionauth.conf import kinds, seconds, settings
from sessionauth.models import RememberToken
from sessionauth.request_state import state_of
from sessionauth.sessions import kept, registry, remember_cookie, restoring, series
from sessionauth.sessions.remember_cookie import Presented
from sessionauth.sessions.series import Standing

#: `remember=`: yes or no, or for how long, as a timedelta or seconds.
Remember = bool | int | timedelta

#: A century, in seconds: what is longer fits into no date, and "for ever" is meant.
LONGEST = 100 * 365 * 24 * 60 * 60


def issue(
    request: HttpRequest, user: Any, *, age: timedelta | int | None = None, backend: str | None = None
) -> RememberToken | None:
    """Remember the browser of `request`, in which `user` signs in with a full proof, and return the row.

    Called before Django's `login()`, so that the login session can name the row (`SignIn.remember_token`). The cookie
    goes out if the answer leaves `user` signed in. A series that the browser brought is ended in favour of this one.
    `age` is how long, a timedelta or seconds; None for SESSIONAUTH_REMEMBER_AGE. `backend` is the path of the backend
    that verified the user; None for the one that Django noted on them.

    Returns None for whoever cannot be remembered: an unsaved user, an impersonated one, on a read-only database.
    Raises TypeError for an `age` that is no length of time.
    """
    lasts = lifetime(age)
    state = state_of(request)
    if not registry.lists(user) or (state.token is not None and state.token.is_impersonating):
        return None
    _end_presented(request, "superseded")
    entered: list[tuple[RememberToken, str]] = []
    path = backend or getattr(user, "_sessionauth_verified_by", None) or getattr(user, "backend", "")
    about = {"backend": path, "ip_address": http.client_ip(request), "user_agent": http.user_agent(request)}
    if not registry.best_effort(lambda: entered.append(series.enter(user, lasts, **about))):
        return None
    token, validator = entered[0]
    state.on_response.append(partial(_give, request, user, token, validator, registry.survival()))
    return token


async def aissue(
    request: HttpRequest, user: Any, *, age: timedelta | int | None = None, backend: str | None = None
) -> RememberToken | None:
    """See issue()."""
    return await sync_to_async(issue)(request, user, age=age, backend=backend)


def _give(
    request: HttpRequest,
    user: Any,
    token: RememberToken,
    validator: str,
    survives: Callable[[], bool],
    response: HttpResponseBase,
) -> None:
    """Set the cookie, unless the login was refused after all or taken back: who is not signed in is not remembered."""
    session = getattr(request, "session", None)
    is_in = session is not None and session.get(SESSION_KEY) == user._meta.pk.value_to_string(user)
    if is_in and survives():
        remember_cookie.set_on(response, token, validator)


def wanted_age(remember: Remember) -> tuple[bool, timedelta | None]:
    """Return whether `remember` asks for a remembered login, and for how long; None for as long as the setting says.

    Raises TypeError for what is neither, and ValueError for no time at all.
    """
    if isinstance(remember, bool):
        return remember, None
    if not isinstance(remember, timedelta | int):
        raise TypeError(f"remember must be True, False, a timedelta or a whole number of seconds, not {remember!r}")
    age = remember if isinstance(remember, timedelta) else timedelta(seconds=remember)
    if age <= timedelta(0):
        raise ValueError(f"remember must be longer than no time, not {remember!r}")
    return True, age


def lifetime(age: timedelta | int | None = None) -> float:
    """Return how many seconds a browser is remembered; under the presets aal2 and aal3 no longer than a login lasts.

    `age` wins over SESSIONAUTH_REMEMBER_AGE. Raises TypeError if it is no length of time.
    """
    if age is None:
        age = settings.REMEMBER_AGE
    wrong = kinds.age(age)
    if wrong is not None:
        raise TypeError(f"A browser is remembered for {wrong}, not for {age!r}.")
    limit = series.overall_limit()
    return min(seconds(age), LONGEST if limit is None else limit)


def forget(request: HttpRequest, reason: str = "logout") -> None:
    """Forget the browser of `request`, and no other one: end its series and take the cookie back.

    The series is known by the cookie, and by the session that began with or from it; that session goes on, if it is
    that of `request`. `reason` is kept with the rows.
    """
    session = getattr(request, "session", None)
    sid = None if session is None or session.is_empty() else kept.sid_in(kept.own(session))
    _end_presented(request, reason, keep=sid)
    if sid is not None:
        _end(request, partial(series.end_of, registry.rows().filter(sid=sid), reason))
    discard(request)


async def aforget(request: HttpRequest, reason: str = "logout") -> None:
    """See forget()."""
    await sync_to_async(forget)(request, reason)


def _end_presented(request: HttpRequest, reason: str, *, keep: str | None = None) -> None:
    """End the series that the browser brought, with its sessions except the sid `keep`."""
    presented = remember_cookie.presented(request)
    token = None if presented is None else _series_of(presented)
    if presented is not None and token is not None:
        _end_series(request, token, presented, reason, keep=keep)


def _series_of(presented: Presented) -> RememberToken | None:
    found: list[RememberToken | None] = []
    registry.best_effort(lambda: found.append(series.by_selector(presented.selector).first()))
    return found[0] if found else None


def _end_series(
    request: HttpRequest, token: RememberToken, presented: Presented, reason: str, *, keep: str | None = None
) -> None:
    """End `token` and its sessions; also on the ways in and out, where no cookie is asked, a theft is told."""
    user = _robbed(token, presented)
    if user is not None:
        restoring.end_stolen(request, token, user)
    else:
        _end(request, partial(registry.end_browser, token.pk, token.user_id, reason, keep=keep))


def _robbed(token: RememberToken, presented: Presented) -> Any | None:
    """Return the user of a good `token` whose cookie gives away that somebody else has used it; else None."""
    found: list[Any | None] = []
    if series.judge(token, crypto.digest(presented.validator)) is Standing.STOLEN:
        registry.best_effort(lambda: found.append(series.owner(token)))
    user = found[0] if found else None
    return user if user is not None and series.failure(token, user) is None else None


def _end(request: HttpRequest, act: Callable[[], object]) -> None:
    """Do `act` at once, and in a transaction once more on the way out: nothing that is ended comes back with it."""
    registry.best_effort(act)
    if transaction.get_connection(router.db_for_write(RememberToken)).in_atomic_block:
        state_of(request).later.append(act)


def discard(request: HttpRequest) -> None:
    """Take the cookie back if one came, whatever it is worth: it is worth nothing."""
    if remember_cookie.is_present(request):
        state_of(request).on_response.append(remember_cookie.delete_on)


def take_back_malformed(request: HttpRequest) -> None:
    """Take the cookie back if it is nothing that we have ever given, where nobody is going to look at it."""
    if remember_cookie.is_present(request) and remember_cookie.presented(request) is None:
        discard(request)


def revoke_all(user: Any, reason: str = "revoked", *, keep: RememberToken | None = None) -> int:
    """Forget every browser of `user`, except that of `keep`; their sessions go on. Return how many there were."""
    found = registry.remembered().filter(user_id=user.pk)
    return registry.forget_rows(found if keep is None else found.exclude(pk=keep.pk), reason)


async def arevoke_all(user: Any, reason: str = "revoked", *, keep: RememberToken | None = None) -> int:
    """See revoke_all()."""
    return await sync_to_async(revoke_all)(user, reason, keep=keep)


def at_login(request: HttpRequest, user: Any) -> RememberToken | None:
    """Return the series by which this browser is remembered as `user`, who signs in without asking for it again.

    A series of anybody else in this browser is ended, and so is one that proves nothing: when the session is gone the
    browser must not turn into somebody who left it.
    """
    presented = remember_cookie.presented(request)
    if presented is None:
        discard(request)
        return None
    token = _series_of(presented)
    if token is not None:
        is_good = token.user_id == user.pk and series.failure(token, user) is None
        if is_good and series.judge(token, crypto.digest(presented.validator)) is not Standing.STOLEN:
            return token
        _end_series(request, token, presented, "another login")
    discard(request)
    return None
