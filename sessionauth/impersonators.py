"""What people are told who act as somebody else: a card that says what is in the way, and leads to who they are now."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import NoReverseMatch, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext

from sessionauth import refusals


def refuse(request: HttpRequest, *, as_page: bool = True) -> HttpResponse:
    """Answer what nobody does for another person. `as_page` is that of refusals.unauthorized().

    Raises PermissionDenied where people are to see a page, and the project has one of its own for a 403.
    """
    detail = gettext("Stop acting as somebody else to do this.")
    if not (as_page and refusals.wants_page(request)):
        return refusals.problem(403, "impersonating", detail)
    if _has_own_page(request):
        raise PermissionDenied(detail)
    return page(request, detail, 403)


def page(request: HttpRequest, detail: str, status: int, **more: object) -> HttpResponse:
    """Return a page that says `detail`, with a link to the one that tells who one is; `more` is for its template."""
    context = {"request": request, "detail": detail, "status_url": page_of("impersonation"), **more}
    response = render(request, "sessionauth/impersonation.html", context, status=status)
    add_never_cache_headers(response)
    return response


def page_of(name: str) -> str:
    """Return the address of our page `name`, "" where our pages are not among the URLs."""
    try:
        return reverse(f"sessionauth:{name}")
    except NoReverseMatch:
        return ""


def _has_own_page(request: HttpRequest) -> bool:
    """Say whether the project answers a 403 itself, by `handler403` or a template."""
    if refusals.has_own_handler(request):
        return True
    try:
        get_template("403.html")
    except TemplateDoesNotExist:
        return False
    return True
