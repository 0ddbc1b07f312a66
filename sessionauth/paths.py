"""Which paths a policy speaks of: prefixes, anchored patterns and URL namespaces; never the query."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest

from sessionauth import confinement, refusals
from sessionauth.conf import djangos, settings

Asker = Callable[[Any, HttpRequest], bool]

#: The attribute of views in which stand the methods with which they give out tokens.
WAY_IN = "sessionauth_way_in"
_askers: list[Asker] = []


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return `pattern` compiled. Raises re.error for one that cannot be; the checks tell of it."""
    return re.compile(pattern)


def matches(request: HttpRequest, entries: Collection[str]) -> bool:
    r"""Say whether one of `entries` speaks of the path of `request`.

    "/app/" is a prefix that ends at a slash or at the end, so that "/login" is not "/login-history". "^/app/\d+$" is a
    regular expression, matched from the start. Anything else is a URL namespace.
    """
    path = request.path_info
    namespaces = {entry for entry in entries if not entry.startswith(("/", "^"))}
    if any(_matches_path(path, entry) for entry in entries if entry not in namespaces):
        return True
    if not namespaces:
        return False
    match = confinement.match_of(request)
    return match is not None and not namespaces.isdisjoint([*match.namespaces, *match.app_names])


def _matches_path(path: str, entry: str) -> bool:
    if entry.startswith("^"):
        return compiled(entry).match(path) is not None
    return path == entry or path.startswith(entry if entry.endswith("/") else entry + "/")


def is_exempt(request: HttpRequest) -> bool:
    """Say whether the path is in SESSIONAUTH_EXEMPT, a way in or out, or a static file.

    "/" exempts the home page alone: read as a prefix it would open the whole site.
    """
    return _is_listed(request) or _is_way_in_or_out(request) or _is_static(request)


def _is_listed(request: HttpRequest) -> bool:
    entries = settings.EXEMPT
    if not entries or (request.path_info == "/" and "/" in entries):
        return bool(entries)
    return matches(request, [entry for entry in entries if entry != "/"])


def is_protected(request: HttpRequest) -> bool:
    """Say whether SESSIONAUTH_ON_FAILURE applies to the path."""
    return (not settings.PROTECT or matches(request, settings.PROTECT)) and not is_exempt(request)


def _is_way_in_or_out(request: HttpRequest) -> bool:
    """Say whether it is a login page, by its URL or as one of Django's views, Django's logout, or gives out tokens."""
    if request.path_info in _login_paths(request):
        return True
    match = confinement.match_of(request)
    if match is not None and _gives_out_tokens(match.func, request):
        return True
    view_class = getattr(match.func, "view_class", None) if match is not None else None
    return isinstance(view_class, type) and issubclass(view_class, (LoginView, LogoutView))


def ask(asker: Asker) -> None:
    """Have `asker` say of a view that holds others behind it whether this request is to be given a token by it."""
    _askers.append(asker)


def _gives_out_tokens(view: Any, request: HttpRequest) -> bool:
    # Django's as_view() leaves the class in `view_class`, REST framework's in `cls`.
    for source in (view, getattr(view, "view_class", None), getattr(view, "cls", None)):
        if request.method in getattr(source, WAY_IN, ()):
            return True
    return any(asker(view, request) for asker in _askers)


def _login_paths(request: HttpRequest) -> Iterable[str]:
    prefix = request.path[: len(request.path) - len(request.path_info)]
    for url in (djangos.LOGIN_URL, *settings.LOGIN_URLS.values()):
        path = refusals.login_url_for(request, url).partition("?")[0]
        yield path.removeprefix(prefix) if prefix else path


def _is_static(request: HttpRequest) -> bool:
    prefix = djangos.STATIC_URL
    return bool(prefix) and prefix != "/" and request.path.startswith(prefix)
