"""The questions a view may ask about who is there. Decorators, mixins and frameworks all ask here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch
from django.utils.translation import gettext

from sessionauth import http, impersonators, refusals, scopes
from sessionauth.authenticators import get_auth
from sessionauth.conf import seconds, settings
from sessionauth.login import can_confirm
from sessionauth.refusals import pop_next, unauthorized, wants_page
from sessionauth.scopes import Requirement
from sessionauth.user_token import UserToken

__all__ = [
    "AnonymousRule",
    "FreshRule",
    "LoginRule",
    "MethodRule",
    "NotImpersonatingRule",
    "Refusal",
    "Rule",
    "ScopeRule",
    "needs_confirmation",
    "pop_next",
    "success_url",
    "unconfirmed",
    "unauthorized",
]

logger = logging.getLogger("sessionauth")

#: A proof of so many seconds ago is recent whatever is asked: else nobody would ever come back from the confirm page.
JUST_NOW = 60

#: Answers instead of the view, or raises PermissionDenied for the project's 403 page.
Refusal = Callable[[HttpRequest], HttpResponseBase]


class Rule(Protocol):
    """One question about `auth`, for a request by `method`: `check()` returns None for "go on", else what refuses."""

    def check(self, auth: UserToken, method: str | None) -> Refusal | None: ...
    async def acheck(self, auth: UserToken, method: str | None) -> Refusal | None: ...


def refused(request: HttpRequest, refuse: Refusal) -> HttpResponseBase:
    """Return the answer to a request that a rule refused.

    For SESSIONAUTH_EXEMPT_METHODS it is an empty 200, as a CORS preflight needs: it tells nothing, and the view does
    not run. Letting it run would open every function view to OPTIONS, for Django's answer any method.
    """
    if request.method in settings.EXEMPT_METHODS:
        return HttpResponse()
    return refuse(request)


async def arefused(request: HttpRequest, refuse: Refusal) -> HttpResponseBase:
    """See refused(): in a thread, unless a visitor is sent to log in and nobody is asked about it."""
    if getattr(refuse, "__func__", None) is LoginRule.refuse and refusals.is_ready():
        return refused(request, refuse)
    return await sync_to_async(refused)(request, refuse)


@dataclass(frozen=True, slots=True)
class LoginRule:
    """There must be a user; a key without one is not enough."""

    login_url: str | None = None
    redirect_field_name: str = REDIRECT_FIELD_NAME

    def check(self, auth: UserToken, method: str | None) -> Refusal | None:
        return None if auth.has_user else self.refuse

    async def acheck(self, auth: UserToken, method: str | None) -> Refusal | None:
        return self.check(auth, method)

    def refuse(self, request: HttpRequest) -> HttpResponse:
        return unauthorized(request, login_url=self.login_url, redirect_field_name=self.redirect_field_name)


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """Somebody, or a program of nobody's, must be there and hold the scopes of `requirement`."""

    requirement: Requirement
    login: LoginRule = field(default_factory=LoginRule)

    def check(self, auth: UserToken, method: str | None) -> Refusal | None:
        if not auth.is_authenticated:
            return self.login.refuse
        return None if self.requirement.is_met(method, auth.has_scope) else self._refuse

    async def acheck(self, auth: UserToken, method: str | None) -> Refusal | None:
        if not auth.is_authenticated:
            return self.login.refuse
        return None if await self.requirement.ais_met(method, auth.ahas_scope) else self._refuse

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        warn_of_unknown(self.requirement)
        if wants_page(request):
            raise PermissionDenied(gettext("You may not do this."))
        return refusals.forbidden(request, scopes=self.requirement.told(request.method))


def warn_of_unknown(requirement: Requirement) -> None:
    """Tell the developer, where somebody was refused, of scopes that nobody can hold because they mean nothing here."""
    if strange := scopes.unknown(requirement.names()):
        logger.warning("%s: asked for by a view, and not declared in SESSIONAUTH_SCOPES.", ", ".join(strange))


@dataclass(frozen=True, slots=True)
class MethodRule:
    """The request must have been recognised in one of the ways `methods`, the values of `auth.method`."""

    methods: tuple[str, ...]
    login: LoginRule = field(default_factory=LoginRule)

    def check(self, auth: UserToken, method: str | None) -> Refusal | None:
        if not auth.is_authenticated:
            return self.login.refuse
        return None if auth.method in self.methods else self._refuse

    async def acheck(self, auth: UserToken, method: str | None) -> Refusal | None:
        return self.check(auth, method)

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        detail = gettext("This cannot be reached with this kind of credential.")
        if wants_page(request):
            raise PermissionDenied(detail)
        return refusals.problem(403, "wrong_auth_method", detail)


@dataclass(frozen=True, slots=True)
class FreshRule:
    """There must be a person who proved who they are within `max_age`, by one of `methods` if any are named.

    `max_age` is a timedelta or seconds, None for SESSIONAUTH_FRESH_AGE; less than a minute counts as a minute.
    """

    max_age: timedelta | int | None = None
    methods: tuple[str, ...] = ()
    login: LoginRule = field(default_factory=LoginRule)

    @property
    def seconds(self) -> int:
        """How many seconds ago the proof may be."""
        return at_least_a_minute(self.max_age)

    def check(self, auth: UserToken, method: str | None) -> Refusal | None:
        if not auth.is_authenticated:
            return self.login.refuse
        is_recent = auth.has_proved(max_age=self.seconds, methods=self.methods)
        return None if is_recent else self._refuse

    async def acheck(self, auth: UserToken, method: str | None) -> Refusal | None:
        return self.check(auth, method)

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        return needs_confirmation(request, max_age=self.max_age, methods=self.methods)


def needs_confirmation(
    request: HttpRequest,
    *,
    max_age: timedelta | int | None = None,
    methods: Collection[str] | None = None,
    as_page: bool = True,
) -> HttpResponse:
    """Answer a request for which its person must first prove again who they are.

    A browser is sent to the confirm page, a client of JSON gets a 401 that says so (RFC 9470), nobody is sent to log
    in. Who acts as somebody else is refused, and so is whoever came without a session, programs above all. `max_age`
    and `methods`, as in FreshRule, are told to clients. `as_page` is False where every answer is JSON: in an API.
    """
    auth = get_auth(request)
    if not auth.is_authenticated:
        return unauthorized(request, as_page=as_page)
    if auth.is_impersonating:
        return impersonators.refuse(request, as_page=as_page)
    if not can_confirm(auth):
        if as_page and wants_page(request):
            raise PermissionDenied(gettext("This needs a person who has just signed in."))
        return refusals.never_fresh()
    return refusals.stale(request, max_age=at_least_a_minute(max_age), methods=methods or (), as_page=as_page)


def unconfirmed(request: HttpRequest) -> HttpResponse | None:
    """Return what is answered to a person whose login is not fresh, None for everybody else.

    They are asked where there is a page to confirm it, SESSIONAUTH_CONFIRM_URL, and a login of ours behind the request;
    for what others show, such as the admin: nobody is to be locked out of it.
    """
    auth = get_auth(request)
    is_asked = can_confirm(auth) and not auth.is_fresh and _has_confirm_page()
    return needs_confirmation(request) if is_asked else None


def _has_confirm_page() -> bool:
    try:
        return bool(settings.CONFIRM_URL and resolve_url(settings.CONFIRM_URL))
    except NoReverseMatch:
        return False


def at_least_a_minute(max_age: timedelta | int | None) -> int:
    return max(int(seconds(settings.FRESH_AGE if max_age is None else max_age)), JUST_NOW)


@dataclass(frozen=True, slots=True)
class NotImpersonatingRule:
    """Whoever is there must be themself: what one person must not do for another."""

    def check(self, auth: UserToken, method: str | None) -> Refusal | None:
        return self._refuse if auth.is_impersonating else None

    async def acheck(self, auth: UserToken, method: str | None) -> Refusal | None:
        return self.check(auth, method)

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        return impersonators.refuse(request)


@dataclass(frozen=True, slots=True)
class AnonymousRule:
    """Nobody may be there: for pages to sign in or up. Others are sent to `redirect_to`, or LOGIN_REDIRECT_URL."""

    redirect_to: str | None = None

    def check(self, auth: UserToken, method: str | None) -> Refusal | None:
        return self._refuse if auth.is_authenticated else None

    async def acheck(self, auth: UserToken, method: str | None) -> Refusal | None:
        return self.check(auth, method)

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        if wants_page(request):
            return HttpResponseRedirect(resolve_url(self.redirect_to or django_settings.LOGIN_REDIRECT_URL))
        detail = gettext("This is only for those who are not signed in.")
        return refusals.problem(403, "already_authenticated", detail)


def success_url(
    request: HttpRequest,
    *,
    default: str | None = None,
    redirect_field_name: str = REDIRECT_FIELD_NAME,
    allowed_hosts: Collection[str] = (),
) -> str:
    """Return where to go after a login or its confirmation: the way back, if it leads to this site, else `default`.

    The way back stands in the form or the URL as `redirect_field_name`, or was kept in the session, from where it is
    taken out. `default` is a URL or view name, None for LOGIN_REDIRECT_URL. `allowed_hosts` are further hosts that it
    may lead to.
    """
    kept = pop_next(request)
    for url in (request.POST.get(redirect_field_name), request.GET.get(redirect_field_name), kept):
        if url and http.is_safe_url(request, url, allowed_hosts):
            return url
    return str(resolve_url(default or django_settings.LOGIN_REDIRECT_URL))
