"""An API in which programs act for others: plain views, REST framework and Ninja, each sync and async where it can."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from ninja import NinjaAPI
from rest_framework.response import Response
from rest_framework.views import APIView

from sessionauth.contrib.ninja import RequestAuth
from sessionauth.contrib.rest_framework import (
    AccessTokenAuthentication,
    APIKeyAuthentication,
    HasScope,
    NotImpersonating,
    RequestAuthentication,
)
from sessionauth.decorators import credential_allowed, forbid_impersonation, impersonation_allowed, scope_required
from sessionauth.models import APIKey
from tests.impersonation import site

LOOK = "desk:look"

done = site.done


@credential_allowed
def who(request: HttpRequest) -> HttpResponse:
    return site.who(request)


@credential_allowed
async def awho(request: HttpRequest) -> HttpResponse:
    return await site.awho(request)


def closed(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a view that states no scope")


@scope_required("auth.view_group")
def groups(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@credential_allowed
def act(request: HttpRequest) -> HttpResponse:
    return site.act(request)


@credential_allowed
async def aact(request: HttpRequest) -> HttpResponse:
    return await site.aact(request)


@credential_allowed
@impersonation_allowed
def search(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username())


@credential_allowed
@forbid_impersonation
def mine(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@credential_allowed
@impersonation_allowed
def issue(request: HttpRequest) -> HttpResponse:
    APIKey.objects.issue(user=request.user)
    return HttpResponse("ok")


class Rest(APIView):
    """Every class of ours that could know the program."""

    authentication_classes = (RequestAuthentication,)
    permission_classes = (HasScope(LOOK),)

    def get(self, request):
        return Response(
            {
                "user": request.user.get_username(),
                "auth": request.auth.user.get_username(),
                "actor": request.auth.actor.get_username(),
                "inner": request._request.user.get_username(),
            }
        )

    def post(self, request):
        done.append(request.user.get_username())
        return Response("done")


class RestKeys(Rest):
    authentication_classes = (APIKeyAuthentication,)


class RestTokens(Rest):
    authentication_classes = (AccessTokenAuthentication,)


class RestMine(Rest):
    permission_classes = (HasScope(LOOK), NotImpersonating)


api = NinjaAPI(urls_namespace="impersonation_header", auth=RequestAuth(LOOK))


def _told(request):
    auth = request.auth
    return {
        "user": request.user.get_username(),
        "auth": auth.user.get_username(),
        "actor": auth.actor.get_username(),
        "inner": request.user.get_username(),
    }


@api.get("/who/")
def ninja_who(request: HttpRequest):
    return _told(request)


@api.get("/awho/")
async def ninja_awho(request: HttpRequest):
    return _told(request)


@api.post("/act/")
def ninja_act(request: HttpRequest):
    done.append(request.user.get_username())
    return "done"


@api.get("/mine/", auth=RequestAuth(LOOK, not_impersonating=True))
def ninja_mine(request: HttpRequest):
    return "mine"


def plain(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"ok": True})


urlpatterns = [
    path("who/", who),
    path("awho/", awho),
    path("closed/", closed),
    path("groups/", groups),
    path("act/", act),
    path("aact/", aact),
    path("search/", search),
    path("mine/", mine),
    path("issue/", issue),
    path("untouched/", plain),
    path("rest/", Rest.as_view()),
    path("rest-keys/", RestKeys.as_view()),
    path("rest-tokens/", RestTokens.as_view()),
    path("rest-mine/", RestMine.as_view()),
    path("ninja/", api.urls),
    path("admin/", admin.site.urls),
    path("account/", include("sessionauth.urls")),
    path("api/", include("sessionauth.api_urls")),
]
