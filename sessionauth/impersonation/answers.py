"""What is answered where an impersonation has ended, or does not go so far: a page for people, JSON for programs."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sessionauth import http, refusals, scopes
from sessionauth.authenticators import get_auth
from sessionauth.impersonation import rules
from sessionauth.impersonators import page, page_of
from sessionauth.refusals import wants_page

#: The cookie of Django's messages.
MESSAGES = CookieStorage.cookie_name
#: What people are told of an end by its reason; of others only that there was one, for they may concern the target.
ENDS = {
    "expired": _("The time is over."),
    "idle": _("You have not used the site for too long."),
    "revoked": _("Somebody in charge has ended it."),
    "superseded": _("You have begun to act as somebody in another window."),
    "permission_lost": _("You may not act as this user any more."),
}


def ended(request: HttpRequest, reason: str) -> HttpResponse:
    """Answer the first request after an end that nobody here has asked for, as `reason` says; nothing is done."""
    why = ENDS.get(reason) or _("Something has changed, with your account or with the other one.")
    detail = gettext("You act as yourself again. %(why)s Nothing was done.") % {"why": why}
    if wants_page(request):
        return page(request, detail, 409, is_over=True)
    return refusals.problem(409, "impersonation_ended", detail)


def stray(request: HttpRequest) -> HttpResponse:
    """Answer a form that was made as somebody else than the request is now; nothing is done."""
    detail = gettext("This form was made while you were acting as somebody else. Nothing was done.")
    return _page(request, detail) or refusals.problem(409, "impersonation_changed", detail)


def refused(request: HttpRequest, code: str) -> HttpResponse:
    """Answer what is not to be done while acting as somebody else."""
    if code == "read_only":
        detail = gettext("You may only look while you are acting as somebody else. Nothing was done.")
        answer = page(request, detail, 403, upgrade_url=_upgrade_url(request)) if wants_page(request) else None
        return answer or refusals.problem(403, "impersonation_read_only", detail)
    detail = gettext("Stop acting as somebody else to do this.")
    return _page(request, detail, 403) or refusals.problem(403, "impersonating", detail)


def signed_out(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Answer people who signed out while they acted as somebody else, for they are signed in as themselves.

    `response` is what a view answers to those who are signed out; it stays for programs, and for what went wrong.
    """
    if response.status_code >= 400 or not wants_page(request):
        return response
    url = page_of("impersonation_ended")
    detail = gettext("You are still signed in, as yourself: you have only stopped acting as somebody else.")
    answer = HttpResponseRedirect(url) if url else page(request, detail, 200, is_over=True)
    # What csrf_protect has set above all; but no message that says that one is signed out.
    answer.cookies.update({name: value for name, value in response.cookies.items() if name != MESSAGES})
    return answer


def denied(request: HttpRequest, code: str) -> HttpResponse:
    """Answer a program that says in a header as whom it acts; the same whether there is such a user or not."""
    if code == "insufficient_scope":
        return refusals.forbidden(request, scopes=(scopes.IMPERSONATE,))
    if code == "carrier":
        detail = gettext("Only a program acts as somebody else by a header, with one key or token in another header.")
        return refusals.problem(403, "impersonation_carrier", detail)
    return refusals.problem(403, "impersonation_denied", gettext("You may not act as this user."))


def _page(request: HttpRequest, detail: str, status: int = 409) -> HttpResponse | None:
    return page(request, detail, status) if wants_page(request) else None


def _upgrade_url(request: HttpRequest) -> str:
    """Return where one asks to change things, and comes back to the form from; "" for those who may not."""
    url = page_of("impersonation_upgrade")
    if not url or not rules.may_write(get_auth(request).actor):
        return ""
    path = http.return_path(request)
    return f"{url}?{urlencode({REDIRECT_FIELD_NAME: path})}" if path else url
