"""What a consumer asks of who comes, and what a socket is closed with where that is not met."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sessionauth.access import FreshRule
from sessionauth.exceptions import InvalidCredential, LimitedCredential, LoginDenied, SeveralCredentials
from sessionauth.login import can_confirm
from sessionauth.scopes import Requirement
from sessionauth.user_token import UserToken

#: Codes of one's own begin with 4000 (RFC 6455 section 7.4.2); these are the statuses of HTTP behind the 4.
AMBIGUOUS, NOBODY, REFUSED = 4400, 4401, 4403
#: Whether somebody is still there cannot be found out: to come back later.
TRY_AGAIN_LATER = 1013


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of a socket; see AuthMiddleware."""

    required: bool = False
    requirement: Requirement | None = None
    read_only: bool = False
    fresh: FreshRule | None = None
    not_impersonating: bool = False
    recheck_every: float | None = 60

    @property
    def method(self) -> str:
        """The HTTP method that a socket is like: whatever is not said only to tell may be told something."""
        return "GET" if self.read_only else "POST"

    def states_scope(self) -> bool:
        """Say whether restricted credentials may come at all."""
        return self.requirement is not None and bool(self.requirement.alternatives(self.method))

    def are_out_of_reach(self, token: UserToken) -> bool:
        """Say whether `token` is confined to consumers that state a scope, and this is none; or for other methods."""
        methods = getattr(token.credential, "methods", None)
        is_by_method = methods is None or (isinstance(methods, list) and self.method in methods)
        return token.is_restricted and not (self.states_scope() and is_by_method)

    def refusal(self, token: UserToken, *, is_opening: bool = True) -> int | None:
        """Return what to close a socket of `token` with, None to let it be. Asks for permissions: I/O.

        Freshness is asked of those that are opening alone: people are not interrupted.
        """
        if not (token.has_user if self.requirement is None else token.is_authenticated):
            return NOBODY if self.required else None
        if self.are_out_of_reach(token):
            return REFUSED if self.required else None
        if self.requirement is not None and not self.requirement.is_met(self.method, token.has_scope):
            return REFUSED
        if self.not_impersonating and token.is_impersonating:
            return REFUSED
        if token.impersonation is not None and token.impersonation.is_read_only and not self.read_only:
            return REFUSED
        if is_opening and self.fresh is not None and self.fresh.check(token, None) is not None:
            return NOBODY if can_confirm(token) else REFUSED
        return None


def terms(
    *,
    required: bool = False,
    scopes: Any = None,
    read_only: bool = False,
    fresh: bool | timedelta | int = False,
    methods: Collection[str] = (),
    not_impersonating: bool = False,
    recheck_every: float | None = 60,
) -> Terms:
    """Return the terms that the arguments of AuthMiddleware and AuthConsumerMixin say. Raises TypeError as it does."""
    return Terms(
        required=required or scopes is not None or fresh is not False,
        requirement=None if scopes is None else Requirement.of(scopes),
        read_only=read_only,
        fresh=None if fresh is False else FreshRule(None if fresh is True else fresh, tuple(methods)),
        not_impersonating=not_impersonating,
        recheck_every=recheck_every,
    )


def code_of(failure: InvalidCredential | LoginDenied) -> int:
    """Return what to close a socket with whose credential was not accepted."""
    if isinstance(failure, SeveralCredentials):
        return AMBIGUOUS
    if isinstance(failure, LimitedCredential | LoginDenied):
        return 4000 + failure.status
    return NOBODY
