"""Where nobody goes as somebody else, and what nobody changes while they may only read."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.contrib.auth import views as auth_views
from django.http import HttpRequest
from django.urls import ResolverMatch

from sessionauth import confinement, http
from sessionauth.conf import settings
from sessionauth.confinement import ABOUT_IMPERSONATION as ABOUT
from sessionauth.confinement import STOPS_IMPERSONATION as STOPS
from sessionauth.models import Impersonation

#: The names of our own URLs, the API among them; every AdminSite has the app name "admin".
OURS = frozenset({"admin", "sessionauth", "sessionauth_api"})
#: Modules of other packages, and what they begin with, whose views are about somebody's account: passwords, addresses,
#: second factors, sites that sign them in, and tokens, which would outlive the impersonation.
ACCOUNTS = (
    "allauth.",
    "dj_rest_auth.",
    "djoser.",
    "knox.",
    "oauth2_provider.views.application.",
    "oauth2_provider.views.base.",
    "oauth2_provider.views.device.",
    "oauth2_provider.views.token.",
    "social_django.",
    "two_factor.",
)
#: Pages that are open in any case: signing out ends the impersonation, and so does signing in.
WAYS_OUT = frozenset(
    {"login", "logout", "account_login", "account_logout", "rest_login", "rest_logout", "current_session"}
)
#: Views of those packages that an app asks who is there.
TELLING = frozenset({"config", "rest_user_details", "user-me"})


def is_safe(request: HttpRequest) -> bool:
    """Say whether `request` only asks."""
    return request.method in http.SAFE


def refusal(request: HttpRequest, row: Impersonation) -> str | None:
    """Return why the target of `row` may not have this view now, None if they may.

    The codes are "impersonating" for pages that are for nobody but the person themself, and "read_only".
    """
    match = confinement.match_of(request)
    if match is not None and (_is_way_out(match) or confinement.bears(request, match.func, ABOUT)):
        return None
    if match is not None and _is_closed(match, only_asks=is_safe(request)):
        return "impersonating"
    if not row.is_read_only or is_safe(request):
        return None
    return None if match is not None and confinement.bears(request, match.func, confinement.ONLY_LOOKS) else "read_only"


def stops(request: HttpRequest) -> bool:
    """Say whether `request` asks for nothing but the end of it."""
    match = confinement.match_of(request)
    return not is_safe(request) and match is not None and confinement.bears(request, match.func, STOPS)


def tells_of_it(request: HttpRequest) -> bool:
    """Say whether `request` only asks what has become of it."""
    match = confinement.match_of(request)
    return is_safe(request) and match is not None and confinement.bears(request, match.func, ABOUT)


def admin_to_leave(request: HttpRequest) -> Any | None:
    """Return the site of the admin whose page to sign out `request` is for, None for any other page."""
    match = confinement.match_of(request)
    return None if match is None or match.url_name != "logout" else getattr(match.func, "admin_site", None)


def _is_closed(match: ResolverMatch, *, only_asks: bool) -> bool:
    if confinement.is_for_people(match) or not OURS.isdisjoint(match.app_names):
        return True
    if _is_about_account(match.func) and not (only_asks and match.url_name in TELLING):
        return True
    return match.view_name in settings.IMPERSONATION_FORBIDDEN_VIEWS


def _is_about_account(view: Any) -> bool:
    """Say whether `view` is one of ACCOUNTS, or of a class that was derived from one."""
    kind = getattr(view, "view_class", None) or getattr(view, "cls", None)
    # Not asked of the view, which may be an instance of anything, and have no hash.
    return _is_of_accounts(str(getattr(view, "__module__", "")), kind if isinstance(kind, type) else None)


@lru_cache(maxsize=1024)
def _is_of_accounts(module: str, kind: type[Any] | None) -> bool:
    modules = {module, *(one.__module__ for one in getattr(kind, "__mro__", ()))}
    return any(f"{one}.".startswith(ACCOUNTS) for one in modules)


def _is_way_out(match: ResolverMatch) -> bool:
    if match.url_name in WAYS_OUT and (not OURS.isdisjoint(match.app_names) or _is_about_account(match.func)):
        return True
    view_class = getattr(match.func, "view_class", None)
    return isinstance(view_class, type) and issubclass(view_class, auth_views.LoginView | auth_views.LogoutView)
