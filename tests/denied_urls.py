"""A project with a 403 page of its own."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import path

from tests.guarded_urls import page, raises


def handler403(request, exception):
    return HttpResponse(type(exception).__name__, status=403)


urlpatterns = [path("page/", page), path("raises/", raises)]
