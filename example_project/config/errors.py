"""What a refused form looks like: a page for people, problem JSON for programs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from invoices.api.problems import problem


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a request whose CSRF check failed.

    `reason` is Django's own text for developers; it is not shown, because it helps nobody who reads it there.
    """
    if request.path.startswith("/api/") or "text/html" not in request.headers.get("Accept", ""):
        return problem(403, "CSRF check failed", "A session cookie alone may not change anything: send the CSRF token.")
    return render(request, "csrf_failed.html", status=403)
