"""starlite-sessions' retrieve_user_handler: the session is the project's own dict, and a handler finds the user by it.

Signing in is storing `{"user_id": …}`, signing out is emptying the session: none of Django's own keys is in it.
"""

from __future__ import annotations

import json

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import authenticate, get_user_model
from django.http import HttpResponse, JsonResponse
from django.test import AsyncClient, Client
from django.urls import path

from sessionauth.decorators import login_required

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def retrieve_user(request, session):
    return get_user_model().objects.filter(pk=session.get("user_id")).first()


async def aretrieve_user(request, session):
    return await get_user_model().objects.filter(pk=await session.aget("user_id")).afirst()


def login(request):
    user = authenticate(request, **json.loads(request.body))
    if user is None:
        return HttpResponse(status=401)
    request.session.cycle_key()
    request.session["user_id"] = user.pk
    return HttpResponse(status=201)


def logout(request):
    request.session.flush()
    return HttpResponse(status=204)


@login_required
def me(request):
    return JsonResponse({"id": request.user.pk, "name": request.user.get_username(), "how": request.auth.method})


urlpatterns = [path("login/", login), path("logout/", logout), path("me/", me)]


@pytest.fixture
def max_(django_user_model, password):
    return django_user_model.objects.create_user("max", password=password)


@pytest.fixture(params=["retrieve_user", "aretrieve_user"])
def handler(request, settings):
    settings.LOGIN_URL = ""
    settings.SESSIONAUTH_USER_LOADER = f"{__name__}.{request.param}"


class Asking:
    """The same questions over WSGI and over ASGI."""

    def __init__(self, client):
        self.client = client

    def __getattr__(self, method):
        call = getattr(self.client, method)
        return async_to_sync(call) if isinstance(self.client, AsyncClient) else call


@pytest.fixture(params=[Client, AsyncClient])
def browser(request, handler):
    return Asking(request.param())


def test_a_whole_visit(browser, max_, password):
    wrong = {"username": "max", "password": "guess"}
    right = {"username": "max", "password": password}

    assert browser.get("/me/").status_code == 401
    assert browser.post("/login/", wrong, content_type="application/json").status_code == 401
    assert browser.post("/login/", right, content_type="application/json").status_code == 201
    assert browser.get("/me/").json() == {"id": max_.pk, "name": "max", "how": "session"}
    assert browser.post("/logout/").status_code == 204
    assert browser.get("/me/").status_code == 401


def test_a_user_who_is_gone_is_nobody(browser, max_, password):
    right = {"username": "max", "password": password}
    browser.post("/login/", right, content_type="application/json")
    max_.delete()
    assert browser.get("/me/").status_code == 401


def test_an_inactive_user_is_nobody(browser, max_, password, django_user_model):
    right = {"username": "max", "password": password}
    browser.post("/login/", right, content_type="application/json")
    django_user_model.objects.update(is_active=False)
    assert browser.get("/me/").status_code == 401
