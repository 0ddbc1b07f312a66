"""Every way in which a project may come to issue a credential: plain views, REST framework, Ninja, threads."""

from __future__ import annotations

import threading
from contextvars import copy_context

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.urls import path
from ninja import NinjaAPI
from rest_framework.response import Response
from rest_framework.views import APIView

from sessionauth.contrib.ninja import RequestAuth
from sessionauth.contrib.rest_framework import RequestAuthentication
from sessionauth.credentials import importing, issuing, refreshing, rotating
from sessionauth.credentials.formats import FORMATS
from sessionauth.credentials.sources import Source
from sessionauth.decorators import credential_allowed
from sessionauth.models import AccessToken, APIKey
from tests.impersonation import site

#: The refresh token of somebody's login, and what the last act has returned.
kept: dict[str, str] = {}


def _refresh(user):
    return refreshing.refresh(kept["refresh"])[1]


def _import(user):
    nothing = Source(FORMATS["knox"], AccessToken.objects.none())
    importing.take_over(nothing, importing.Wishes())
    return ""


ACTS = {
    "issue": lambda user: APIKey.objects.issue(user=user)[1],
    "aissue": lambda user: async_to_sync(APIKey.objects.aissue)(user=user)[1],
    "issue function": lambda user: issuing.issue(AccessToken, user=user)[1],
    "login token": lambda user: issuing.issue_login_token(user)[1],
    "alogin token": lambda user: async_to_sync(issuing.aissue_login_token)(user)[1],
    "rotate": lambda user: rotating.rotate(APIKey.objects.get(name="own"))[1],
    "arotate": lambda user: async_to_sync(rotating.arotate)(APIKey.objects.get(name="own"))[1],
    "refresh": _refresh,
    "import": _import,
}


def do(request: HttpRequest, act: str) -> HttpResponse:
    return HttpResponse(ACTS[act](request.user))


ASYNC = {
    "issue": lambda user: APIKey.objects.aissue(user=user),
    "issue function": lambda user: issuing.aissue(AccessToken, user=user),
    "login token": lambda user: issuing.aissue_login_token(user),
    "rotate": lambda user: _arotate(),
    "refresh": lambda user: refreshing.arefresh(kept["refresh"]),
}


async def _arotate():
    return await rotating.arotate(await APIKey.objects.aget(name="own"))


async def ado(request: HttpRequest, act: str) -> HttpResponse:
    return HttpResponse((await ASYNC[act](await request.auser()))[1])


def in_thread(request: HttpRequest, act: str) -> HttpResponse:
    """Begin a thread that is part of the request, as `asyncio.to_thread()` does."""
    user, failed = request.user, []
    user.pk  # noqa: B018 (loaded here: a thread has a connection of its own)
    context = copy_context()

    def run() -> None:
        try:
            context.run(ACTS[act], user)
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return HttpResponse("ok")


class Rest(APIView):
    authentication_classes = (RequestAuthentication,)
    permission_classes = ()

    def post(self, request, act):
        return Response(ACTS[act](request.user))


api = NinjaAPI(urls_namespace="impersonation_issuing", auth=RequestAuth())


@api.post("/{act}/")
def ninja_do(request: HttpRequest, act: str):
    return ACTS[act](request.user)


for_programs = credential_allowed(do)

urlpatterns = [
    path("do/<str:act>/", do),
    path("ado/<str:act>/", ado),
    path("thread/<str:act>/", in_thread),
    path("rest/<str:act>/", Rest.as_view()),
    path("ninja/", api.urls),
    path("for-programs/<str:act>/", for_programs),
    *site.urlpatterns,
]
