"""URLs with namespaces, nested and twice included, and login pages that are plain views."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from sessionauth.decorators import credential_allowed


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page")


def whoami(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username() or "nobody")


inner = ([path("page/", page, name="page"), path("enter/", page, name="enter")], "inner_app")
desk = ([path("page/", page, name="page"), path("inner/", include(inner, namespace="inner"))], "desk")

urlpatterns = [
    path("", page, name="home"),
    path("enter/", page, name="enter"),
    path("page/", page, name="page"),
    path("login/", page, name="login"),
    path("open/", credential_allowed(page), name="open"),
    path("whoami/", whoami, name="whoami"),
    path("desk/", include(desk)),
    path("back/", include(desk, namespace="backoffice")),
]
