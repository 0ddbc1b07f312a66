"""What is answered where an impersonation has ended, or does not go so far: a page for people, JSON for programs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext

from sessionauth import http, refusals


def ended(request: HttpRequest) -> HttpResponse:
    """Answer the first request after an end that nobody here has asked for; nothing is done."""
    detail = gettext("You are acting as yourself again: the time is over, or something has changed. Nothing was done.")
    return _page(request, detail) or refusals.problem(409, "impersonation_ended", detail)


def stray(request: HttpRequest) -> HttpResponse:
    """Answer a form that was made as somebody else than the request is now; nothing is done."""
    detail = gettext("This form was made while you were acting as somebody else. Nothing was done.")
    return _page(request, detail) or refusals.problem(409, "impersonation_changed", detail)


def refused(request: HttpRequest, code: str) -> HttpResponse:
    """Answer what is not to be done while acting as somebody else."""
    if code == "read_only":
        detail = gettext("You may only look while you are acting as somebody else. Nothing was done.")
        return _page(request, detail, 403) or refusals.problem(403, "impersonation_read_only", detail)
    detail = gettext("Stop acting as somebody else to do this.")
    return _page(request, detail, 403) or refusals.problem(403, "impersonating", detail)


def _page(request: HttpRequest, detail: str, status: int = 409) -> HttpResponse | None:
    if not http.wants_html(request):
        return None
    response = render(request, "sessionauth/impersonation.html", {"detail": detail}, status=status)
    add_never_cache_headers(response)
    return response
