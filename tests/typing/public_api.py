"""The public names as a user writes them. Nothing here runs: mypy, strict, is the test."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_type

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.views.generic import TemplateView

import sessionauth
from sessionauth import InvalidCredential, LoginState, SessionAuthUserMixin, UserToken, aget_auth, get_auth
from sessionauth.conf import settings
from sessionauth.decorators import credential_allowed, login_required, scope_required
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


assert_type(bare(HttpRequest()), HttpResponse)


class Page(LoginRequiredMixin, TemplateView):
    template_name = "page.html"
