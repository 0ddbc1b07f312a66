"""A project whose API is guarded by knox, as it was before us, or by us."""

from __future__ import annotations

from django.urls import path
from knox.auth import TokenAuthentication
from rest_framework.decorators import api_view, authentication_classes
from rest_framework.response import Response

from sessionauth.contrib.rest_framework import RequestAuthentication
from tests.project import ways_urls


@api_view(["GET"])
@authentication_classes([TokenAuthentication])
def guarded(request):
    return Response({"user": getattr(request.user, "username", None), "auth": type(request.auth).__name__})


@api_view(["GET"])
@authentication_classes([RequestAuthentication])
def ours(request):
    return Response({"user": getattr(request.user, "username", None), "auth": type(request.auth).__name__})


urlpatterns = [path("knox/", guarded), path("ours/", ours), *ways_urls.urlpatterns]
