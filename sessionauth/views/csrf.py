"""The answer to a form that was not sent from a page of the site."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views import csrf

from sessionauth import http, refusals


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a request without the right CSRF token: Django's page to a browser, problem+json to everyone else.

    For `CSRF_FAILURE_VIEW = "sessionauth.views.csrf.csrf_failure"`. `reason` is Django's text for developers.
    """
    if http.wants_html(request):
        return csrf.csrf_failure(request, reason)
    return csrf_failed(request)


def csrf_failed(request: HttpRequest) -> HttpResponse:
    """Answer what a browser sends without being asked, where it may have been another site's page that made it."""
    return refusals.problem(403, "csrf_failed", gettext("The CSRF token is missing or wrong."))
