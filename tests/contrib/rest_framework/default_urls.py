"""Views that state nothing of their own: the project's defaults hold. A URLconf."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.response import Response


@extend_schema(responses={200: {"type": "object"}})
@api_view(["GET", "POST"])
def defaults(request):
    """Tell who is there."""
    return Response({"user": str(request.user), "auth": type(request.auth).__name__})


urlpatterns = [path("defaults/", defaults)]
