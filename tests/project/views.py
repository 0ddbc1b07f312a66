"""Views that say what a request looked like from inside."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse


def untouched(request: HttpRequest) -> HttpResponse:
    """Ask nothing: a page that must cost no query and vary on no cookie."""
    return HttpResponse("ok")


def whoami(request: HttpRequest) -> JsonResponse:
    """Tell who `request.user` is, without asking for the session."""
    user = request.user
    return JsonResponse({"user": user.get_username() if user.is_authenticated else None})
