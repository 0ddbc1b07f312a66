"""Who a socket is, at its opening and later."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model
from django.http import HttpRequest

from sessionauth.contrib.channels.handshake import Scope, authenticators_for, request_of
from sessionauth.contrib.channels.terms import NOBODY, REFUSED, TRY_AGAIN_LATER, Terms, code_of
from sessionauth.contrib.recognising import accept, recognise
from sessionauth.exceptions import InvalidCredential, LoginDenied
from sessionauth.impersonation import header
from sessionauth.impersonation.child import ChildSession
from sessionauth.impersonation.stage import Stage
from sessionauth.request_state import state_of
from sessionauth.user_token import UserToken, anonymous

logger = logging.getLogger("sessionauth")

#: Where the connection stands in a scope, for terms further in.
KEY = "sessionauth"


class Connection:
    """One socket: what it came with, and who that is.

    It holds the scope of the handshake, secret and all, for as long as the socket is open; it is never shown.
    """

    def __init__(self, scope: Scope, origins: Collection[str] = ()) -> None:
        """Take the scope as the server made it, and further `origins` whose pages may bring a cookie."""
        self._scope = dict(scope)
        self._origins = tuple(origins)
        self._found: UserToken | None = None
        self._failed: int | None = None
        #: The target's session where the browser acts as somebody else; None where the scope's own is theirs.
        self.session: SessionBase | None = None
        self._troubles = 0
        #: Who the socket is to its consumer: nobody before `admit()`.
        self.auth: UserToken | None = None
        #: Who looks again: the innermost of several that were wrapped round one another.
        self.watcher: object = None

    @classmethod
    def of(cls, scope: Scope, origins: Collection[str]) -> Connection:
        """Return the connection of `scope`, begun if there is none; anew where more origins let somebody in."""
        known: Connection | None = scope.get(KEY)
        if known is None:
            return cls(scope, origins)
        is_known = known.auth is not None and known.auth.is_authenticated
        if is_known or set(origins) <= set(known._origins):
            return known
        return cls(known._scope, {*known._origins, *origins})

    def __repr__(self) -> str:
        return f"<Connection {self.auth!r}>"

    async def admit(self, terms: Terms) -> int | None:
        """Find out who comes, and return what to close the socket with if they may not: None lets them in."""
        code: int | None = await database_sync_to_async(self._admit)(terms)
        return code

    def _admit(self, terms: Terms) -> int | None:
        if self._found is None and self._failed is None:
            self._look()
        if self._failed is not None or self._found is None:
            return self._failed
        refusal = terms.refusal(self._found)
        if refusal is None:
            try:
                self._let_in(self._found, terms)
            except ObjectDoesNotExist:  # the user has gone in this moment
                return NOBODY
        return refusal

    def _look(self) -> None:
        try:
            self._found = self._recognised(is_passive=False)
        except (InvalidCredential, LoginDenied) as failure:
            self._failed = code_of(failure)

    def _recognised(self, *, is_passive: bool) -> UserToken:
        """Return who the handshake is of. Raises what the authenticators raise, also for what is wrong."""
        request = request_of(self._scope, is_passive=is_passive)
        token = recognise(request, authenticators_for(request, self._origins))
        if token.failure is not None:
            raise token.failure
        self._request = request
        return _as_target(request, token)

    def _let_in(self, token: UserToken, terms: Terms) -> None:
        """Make `token` who the socket is; a restricted credential that no scope was asked of is nobody."""
        self.session = self._request.session if isinstance(self._request.session, ChildSession) else None
        if token.is_authenticated and not terms.are_out_of_reach(token):
            if _is_deferred(token.user):  # known from the cache of keys, and consumers cannot load what is missing
                token.user.refresh_from_db()
            self.auth = accept(self._request, token)
        else:
            self.auth = anonymous(self._request)

    async def recheck(self, terms: Terms) -> int | None:
        """Ask anew who this is, and return what to close the socket with: None while all is as it was.

        Revoked, expired, deactivated, signed out, another password, a scope lost: all are noticed. Nobody's socket is
        never closed. Where the database cannot be asked, it is closed at the second time.
        """
        if self.auth is None or not self.auth.is_authenticated:
            return None
        code: int | None = await database_sync_to_async(self._recheck)(terms, self.auth)
        return code

    def _recheck(self, terms: Terms, before: UserToken) -> int | None:
        try:
            now = self._recognised(is_passive=True)
            refusal = terms.refusal(now, is_opening=False)
        except (InvalidCredential, LoginDenied) as failure:
            return code_of(failure)
        except Exception:
            logger.exception("Whether a socket is still somebody's could not be found out.")
            self._troubles += 1
            return TRY_AGAIN_LATER if self._troubles > 1 else None
        self._troubles = 0
        if refusal is None and _name(now) != _name(before):
            return NOBODY
        if refusal is None and terms.are_out_of_reach(now):
            return REFUSED
        if refusal is None:
            self.auth = replace(now, user=before.user) if _is_deferred(now.user) else now
        return refusal

    @property
    def expires_at(self) -> datetime | None:
        """When the credential ends, None for never or for what is known at each look only."""
        credential: Any = None if self.auth is None else self.auth.credential
        moment: datetime | None = getattr(credential, "end", None)
        return moment


def _as_target(request: HttpRequest, token: UserToken) -> UserToken:
    """Return the token of the user whom `token` impersonates in its session, `token` where there is none.

    Raises InvalidCredential where that has ended, and for the header of programs, which says it for one request alone.
    """
    if header.is_asked(request):
        raise InvalidCredential("impersonation")
    stage = state_of(request).overlay = Stage(request)
    stage.is_early = True
    found = stage.put_on(token)
    if stage.ended:
        raise InvalidCredential("impersonation_ended")
    return found


def _is_deferred(user: Any) -> bool:
    return isinstance(user, Model) and bool(user.get_deferred_fields())


def _name(token: UserToken) -> tuple[Any, ...]:
    credential = token.credential
    return token.user_id, token.method, type(credential), getattr(credential, "pk", None)
