"""Permission classes of REST framework. They can be joined by `&`, `|` and `~`, and stand with or without arguments."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.permissions import BasePermission, OperationHolderMixin
from rest_framework.request import Request

from sessionauth import access, refusals, signals
from sessionauth.access import FreshRule, MethodRule, ScopeRule
from sessionauth.authenticators import get_auth
from sessionauth.conf.kinds import age
from sessionauth.contrib.rest_framework import confining
from sessionauth.contrib.rest_framework.exceptions import Impersonating, NeverFresh, NotFresh
from sessionauth.login import can_confirm
from sessionauth.scopes import Requirement
from sessionauth.user_token import UserToken

P = TypeVar("P", bound="Permission")


def auth_of(request: Request) -> UserToken:
    """Return who `request` is, by whichever authentication class knew them.

    What stands on `request.auth` is believed as long as it speaks of `request.user`: a test may have forced both.
    """
    user, auth = request.user, request.auth
    return auth if isinstance(auth, UserToken) and auth.user == user else get_auth(request)


class Permission(OperationHolderMixin, BasePermission):  # type: ignore[misc]
    """Base of those that can be called with arguments, and stand in `permission_classes` as instances."""

    #: What is told, and the word for programs; None for REST framework's own.
    message: str | Promise | None = None
    code: str | None = None

    def __call__(self: P) -> P:
        """Return itself: REST framework calls what stands in `permission_classes`."""
        return self

    def allows(self, auth: UserToken, request: Request, view: Any) -> bool:
        """Say whether `auth` may do what `request` asks of `view`."""
        raise NotImplementedError

    def refusal(self, auth: UserToken, request: Request, view: Any) -> Exception | None:
        """Return what to raise where this refused somebody who is known; None for REST framework's own 403."""
        return exceptions.PermissionDenied(self.message, self.code) if self.code else None

    def has_permission(self, request: Request, view: Any) -> bool:
        """Say whether the request may go on, and how it is to be refused if nothing else lets it."""
        auth = auth_of(request)
        allowed = self.allows(auth, request, view)
        if not allowed and auth.is_authenticated:
            _refuse_by(view, partial(self.refusal, auth, request, view))
        return allowed

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        """Say the same of an object: `~` would turn round an answer that is always yes."""
        return self.has_permission(request, view)


def _refuse_by(view: Any, refusal: Callable[[], Exception | None]) -> None:
    """Have `view`, which serves one request, raise what `refusal` returns where it denies permission.

    Not raised at once, for behind `|` another permission may still let the request in. Then one that is none of ours
    may deny, and the answer is to be REST framework's.
    """
    named: Callable[..., None] = type(view).permission_denied.__get__(view)

    def permission_denied(request: Request, message: str | None = None, code: str | None = None) -> None:
        try:
            named(request, message=message, code=code)
        except exceptions.PermissionDenied as denied:
            if any(_is_ours(one) and not one.has_permission(request, view) for one in view.get_permissions()):
                raise refusal() or denied from None
            raise

    view.permission_denied = permission_denied


def _is_ours(permission: Any) -> bool:
    """Say whether `permission` is one of these, or joined with one."""
    joined = (getattr(permission, name, None) for name in ("op1", "op2"))
    return isinstance(permission, Permission) or any(one is not None and _is_ours(one) for one in joined)


class HasScope(Permission):
    """Lets in who holds scopes: `HasScope("notes:read")`, `HasScope("a", "b")`, or whatever scopes.Requirement takes.

    Without arguments it asks for `scopes` of its own class, or for the view's `scope_required` or
    `get_scope_required()`. A view whose permissions include it is open to restricted credentials that have the scopes.
    """

    sessionauth_states_scopes = True

    scopes: Any = None

    def __init__(self, *scopes: Any) -> None:
        """Take what scopes.Requirement.of() takes. Raises TypeError for anything else."""
        self._requirement = Requirement.of(*scopes) if scopes else None
        if self._requirement is None and self.scopes is not None:
            self._requirement = Requirement.of(self.scopes)

    def get_requirement(self, view: Any) -> Requirement:
        """Return what is asked for. Raises ImproperlyConfigured if neither this nor `view` says."""
        if self._requirement is not None:
            return self._requirement
        ask = getattr(view, "get_scope_required", None)
        stated = getattr(view, "scope_required", None) if ask is None else ask()
        if not stated:
            raise ImproperlyConfigured(f'{type(view).__name__} has to say scope_required, or HasScope("app.do_it").')
        return Requirement.of(stated)

    def allows(self, auth: UserToken, request: Request, view: Any) -> bool:
        """Say whether `auth` holds the scopes."""
        return ScopeRule(self.get_requirement(view)).check(auth, request.method) is None

    def refusal(self, auth: UserToken, request: Request, view: Any) -> Exception:
        """Return the 403 of RFC 6750, which names the scopes."""
        requirement = self.get_requirement(view)
        access.warn_of_unknown(requirement)
        told = requirement.told(request.method)
        return confining.insufficient(request, auth, told, request.successful_authenticator)


class IsFresh(Permission):
    """Lets only people in who have just proved who they are; others are told so with a 401 (RFC 9470).

    `max_age` and `methods` are those of decorators.fresh_login_required().
    """

    def __init__(self, *, max_age: timedelta | int | None = None, methods: Collection[str] = ()) -> None:
        """Raise TypeError for what is no length of time, or no list of names."""
        if max_age is not None and (wrong := age(max_age)) is not None:
            raise TypeError(f"IsFresh(): max_age must be {wrong}, not {max_age!r}")
        if isinstance(methods, str):
            raise TypeError(f"IsFresh(): methods must be a list of names: [{methods!r}]")
        self._rule = FreshRule(max_age, tuple(methods))

    def allows(self, auth: UserToken, request: Request, view: Any) -> bool:
        """Say whether the proof of `auth` is recent."""
        return self._rule.check(auth, request.method) is None

    def refusal(self, auth: UserToken, request: Request, view: Any) -> Exception:
        """Return the 401 that a client answers by confirming, or a 403 for who cannot confirm anything."""
        if auth.is_impersonating:
            return Impersonating()
        if not can_confirm(auth):
            return NeverFresh()
        signals.reauthentication_required.send_robust(sender=None, request=request._request, reason="stale")
        max_age = self._rule.seconds
        return NotFresh(max_age, self._rule.methods, refusals.stale_challenge(max_age))


class HasAuthMethod(Permission):
    """Lets in who was recognised in one of the ways `methods`, such as `HasAuthMethod("session")`."""

    message = _("This cannot be reached with this kind of credential.")
    code = "wrong_auth_method"

    def __init__(self, *methods: str) -> None:
        """Raise TypeError where no method is named."""
        if not methods or not all(isinstance(method, str) for method in methods):
            raise TypeError('HasAuthMethod takes names of methods: HasAuthMethod("session")')
        self._rule = MethodRule(methods)

    def allows(self, auth: UserToken, request: Request, view: Any) -> bool:
        """Say whether `auth` came in one of these ways."""
        return self._rule.check(auth, request.method) is None


class NotImpersonating(Permission):
    """Refuses those who act as somebody else."""

    message = _("This cannot be done while acting as somebody else.")
    code = "impersonating"

    def allows(self, auth: UserToken, request: Request, view: Any) -> bool:
        """Say whether `auth` is who is really there."""
        return not auth.is_impersonating


class IsProgram(Permission):
    """Lets only programs in (keys, tokens, Basic), those of nobody too. States no scope."""

    def allows(self, auth: UserToken, request: Request, view: Any) -> bool:
        """Say whether a program's credential stands behind `auth`."""
        return auth.is_program


class IsPerson(Permission):
    """Lets only people in: no program, and not nobody."""

    def allows(self, auth: UserToken, request: Request, view: Any) -> bool:
        """Say whether a person stands behind `auth`."""
        return auth.has_user and not auth.is_program
