"""Which paths a policy speaks of: prefixes, anchored patterns and URL namespaces; never the query."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, get_resolver, get_urlconf

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
    if not _may_lead_to_one(request):
        return False
    match = confinement.match_of(request)
    return match is not None and (_gives_out_tokens(match.func, request) or _signs_in_or_out(match.func))


def _signs_in_or_out(view: Any) -> bool:
    view_class = getattr(view, "view_class", None)
    return isinstance(view_class, type) and issubclass(view_class, (LoginView, LogoutView))


def _may_lead_to_one(request: HttpRequest) -> bool:
    """Say whether the URL of `request` may be one of a way in or out, by those alone.

    Most sites have a handful of them behind hundreds of URLs, and what is refused before its view has not been resolved
    yet: to do so was a tenth of the answer to a malformed key where there are six URLs, and most of it with a hundred.
    """
    if getattr(request, "resolver_match", None) is not None:
        return True
    resolver = get_resolver(getattr(request, "urlconf", None) or get_urlconf())
    ways = _ways_in(resolver)  # first, for askers come with the views that the URLconf imports
    return bool(_askers) or (bool(ways) and _leads_to_one(resolver, request.path_info))


def _leads_to_one(one: Any, path: str) -> bool:
    found = one.pattern.match(path)
    if not found:
        return False
    return type(one) is not URLResolver or any(_leads_to_one(inside, found[0]) for inside in _ways_in(one))


@lru_cache(maxsize=256)
def _ways_in(resolver: URLResolver) -> tuple[Any, ...]:
    """Return of the patterns of `resolver` those that are, or may have behind them, a way in or out."""
    return tuple(one for one in resolver.url_patterns if _may_be_one(one))


def _may_be_one(one: Any) -> bool:
    if type(one) is URLResolver:
        return bool(_ways_in(one))
    # What resolves in a way of its own may lead anywhere.
    return type(one) is not URLPattern or _signs_in_or_out(one.callback) or any(_marks(one.callback))


def ask(asker: Asker) -> None:
    """Have `asker` say of a view that holds others behind it whether this request is to be given a token by it."""
    _askers.append(asker)


def _gives_out_tokens(view: Any, request: HttpRequest) -> bool:
    return any(request.method in methods for methods in _marks(view)) or any(asker(view, request) for asker in _askers)


def _marks(view: Any) -> list[Collection[str]]:
    """Return the methods with which `view` gives out tokens, by itself or by the class that it was made of."""
    # Django's as_view() leaves the class in `view_class`, REST framework's in `cls`.
    return [getattr(of, WAY_IN, ()) for of in (view, getattr(view, "view_class", None), getattr(view, "cls", None))]


def _login_paths(request: HttpRequest) -> Iterable[str]:
    prefix = request.path[: len(request.path) - len(request.path_info)]
    for url in (djangos.LOGIN_URL, *settings.LOGIN_URLS.values()):
        path = refusals.login_url_for(request, url).partition("?")[0]
        yield path.removeprefix(prefix) if prefix else path


def _is_static(request: HttpRequest) -> bool:
    prefix = djangos.STATIC_URL
    return bool(prefix) and prefix != "/" and request.path.startswith(prefix)
