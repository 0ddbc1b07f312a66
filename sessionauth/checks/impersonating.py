"""What is shown and refused while somebody impersonates, and from where they may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage
from django.middleware.gzip import GZipMiddleware
from django.urls import URLResolver, get_resolver

from sessionauth import http
from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask
from sessionauth.impersonation import guards, rules
from sessionauth.impersonation.guards import allowed_networks
from sessionauth.impersonation.middleware import ImpersonationMiddleware

#: Where our guards stand: what they ask is known.
SHIPPED = frozenset({guards.__name__, rules.__name__})

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
BAD_NETWORK = Finding(
    "W232",
    "SESSIONAUTH_IMPERSONATION_NETWORKS names {network}, which is no network: the guard lets nobody impersonate.",
    'Write an address, or a network whose host bits are zero: "192.0.2.0/24".',
)
NOT_ASKED = Finding(
    "W233",
    "SESSIONAUTH_IMPERSONATION_NETWORKS is set, and the guard that reads it is not asked: people impersonate from "
    "everywhere.",
    'Add "sessionauth.impersonation.guards.allowed_networks" to SESSIONAUTH_IMPERSONATION_GUARDS.',
)
FROM_NOWHERE = Finding(
    "W234",
    "SESSIONAUTH_IMPERSONATION_GUARDS names allowed_networks, and SESSIONAUTH_IMPERSONATION_NETWORKS is empty: nobody "
    "can impersonate.",
    "Name the networks, or leave the guard out.",
)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check the order of the middleware for the banner, the names of forbidden views, and the networks."""
    return ask(packers, forbidden_views, networks)


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


def networks() -> Iterator[CheckMessage]:
    """Look for networks that are none, and for those that nobody asks about."""
    names = list(reading.value_of("IMPERSONATION_NETWORKS"))
    found = [reading.load(path)[0] for path in reading.value_of("IMPERSONATION_GUARDS")]
    is_asked = any(guard is allowed_networks for guard in found)
    # A guard of the project's own may ask ours.
    may_be_asked = is_asked or any(getattr(guard, "__module__", None) not in SHIPPED for guard in found)
    if names and not may_be_asked:
        yield NOT_ASKED()
    if is_asked and not names:
        yield FROM_NOWHERE()
    for name in names:
        try:
            http.read_network(name)
        except ValueError:
            yield BAD_NETWORK(network=reading.shown(name))


def _names(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """Yield the names of all URLs as a request's `resolver_match.view_name` gives them."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern, prefix if pattern.namespace is None else f"{prefix}{pattern.namespace}:")
        elif pattern.name is not None:
            yield prefix + pattern.name
