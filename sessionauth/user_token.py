"""Who a request is: the UserToken.

A UserToken is neither a secret nor a row: it is the state of one request, and dies with it.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from sessionauth.conf import load, seconds, settings
from sessionauth.exceptions import InvalidCredential
from sessionauth.late import LateModule
from sessionauth.request_state import state_of

if TYPE_CHECKING:
    from sessionauth import base_user, scopes
else:
    base_user, scopes = LateModule("sessionauth.base_user"), LateModule("sessionauth.scopes")


class LoginState(enum.Enum):
    """How sure we are of a person; PROGRAM for what is no person."""

    ANONYMOUS = "anonymous"
    REMEMBERED = "remembered"
    STALE = "stale"
    FRESH = "fresh"
    PROGRAM = "program"
    IMPERSONATOR = "impersonator"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class UserToken:
    """Who a request is, how we know, how sure we are, and what the credential may do.

    `user` is the user, `AnonymousUser` for nobody and for a key without a user. `method` is the name of the
    authenticator that knew them. `credential` is the row behind it, if there is one. `granted` are the scopes of the
    credential, None for all that its owner may. `authenticated_at` is when the person last proved who they are,
    and `proofs` when by which method ("password", "link"), as far as that is known. `failure` is why a credential of
    ours was not accepted, where that did not end the request. `original_user_token` is that of the person who is
    really there, and `impersonation` the row, where the user is somebody's target.
    """

    user: Any
    state: LoginState
    method: str = ""
    credential: Any = None
    granted: Collection[str] | None = None
    authenticated_at: datetime | None = None
    failure: InvalidCredential | None = None
    proofs: Mapping[str, datetime] = field(default_factory=dict)
    original_user_token: UserToken | None = field(default=None)
    impersonation: Any = None

    @property
    def is_authenticated(self) -> bool:
        """Whether anybody, or a program of nobody's, has been recognised."""
        return self.state is not LoginState.ANONYMOUS

    @property
    def is_anonymous(self) -> bool:
        """The opposite of `is_authenticated`."""
        return self.state is LoginState.ANONYMOUS

    @property
    def has_user(self) -> bool:
        """Whether there is a user: False for nobody and for a key without a user."""
        return self.is_authenticated and bool(self.user.is_authenticated)

    @property
    def user_id(self) -> Any:
        """The user's primary key (`get_id()` of a user that is no model), None for nobody."""
        if hasattr(self.user, "pk"):
            return self.user.pk
        own = getattr(self.user, "get_id", None)
        return own() if own is not None else getattr(self.user, "id", None)

    @property
    def display_name(self) -> str:
        """How to address the user; the label of a key that has none."""
        if self.is_authenticated and not self.user.is_authenticated and self.credential is not None:
            return str(self.credential.name or self.credential)
        return base_user.display_name(self.user)

    @property
    def is_program(self) -> bool:
        """Whether a program's credential (key, token, Basic) stands behind the request."""
        original = self.original_user_token
        return self.state is LoginState.PROGRAM if original is None else original.is_program

    @property
    def is_restricted(self) -> bool:
        """Whether the credential may do less than its owner, which confines it to views that state a scope.

        By its scopes, or by the methods it may be used with.
        """
        return self.granted is not None or getattr(self.credential, "methods", None) is not None

    @property
    def is_fresh(self) -> bool:
        """Whether the person proved who they are within SESSIONAUTH_FRESH_AGE; never for programs."""
        return self.state is LoginState.FRESH and self.has_proved()

    def has_proved(self, *, max_age: timedelta | int | None = None, methods: Collection[str] = ()) -> bool:
        """Say whether the person proved who they are within `max_age`; never for programs and remembered browsers.

        `max_age` is a timedelta or seconds, None for SESSIONAUTH_FRESH_AGE. `methods` are the proofs that count
        ("password"); all do where none is named.
        """
        if self.state not in (LoginState.FRESH, LoginState.STALE) or self.authenticated_at is None:
            return False
        after = time.time() - seconds(settings.FRESH_AGE if max_age is None else max_age)
        moments = [self.proofs.get(method) for method in methods] if methods else [self.authenticated_at]
        return any(moment is not None and moment.timestamp() > after for moment in moments)

    @property
    def scopes(self) -> list[str]:
        """The declared scopes, and the user's own, that this request may use."""
        own = getattr(self.user, "get_scopes", None)
        names = dict.fromkeys([*settings.SCOPES, *(own() if own is not None else ()), *(self.granted or ())])
        return [name for name in names if name in self]

    def __contains__(self, scope: object) -> bool:
        return isinstance(scope, str) and self.has_scope(scope)

    def has_scope(self, scope: str) -> bool:
        """Say whether this request may do what `scope` names: the user may, and the credential may."""
        return scopes.grants(self._grant, scope) and (self._is_its_own_owner or scopes.holds(self.user, scope))

    async def ahas_scope(self, scope: str) -> bool:
        """See has_scope()."""
        return scopes.grants(self._grant, scope) and (self._is_its_own_owner or await scopes.aholds(self.user, scope))

    @property
    def _is_its_own_owner(self) -> bool:
        # A key without a user has no owner whose rights could limit it.
        return self.is_authenticated and not self.user.is_authenticated

    @property
    def _grant(self) -> Collection[str] | None:
        # "All of its owner's" is nothing where there is no owner.
        return () if self.granted is None and self._is_its_own_owner else self.granted

    @property
    def actor(self) -> Any:
        """The person who is really there: the user, unless somebody impersonates them."""
        return self.user if self.original_user_token is None else self.original_user_token.actor

    @property
    def original_user(self) -> Any:
        """The impersonating person, None unless somebody impersonates."""
        return None if self.original_user_token is None else self.original_user_token.user

    @property
    def original_user_id(self) -> Any:
        """The impersonating person's primary key, None unless somebody impersonates."""
        return None if self.original_user_token is None else self.original_user_token.user_id

    @property
    def is_impersonating(self) -> bool:
        """Whether the user is somebody's target."""
        return self.original_user_token is not None

    def __bool__(self) -> bool:
        return self.is_authenticated

    def __str__(self) -> str:
        return self.display_name

    def __repr__(self) -> str:
        return f"<UserToken {self.state.value} {self.method or 'nobody'} user={self.user_id!r}>"


def anonymous(request: HttpRequest, failure: InvalidCredential | None = None) -> UserToken:
    """Return the token of nobody; `failure` says which credential was not accepted."""
    return UserToken(anonymous_user(request), LoginState.ANONYMOUS, failure=failure)


def anonymous_user(request: HttpRequest) -> Any:
    """Return what SESSIONAUTH_ANONYMOUS_USER makes: an instance of the class, or what the factory answers."""
    make = load(settings.ANONYMOUS_USER)
    return make() if isinstance(make, type) else make(request)


def replace(request: HttpRequest, token: UserToken) -> UserToken:
    """Make `token` the identity of `request` from now on, and return it."""
    state = state_of(request)
    state.token = token
    if state.established is None:
        state.established = token
    if state.lazy_user is not None and not state.is_settled:
        remember_user(request, token.user)
    return token


def remember_user(request: HttpRequest, user: Any) -> None:
    """Put `user` where Django keeps the user of a request; whoever empties these places wants it asked afresh."""
    inner: Any = getattr(request, "_request", request)
    inner._cached_user = inner._acached_user = user
