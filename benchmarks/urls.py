"""Two pages: one that asks nothing and one that asks who it is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path


def untouched(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def whoami(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username())


urlpatterns = [path("untouched/", untouched), path("whoami/", whoami)]
