"""The questions of `access`, dressed for functions; for sync and async views."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, overload

from asgiref.sync import iscoroutinefunction
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest

from sessionauth import access, confinement
from sessionauth.access import AnonymousRule, FreshRule, LoginRule, MethodRule, NotImpersonatingRule, Rule, ScopeRule
from sessionauth.authenticators import aget_auth, get_auth
from sessionauth.conf.kinds import age
from sessionauth.scopes import Requirement

V = TypeVar("V", bound=Callable[..., Any])


def guarded(view: V, rule: Rule) -> V:
    """Return `view` behind `rule`."""
    if iscoroutinefunction(view):

        async def aguard(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            refuse = await rule.acheck(await aget_auth(request), request.method)
            if refuse is not None:
                return await access.arefused(request, refuse)
            return await view(request, *args, **kwargs)

        return wraps(view)(aguard)  # type: ignore[return-value]

    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        refuse = rule.check(get_auth(request), request.method)
        if refuse is not None:
            return access.refused(request, refuse)
        return view(request, *args, **kwargs)

    return wraps(view)(guard)  # type: ignore[return-value]


def _with_login(view: V, login: LoginRule) -> V:
    """Leave for Django's LoginRequiredMiddleware what its own decorators leave there."""
    view.login_url = login.login_url  # type: ignore[attr-defined]
    view.redirect_field_name = login.redirect_field_name  # type: ignore[attr-defined]
    return view


@overload
def login_required(view: V) -> V: ...
@overload
def login_required(*, redirect_field_name: str = ..., login_url: str | None = ...) -> Callable[[V], V]: ...
def login_required(
    view: V | None = None, *, redirect_field_name: str = REDIRECT_FIELD_NAME, login_url: str | None = None
) -> V | Callable[[V], V]:
    """Let only users in: a browser is sent to log in, a program gets a 401 with a challenge.

    `login_url` and `redirect_field_name` are those of Django's decorator. A key without a user is refused.
    """
    rule = LoginRule(login_url, redirect_field_name)

    def decorate(view: V) -> V:
        return _with_login(guarded(view, rule), rule)

    return decorate if view is None else decorate(view)


def scope_required(
    *scopes: Any, redirect_field_name: str = REDIRECT_FIELD_NAME, login_url: str | None = None
) -> Callable[[V], V]:
    """Let in who holds every one of `scopes`: permissions, or names of SESSIONAUTH_SCOPES.

    A single argument may also say "any of" or differ by method: see scopes.Requirement. A view that states a scope is
    open to restricted credentials that have it, and to keys without a user.
    """
    rule = ScopeRule(Requirement.of(*scopes), LoginRule(login_url, redirect_field_name))

    def decorate(view: V) -> V:
        return confinement.mark(_with_login(guarded(view, rule), rule.login))

    return decorate


def auth_method_required(
    *methods: str, redirect_field_name: str = REDIRECT_FIELD_NAME, login_url: str | None = None
) -> Callable[[V], V]:
    """Let in who was recognised in one of the ways `methods`, such as "session" or "api_key"."""
    if not methods or not all(isinstance(method, str) for method in methods):
        raise TypeError('auth_method_required() takes names of methods: @auth_method_required("session")')
    rule = MethodRule(methods, LoginRule(login_url, redirect_field_name))

    def decorate(view: V) -> V:
        return _with_login(guarded(view, rule), rule.login)

    return decorate


@overload
def fresh_login_required(view: V) -> V: ...
@overload
def fresh_login_required(
    *,
    max_age: timedelta | int | None = ...,
    methods: Collection[str] | None = ...,
    redirect_field_name: str = ...,
    login_url: str | None = ...,
) -> Callable[[V], V]: ...
def fresh_login_required(
    view: V | None = None,
    *,
    max_age: timedelta | int | None = None,
    methods: Collection[str] | None = None,
    redirect_field_name: str = REDIRECT_FIELD_NAME,
    login_url: str | None = None,
) -> V | Callable[[V], V]:
    """Let only people in who have just proved who they are; others are asked to confirm it (see needs_confirmation()).

    `max_age` is how long ago that may be, a timedelta or seconds; None means SESSIONAUTH_FRESH_AGE, and less than a
    minute a minute. `methods` are the proofs that count, such as ["password"]; None for all. `login_url` and
    `redirect_field_name` are for those who are nobody.
    """
    if max_age is not None and (wrong := age(max_age)) is not None:
        raise TypeError(f"fresh_login_required(): max_age must be {wrong}, not {max_age!r}")
    if isinstance(methods, str):
        raise TypeError(f"fresh_login_required(): methods must be a list of names: [{methods!r}]")
    rule = FreshRule(max_age, tuple(methods or ()), LoginRule(login_url, redirect_field_name))

    def decorate(view: V) -> V:
        return _with_login(guarded(view, rule), rule.login)

    return decorate if view is None else decorate(view)


@overload
def anonymous_required(view: V) -> V: ...
@overload
def anonymous_required(*, redirect_to: str | None = ...) -> Callable[[V], V]: ...
def anonymous_required(view: V | None = None, *, redirect_to: str | None = None) -> V | Callable[[V], V]:
    """Let only those in who are not signed in; others go to `redirect_to`, a URL or view name, or LOGIN_REDIRECT_URL.

    The view is exempt from Django's LoginRequiredMiddleware and from SESSIONAUTH_ON_FAILURE.
    """
    rule = AnonymousRule(redirect_to)

    def decorate(view: V) -> V:
        wrapped = guarded(view, rule)
        wrapped.login_required = False  # type: ignore[attr-defined]
        return wrapped

    return decorate if view is None else decorate(view)


def forbid_impersonation(view: V) -> V:
    """Let nobody in who acts as somebody else: for what people do for themselves alone, such as giving consent."""
    return guarded(view, NotImpersonatingRule())


def impersonation_allowed(view: V) -> V:
    """Say of `view` that it only looks, whatever its method: a search by POST, an export.

    Those may use it who act as somebody else and may only read. `view` is a function, what `as_view()` returns, or a
    class, which it then opens with all that derive from it.
    """
    setattr(view, confinement.ONLY_LOOKS, True)
    return view


def credential_allowed(view: V) -> V:
    """Open `view` to restricted credentials, whatever their scopes: for views that check scopes themselves.

    `view` is a function, what `as_view()` returns, or a class, which it then opens with all that derive from it.
    """
    if isinstance(view, type):
        return confinement.mark(view)
    if iscoroutinefunction(view):

        async def aopen_view(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return await view(request, *args, **kwargs)

        return confinement.mark(wraps(view)(aopen_view))  # type: ignore[return-value]

    def open_view(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return view(request, *args, **kwargs)

    return confinement.mark(wraps(view)(open_view))  # type: ignore[return-value]


__all__ = [
    "anonymous_required",
    "auth_method_required",
    "credential_allowed",
    "forbid_impersonation",
    "fresh_login_required",
    "impersonation_allowed",
    "login_required",
    "scope_required",
]
