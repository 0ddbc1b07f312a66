"""The public names as a user writes them. Nothing here runs: mypy, strict, is the test."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_type

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.views.generic import TemplateView

import sessionauth
from sessionauth import (
    InvalidCredential,
    LoginDenied,
    LoginGuard,
    LoginManager,
    LoginState,
    SessionAuthUserMixin,
    TooManyAttempts,
    UserToken,
    aconfirm_login,
    aget_auth,
    alogin_user,
    alogout,
    before_credentials,
    confirm_login,
    get_auth,
    login_user,
    logout,
)
from sessionauth.conf import settings
from sessionauth.decorators import credential_allowed, fresh_login_required, login_required, scope_required
from sessionauth.mixins import LoginRequiredMixin
from sessionauth.models import APIKey


class User(SessionAuthUserMixin, AbstractUser):
    class Meta:
        app_label = "typing_only"


def who(request: HttpRequest) -> None:
    auth = get_auth(request)
    assert_type(auth, UserToken)
    assert_type(auth.state, LoginState)
    assert_type(auth.is_authenticated, bool)
    assert_type(auth.authenticated_at, datetime | None)
    assert_type(auth.failure, InvalidCredential | None)
    assert_type("invoices.view_invoice" in auth, bool)
    assert_type(sessionauth.get_auth(request), UserToken)
    assert_type(settings.FRESH_AGE, timedelta | int)


async def awho(request: HttpRequest) -> None:
    assert_type(await aget_auth(request), UserToken)


class Closed(LoginGuard):
    def after_credentials(self, request: HttpRequest | None, user: object) -> None:
        raise TooManyAttempts(retry_after=60)


@before_credentials
def closed(request: HttpRequest, user: object) -> None:
    raise LoginDenied("We are closed.", code="closed")


def sign_in(request: HttpRequest, user: User) -> None:
    manager = LoginManager(guards=[Closed(), closed])
    assert_type(manager.login(request, "ann", "word", remember=True, guards=[closed]), UserToken)
    assert_type(manager.login(request, link="abc", remember=timedelta(days=7)), UserToken)
    assert_type(login_user(request, user, remember=3600, fresh=False, method="invitation"), UserToken)
    assert_type(confirm_login(request, method="password").is_fresh, bool)
    assert_type(get_auth(request).proofs["password"], datetime)
    assert_type(get_auth(request).has_proved(max_age=60, methods=["password"]), bool)
    logout(request)


async def asign_in(request: HttpRequest, user: User) -> None:
    assert_type(await LoginManager().alogin(request, "ann", "word"), UserToken)
    assert_type(await alogin_user(request, user), UserToken)
    assert_type(await aconfirm_login(request), UserToken)
    await alogout(request)


def issue() -> None:
    row, secret = APIKey.objects.issue(user=None, name="desk", scopes=["invoices"], expires_at=None)
    assert_type(secret, str)
    row.revoke(reason="lost")


@login_required
def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@login_required(login_url="/sign-in/")
def with_url(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@scope_required("invoices.view_invoice")
async def scoped(request: HttpRequest, number: int) -> HttpResponse:
    return HttpResponse()


@credential_allowed
def for_programs(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@fresh_login_required
def safe(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@fresh_login_required(max_age=timedelta(minutes=5), methods=["password"])
async def safer(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


assert_type(bare(HttpRequest()), HttpResponse)
assert_type(safe(HttpRequest()), HttpResponse)


class Page(LoginRequiredMixin, TemplateView):
    template_name = "page.html"
