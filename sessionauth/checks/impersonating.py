"""What is shown, and what is refused, while somebody impersonates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage
from django.middleware.gzip import GZipMiddleware
from django.urls import URLResolver, get_resolver

from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask
from sessionauth.impersonation.middleware import ImpersonationMiddleware

PACKED_BEFORE = Finding(
    "W230",
    "{path} stands below ImpersonationMiddleware: it compresses pages before the banner could be put into them.",
    "Put it above, as Django says of GZipMiddleware, or show the banner by {{% impersonation_banner %}} alone.",
)
NO_VIEW = Finding(
    "E231",
    "SESSIONAUTH_IMPERSONATION_FORBIDDEN_VIEWS names {name}, and no URL has that name: nothing is refused by it.",
    'Give the name of a URL as reverse() takes it, with its namespaces: "shop:checkout".',
)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check the order of the middleware for the banner, and the names of forbidden views."""
    return ask(packers, forbidden_views)


def packers() -> Iterator[CheckMessage]:
    """Look for what compresses pages before the banner is in them."""
    if reading.value_of("IMPERSONATION_BANNER") != "inject":
        return
    is_below = False
    for path in reading.strings("MIDDLEWARE"):
        found, _ = reading.load(path)
        kind = found if isinstance(found, type) else object
        if is_below and (issubclass(kind, GZipMiddleware) or "compress" in path.lower()):
            yield PACKED_BEFORE(path=path)
        is_below |= issubclass(kind, ImpersonationMiddleware)


def forbidden_views() -> Iterator[CheckMessage]:
    """Look for names that no URL has."""
    names = reading.value_of("IMPERSONATION_FORBIDDEN_VIEWS")
    if not names:
        return
    try:
        known = set(_names(get_resolver()))
    except Exception:  # Django's own check says what is wrong with the URLs
        return
    for name in names:
        if name not in known:
            yield NO_VIEW(name=reading.shown(name))


def _names(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """Yield the names of all URLs as a request's `resolver_match.view_name` gives them."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern, prefix if pattern.namespace is None else f"{prefix}{pattern.namespace}:")
        elif pattern.name is not None:
            yield prefix + pattern.name
