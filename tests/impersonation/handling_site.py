"""The small site of a project that answers a 403 itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from tests.impersonation.test_confining import urlpatterns

__all__ = ["handler403", "urlpatterns"]


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(f"ours: {exception}", status=403)
