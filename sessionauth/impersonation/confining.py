"""Where nobody goes as somebody else, and what nobody changes while they may only read."""

from __future__ import annotations

from django.contrib.auth import views as auth_views
from django.http import HttpRequest
from django.urls import ResolverMatch

from sessionauth import confinement
from sessionauth.conf import settings
from sessionauth.confinement import ABOUT_IMPERSONATION as ABOUT
from sessionauth.confinement import STOPS_IMPERSONATION as STOPS
from sessionauth.models import Impersonation

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
#: The names of our own URLs, the API among them; every AdminSite has the app name "admin".
OURS = frozenset({"admin", "sessionauth", "sessionauth_api"})
#: Pages that are open in any case: signing out ends the impersonation, and so does signing in.
WAYS_OUT = frozenset({"login", "logout"})


def is_safe(request: HttpRequest) -> bool:
    """Say whether `request` only asks."""
    return request.method in SAFE


def refusal(request: HttpRequest, row: Impersonation) -> str | None:
    """Return why the target of `row` may not have this view now, None if they may.

    The codes are "impersonating" for pages that are for nobody but the person themself, and "read_only".
    """
    match = confinement.match_of(request)
    if match is not None and (_is_way_out(match) or confinement.is_marked(match.func, ABOUT)):
        return None
    if match is not None and _is_closed(match):
        return "impersonating"
    if not row.is_read_only or is_safe(request):
        return None
    return None if match is not None and confinement.is_marked(match.func, confinement.ONLY_LOOKS) else "read_only"


def stops(request: HttpRequest) -> bool:
    """Say whether `request` asks for nothing but the end of it."""
    match = confinement.match_of(request)
    return not is_safe(request) and match is not None and confinement.is_marked(match.func, STOPS)


def tells_of_it(request: HttpRequest) -> bool:
    """Say whether `request` only asks what has become of it."""
    match = confinement.match_of(request)
    return is_safe(request) and match is not None and confinement.is_marked(match.func, ABOUT)


def _is_closed(match: ResolverMatch) -> bool:
    if confinement.is_for_people(match) or not OURS.isdisjoint(match.app_names):
        return True
    return match.view_name in settings.IMPERSONATION_FORBIDDEN_VIEWS


def _is_way_out(match: ResolverMatch) -> bool:
    if match.url_name in WAYS_OUT and not OURS.isdisjoint(match.app_names):
        return True
    view_class = getattr(match.func, "view_class", None)
    return isinstance(view_class, type) and issubclass(view_class, auth_views.LoginView | auth_views.LogoutView)
