"""starlite-sessions' and Litestar's flows: sign up, sign in, ask who one is and sign out, all in JSON."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth import get_user_model
from django.http import HttpResponse, JsonResponse
from django.test import AsyncClient, Client
from django.urls import path

from sessionauth import LoginManager, alogin_user, alogout, login_user, logout
from sessionauth.decorators import login_required

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def told(user, status):
    return JsonResponse({"id": user.pk, "name": user.get_username()}, status=status)


def sign_up(request):
    user = get_user_model().objects.create_user(**json.loads(request.body))
    login_user(request, user, method="sign-up")
    return told(user, 201)


async def asign_up(request):
    user = await sync_to_async(get_user_model().objects.create_user)(**json.loads(request.body))
    await alogin_user(request, user, method="sign-up")
    return told(user, 201)


def sign_in(request):
    token = LoginManager().login(request, **json.loads(request.body))
    return told(token.user, 201) if token else HttpResponse(status=401)


async def asign_in(request):
    token = await LoginManager().alogin(request, **json.loads(request.body))
    return told(token.user, 201) if token else HttpResponse(status=401)


@login_required
def me(request):
    return told(request.user, 200)


def sign_out(request):
    logout(request)
    return HttpResponse(status=204)


async def asign_out(request):
    await alogout(request)
    return HttpResponse(status=204)


urlpatterns = [
    path("signup/", sign_up),
    path("asignup/", asign_up),
    path("login/", sign_in),
    path("alogin/", asign_in),
    path("logout/", sign_out),
    path("alogout/", asign_out),
    path("user/", me),
]

MOISHE = {"username": "moishe", "password": "a word of Moishe's"}


class Program:
    """Asks in JSON, of the sync pages over WSGI or of the async ones over ASGI."""

    def __init__(self, is_async):
        self.client, self.prefix = (AsyncClient(), "/a") if is_async else (Client(), "/")

    def post(self, page, data=None):
        return self.ask("post", self.prefix + page, data or {}, content_type="application/json")

    def user(self):
        return self.ask("get", "/user/", headers={"Accept": "application/json"})

    def ask(self, method, *args, **kwargs):
        call = getattr(self.client, method)
        return (async_to_sync(call) if isinstance(self.client, AsyncClient) else call)(*args, **kwargs)


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def program(request):
    return Program(request.param)


def test_a_whole_visit(program):
    assert program.user().status_code == 401
    assert program.post("login/", MOISHE).status_code == 401
    signed_up = program.post("signup/", MOISHE)
    assert signed_up.status_code == 201
    assert program.user().json() == signed_up.json()
    assert program.post("logout/").status_code == 204
    assert program.user().status_code == 401
    assert program.post("login/", MOISHE).json() == signed_up.json()
    assert program.user().json()["name"] == "moishe"


def test_a_user_who_is_gone(program):
    program.post("signup/", MOISHE)
    get_user_model().objects.all().delete()
    assert program.user().status_code == 401
