"""The questions a view may ask about who is there. Decorators, mixins and frameworks all ask here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from django.conf import settings as django_settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.translation import gettext

from sessionauth import http, refusals
from sessionauth.conf import settings
from sessionauth.refusals import pop_next, unauthorized
from sessionauth.user_token import UserToken

__all__ = ["AnonymousRule", "LoginRule", "MethodRule", "Refusal", "Rule", "ScopeRule", "pop_next", "unauthorized"]

#: Answers instead of the view, or raises PermissionDenied for the project's 403 page.
Refusal = Callable[[HttpRequest], HttpResponseBase]


class Rule(Protocol):
    """One question: `check()` returns None for "go on", else what refuses."""

    def check(self, auth: UserToken) -> Refusal | None: ...
    async def acheck(self, auth: UserToken) -> Refusal | None: ...


def refused(request: HttpRequest, refuse: Refusal) -> HttpResponseBase:
    """Return the answer to a request that a rule refused.

    For SESSIONAUTH_EXEMPT_METHODS it is an empty 200, as a CORS preflight needs: it tells nothing, and the view does
    not run. Letting it run would open every function view to OPTIONS, for Django's answer any method.
    """
    if request.method in settings.EXEMPT_METHODS:
        return HttpResponse()
    return refuse(request)


@dataclass(frozen=True, slots=True)
class LoginRule:
    """There must be a user; a key without one is not enough."""

    login_url: str | None = None
    redirect_field_name: str = REDIRECT_FIELD_NAME

    def check(self, auth: UserToken) -> Refusal | None:
        return None if auth.has_user else self.refuse

    async def acheck(self, auth: UserToken) -> Refusal | None:
        return self.check(auth)

    def refuse(self, request: HttpRequest) -> HttpResponse:
        return unauthorized(request, login_url=self.login_url, redirect_field_name=self.redirect_field_name)


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """Somebody, or a program of nobody's, must be there and hold every one of `scopes`."""

    scopes: tuple[str, ...]
    login: LoginRule = field(default_factory=LoginRule)

    def check(self, auth: UserToken) -> Refusal | None:
        if not auth.is_authenticated:
            return self.login.refuse
        return None if all(auth.has_scope(scope) for scope in self.scopes) else self._refuse

    async def acheck(self, auth: UserToken) -> Refusal | None:
        if not auth.is_authenticated:
            return self.login.refuse
        for scope in self.scopes:
            if not await auth.ahas_scope(scope):
                return self._refuse
        return None

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        if wants_page(request):
            raise PermissionDenied(gettext("You may not do this."))
        return refusals.forbidden(request, scopes=self.scopes)


@dataclass(frozen=True, slots=True)
class MethodRule:
    """The request must have been recognised in one of the ways `methods`, the values of `auth.method`."""

    methods: tuple[str, ...]
    login: LoginRule = field(default_factory=LoginRule)

    def check(self, auth: UserToken) -> Refusal | None:
        if not auth.is_authenticated:
            return self.login.refuse
        return None if auth.method in self.methods else self._refuse

    async def acheck(self, auth: UserToken) -> Refusal | None:
        return self.check(auth)

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        detail = gettext("This cannot be reached with this kind of credential.")
        if wants_page(request):
            raise PermissionDenied(detail)
        return refusals.problem(403, "wrong_auth_method", detail)


@dataclass(frozen=True, slots=True)
class AnonymousRule:
    """Nobody may be there: for pages to sign in or up. Others are sent to `redirect_to`, or LOGIN_REDIRECT_URL."""

    redirect_to: str | None = None

    def check(self, auth: UserToken) -> Refusal | None:
        return self._refuse if auth.is_authenticated else None

    async def acheck(self, auth: UserToken) -> Refusal | None:
        return self.check(auth)

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        if wants_page(request):
            return HttpResponseRedirect(resolve_url(self.redirect_to or django_settings.LOGIN_REDIRECT_URL))
        detail = gettext("This is only for those who are not signed in.")
        return refusals.problem(403, "already_authenticated", detail)


def wants_page(request: HttpRequest) -> bool:
    """Say whether a refusal is read by a person: the client takes HTML, and no program's credential was claimed."""
    return http.wants_html(request) and not refusals.presented_by_program(request)
