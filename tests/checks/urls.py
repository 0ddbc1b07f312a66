"""URLs with namespaces, nested and twice included, and login pages that are plain views."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page")


inner = ([path("page/", page, name="page"), path("enter/", page, name="enter")], "inner_app")
desk = ([path("page/", page, name="page"), path("inner/", include(inner, namespace="inner"))], "desk")

urlpatterns = [
    path("", page, name="home"),
    path("enter/", page, name="enter"),
    path("page/", page, name="page"),
    path("desk/", include(desk)),
    path("back/", include(desk, namespace="backoffice")),
]
