"""Where a program's credential may not go, whatever its owner may.

`request.user` knows no scopes, and a superuser's `has_perm` cannot be capped. So a restricted credential reaches only
views that say they look at scopes, and the pages where people manage accounts take no program's credential at all.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable
from functools import lru_cache
from types import CellType, FunctionType
from typing import Any, TypeVar

from django.contrib.auth import views as auth_views
from django.http import HttpRequest
from django.urls import Resolver404, ResolverMatch, resolve

from sessionauth.credentials import limits
from sessionauth.models import AbstractCredential
from sessionauth.user_token import UserToken

V = TypeVar("V")

#: Attribute of views, and of view classes, that accept restricted credentials.
MARK = "sessionauth_accepts_restricted"
#: Attribute of views that only look, whatever their method: open to those who impersonate read-only.
ONLY_LOOKS = "sessionauth_only_looks"
#: Attribute of our views that are about acting as somebody else: open meanwhile, however far it goes.
ABOUT_IMPERSONATION = "sessionauth_about_impersonation"
#: Attribute of those that end it: reached as well where it has just ended by itself.
STOPS_IMPERSONATION = "sessionauth_stops_impersonation"
#: What a plain view says of itself that counts for a framework's coat over it.
OF_IMPERSONATION = (ABOUT_IMPERSONATION, STOPS_IMPERSONATION)

PASSWORD_VIEWS = (
    auth_views.PasswordChangeView,
    auth_views.PasswordChangeDoneView,
    auth_views.PasswordResetView,
    auth_views.PasswordResetConfirmView,
)


#: The function that `AdminSite.admin_view()` wraps a view in.
ADMIN_VIEW = "AdminSite.admin_view.<locals>.inner"
MAX_WRAPPERS = 8


class Admission(enum.Enum):
    """What a view does with a restricted credential.

    AS_NOBODY lets it in as a visitor: the view's own authentication asks for the scope, and only what accepts it there
    makes the request its owner's. For frameworks in which one view has several ways in.
    """

    REFUSED = "refused"
    AS_NOBODY = "as nobody"
    ADMITTED = "admitted"


#: Says what a view that bears no mark does with the restricted credential of a request; None for "no view of mine".
logger = logging.getLogger("sessionauth")

Judge = Callable[[Any, HttpRequest], Admission | None]

_judges: list[Judge] = []
#: Returns what answers a request behind a view that answers several; None for "no view of mine".
Finder = Callable[[Any, HttpRequest], Any]
_finders: list[Finder] = []


def ask(judge: Judge) -> Judge:
    """Have `judge` asked of views that bear no mark, and return it.

    For frameworks whose one view answers several methods, each with a statement of its own: they cannot bear one mark.
    A judge reads what was declared and does no I/O; it is only asked where a restricted credential came.
    """
    if judge not in _judges:
        _judges.append(judge)
    return judge


def look_behind(finder: Finder) -> Finder:
    """Have `finder` asked what is behind views, for the marks that are about acting as somebody else; return it."""
    if finder not in _finders:
        _finders.append(finder)
    return finder


def mark(view: V) -> V:
    """Say of `view` that it accepts restricted credentials, and return it."""
    setattr(view, MARK, True)
    return view


def refusal(request: HttpRequest, token: UserToken) -> str | None:
    """Return why `token` may not reach the view of `request`, None if it may.

    The codes are "people_only" and "insufficient_scope".
    """
    if not token.is_program:
        return None
    if isinstance(token.credential, AbstractCredential) and not limits.may(token.credential, request):
        return "insufficient_scope"  # it came by another: a middleware has read X-HTTP-Method-Override since
    match = match_of(request)
    if match is None:
        # What answers where no URL matches (404 pages, flat pages) states no scope either.
        return "insufficient_scope" if token.is_restricted else None
    if is_for_people(match):
        return "people_only"
    if not token.is_restricted or admission(match.func, request) is not Admission.REFUSED:
        return None
    logger.warning("%s states no scope, and restricted credentials reach only views that do.", match.view_name)
    return "insufficient_scope"


def is_pending(request: HttpRequest, token: UserToken) -> bool:
    """Say whether `token`, which is not refused, stays unknown until the view's own authentication accepts it."""
    match = match_of(request) if token.is_program and token.is_restricted else None
    return match is not None and admission(match.func, request) is Admission.AS_NOBODY


def admission(view: Any, request: HttpRequest) -> Admission:
    """Return what `view` does with the restricted credential of `request`."""
    if is_marked(view):
        return Admission.ADMITTED
    answers = (judge(view, request) for judge in _judges)
    return next((answer for answer in answers if answer is not None), Admission.REFUSED)


def match_of(request: HttpRequest) -> ResolverMatch | None:
    """Return where the URL of `request` leads, also before Django has resolved it; None for nowhere."""
    match: ResolverMatch | None = getattr(request, "resolver_match", None)
    if match is not None:
        return match
    try:
        return resolve(request.path_info, getattr(request, "urlconf", None))
    except Resolver404:
        return None


def is_for_people(match: ResolverMatch) -> bool:
    # Every AdminSite has the app name "admin", whatever it is called.
    if not {"admin", "sessionauth"}.isdisjoint(match.app_names):
        return True
    if isinstance(match.func, FunctionType) and _is_admin_view(match.func):
        return True
    view_class = getattr(match.func, "view_class", None)
    return isinstance(view_class, type) and issubclass(view_class, PASSWORD_VIEWS)


@lru_cache(maxsize=1024)
def _is_admin_view(view: FunctionType, depth: int = 0) -> bool:
    """Say whether `view` went through `AdminSite.admin_view()`, for those that stand outside the admin's URLs.

    It leaves no mark, and gives the function it returns the name of the view inside; so its own function is looked for
    in what the wrappers hold on to.
    """
    if depth > MAX_WRAPPERS:
        return False
    if view.__code__.co_qualname == ADMIN_VIEW:
        return True
    cells = (cell.cell_contents for cell in view.__closure__ or () if _is_filled(cell))
    return any(_is_admin_view(inside, depth + 1) for inside in cells if isinstance(inside, FunctionType))


def _is_filled(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # a name that is assigned later
        return False


def bears(request: HttpRequest, view: Any, name: str) -> bool:
    """Say whether `view`, or what answers `request` behind it, bears the mark `name`."""
    if is_marked(view, name):
        return True
    return bool(_finders) and any(is_marked(find(view, request), name) for find in _finders)


def is_marked(view: Any, name: str = MARK) -> bool:
    """Say whether `view`, or the class it was made of, bears the mark `name`."""
    # Django's as_view() leaves the class in `view_class`, DRF's in `cls`.
    for source in (view, getattr(view, "view_class", None), getattr(view, "cls", None)):
        if source is not None and getattr(source, name, False) is True:
            return True
    return False
