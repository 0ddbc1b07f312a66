"""The small site with the API beside it: plain, of REST framework, of Ninja, and pages of both that know no scopes."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import include, path
from ninja import NinjaAPI
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from sessionauth.contrib.ninja import AccessTokenAuth, install
from sessionauth.contrib.ninja.router import make_router
from sessionauth.contrib.rest_framework import AccessTokenAuthentication
from sessionauth.decorators import impersonation_allowed, scope_required
from tests.impersonation import site


class Rest(APIView):
    authentication_classes = (AccessTokenAuthentication,)
    permission_classes = (IsAuthenticated,)

    def get(self, request):
        return Response({"user": request.user.get_username(), "actor": request.auth.actor.get_username()})

    def post(self, request):
        site.done.append(request.user.get_username())
        return Response("done")


@impersonation_allowed
class Search(Rest):
    def post(self, request):
        return Response(request.user.get_username())


api = install(NinjaAPI(urls_namespace="impersonation_tokens", auth=AccessTokenAuth()))
api.add_router("/auth/", make_router())


@api.get("/who/")
def ninja_who(request: HttpRequest):
    return {"user": request.user.get_username(), "actor": request.auth.actor.get_username()}


@api.post("/act/")
def ninja_act(request: HttpRequest):
    site.done.append(request.user.get_username())
    return "done"


@api.post("/search/")
@impersonation_allowed
def ninja_search(request: HttpRequest):
    return request.user.get_username()


urlpatterns = [
    path("api/", include("sessionauth.api_urls")),
    path("drf/", include(("sessionauth.contrib.rest_framework.urls", "sessionauth_api"), namespace="drf")),
    path("ninja/", api.urls),
    path("rest/who/", Rest.as_view()),
    path("rest/act/", Rest.as_view()),
    path("rest/search/", Search.as_view()),
    path("groups/", scope_required("auth.view_group")(site.act)),
    path("awaited/", site.aact),
    *site.urlpatterns,
]
