"""The way back: where somebody was when they began to act as somebody else, kept in their own session."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import resolve_url

from sessionauth import http
from sessionauth.conf import settings
from sessionauth.impersonators import page_of
from sessionauth.sessions import kept

NAME = "way_back"
#: A longer one would cost every request of the session.
LONGEST = 2000


def keep(request: HttpRequest, url: str) -> None:
    """Remember `url` for the end, which must lead to this site; "" for nowhere in particular."""
    before = kept.own(request.session)
    own = {name: value for name, value in before.items() if name != NAME}
    own |= {NAME: url} if url and len(url) <= LONGEST else {}
    if own != before:
        request.session[kept.KEY] = own


def kept_in(request: HttpRequest) -> str:
    """Return where it began, "" if nobody said so or it leads elsewhere."""
    found = kept.own(request.session).get(NAME)
    return found if isinstance(found, str) and found and http.is_safe_url(request, found) else ""


def take(request: HttpRequest) -> str:
    """Return where one goes after the end: where it began, once, or where SESSIONAUTH_IMPERSONATION_STOP_URL says."""
    found = kept_in(request)
    keep(request, "")
    return found or elsewhere()


def elsewhere() -> str:
    """Return where one goes after the end where nothing says where it began."""
    wanted = settings.IMPERSONATION_STOP_URL
    return page_of("impersonation_ended") if wanted is None else str(resolve_url(wanted))
