"""The banner: on every page that is seen as somebody else it says so, and has the button that stops it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessionauth.conf import settings
from sessionauth.impersonation import rules
from sessionauth.impersonators import page_of
from sessionauth.models import Impersonation
from sessionauth.request_state import state_of
from sessionauth.user_token import UserToken

try:
    from django.middleware import csp
except ImportError:  # Django 5.2 knows no nonces
    csp = None  # type: ignore[assignment]

TEMPLATE = "sessionauth/impersonation_banner.html"
#: How a whole page begins whose author left out the end tag of its body, as HTML allows.
PAGE = (b"<!doctype", b"<html")


def render(request: HttpRequest | None) -> SafeString:
    """Return the banner of `request`, empty where nobody has been found to act as somebody else.

    Asks nobody: a page that is the same for everybody stays so.
    """
    token = None if request is None else state_of(request).token
    row = None if token is None else token.impersonation
    if request is None or token is None or row is None or row.transport != Impersonation.Transport.SESSION:
        return SafeString("")
    return _written(request, token, row, _nonce(request))


def inject(request: HttpRequest, response: HttpResponseBase, token: UserToken | None) -> None:
    """Put the banner of `token` into `response` if that is a page, by SESSIONAUTH_IMPERSONATION_BANNER.

    What is streamed, compressed, saved as a file or no HTML stays as it is, and so does a page that has the banner.
    """
    if settings.IMPERSONATION_BANNER != "inject" or token is None or token.impersonation is None:
        return
    if not isinstance(response, HttpResponse) or not _is_page(response):
        return
    row, page = token.impersonation, response.content
    place = _place(page)
    if place is None or _mark(row).encode() in page:
        return
    # A policy that has been written already knows no nonce that is asked for now.
    nonce = None if response.has_header("Content-Security-Policy") else _nonce(request)
    try:
        banner = _written(request, token, row, nonce).encode(response.charset, "xmlcharrefreplace")
    except LookupError:  # a charset that is none
        return
    if not banner.startswith(b"<div"):  # one that the end of the body was not written in
        return
    response.content = page[:place] + banner + page[place:]
    if response.has_header("Content-Length"):
        response.headers["Content-Length"] = str(len(response.content))
    del response.headers["ETag"]  # it is that of another page, which nobody is to keep anyway


def _is_page(response: HttpResponse) -> bool:
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    is_file = response.headers.get("Content-Disposition", "").strip().lower().startswith("attachment")
    return kind == "text/html" and not response.has_header("Content-Encoding") and not is_file


def _place(page: bytes) -> int | None:
    """Return where the body of `page` ends, None for what is a part of one."""
    # The last one: what people write into a page stands above it.
    at = page.lower().rfind(b"</body")
    if at >= 0:
        return at
    return len(page) if page[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(PAGE) else None


def _mark(row: Impersonation) -> str:
    # By its key, which nobody can write into a page to keep the banner away.
    return f'data-impersonation="{row.pk}"'


def _written(request: HttpRequest, token: UserToken, row: Impersonation, nonce: str | None) -> SafeString:
    context = {"request": request, "csrf_token": get_token(request), "csp_nonce": nonce, **_facts(request, token, row)}
    return format_html(
        '<div class="sessionauth-impersonation" {}>{}</div>',
        SafeString(_mark(row)),
        # Without the project's context processors: the page has paid for them once.
        SafeString(render_to_string(TEMPLATE, context)),
    )


def _facts(request: HttpRequest, token: UserToken, row: Impersonation) -> dict[str, Any]:
    actor = token.original_user_token
    may_upgrade = row.is_read_only and rules.may_write(token.actor)
    return {
        "actor": "" if actor is None else actor.display_name,
        "target": token.display_name,
        "impersonation": row,
        "left": max(0, int((row.expires_at - timezone.now()).total_seconds())),
        "next": request.get_full_path() if request.method == "GET" else "",
        "stop_url": page_of("impersonation_stop"),
        "extend_url": page_of("impersonation_extend"),
        "upgrade_url": page_of("impersonation_upgrade") if may_upgrade else "",
    }


def _nonce(request: HttpRequest) -> str | None:
    # That of django-csp, else that of Django's own middleware.
    found = getattr(request, "csp_nonce", None)
    if found is None and csp is not None:
        found = csp.get_nonce(request)
    return None if found is None else str(found)
