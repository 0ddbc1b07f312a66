"""The home page, the page that lists the curl lines, and the mails."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from demo.lines import groups
from demo.mails import newest
from demo.secrets import Secrets


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Welcome everybody alike: nobody asks who it is, so no cookie is read and no query made."""
    return render(request, "home.html")


@require_safe
def api_lines(request: HttpRequest) -> HttpResponse:
    """List the API with its curl lines, words in capitals in the place of secrets."""
    base = f"{request.scheme}://{request.get_host()}"
    listed = [
        (group.title, [(line, line.command(base)) for line in group.lines]) for group in groups(Secrets.placeholders())
    ]
    return render(request, "api_lines.html", {"groups": listed})


@never_cache
@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """Show the mails that the demo wrote into files; they carry links that sign in, so only a demo shows them."""
    if not settings.SHOW_PASSWORDS:
        raise Http404
    return render(request, "mails.html", {"mails": newest(settings.MAIL_DIR)})
