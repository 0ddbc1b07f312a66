"""What is shown and refused while somebody impersonates, and from where they may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.middleware.gzip import GZipMiddleware
from django.urls import URLResolver, get_resolver

from sessionauth import http
from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask
from sessionauth.conf import PREFIX
from sessionauth.impersonation import guards, rules
from sessionauth.impersonation.guards import allowed_networks, target_consented
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
CONSENT_NOT_ASKED = Finding(
    "W293",
    "SESSIONAUTH_IMPERSONATION_CONSENT is set, and the guard that reads it is not asked: nobody's consent is needed.",
    'Add "sessionauth.impersonation.guards.target_consented" to SESSIONAUTH_IMPERSONATION_GUARDS.',
)
NOBODY_CONSENTS = Finding(
    "W294",
    "SESSIONAUTH_IMPERSONATION_GUARDS names target_consented, and users have no {name}: nobody can be impersonated.",
    "Name in SESSIONAUTH_IMPERSONATION_CONSENT the attribute of users that says so, such as 'profile.allows_support'.",
)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check the order of the middleware for the banner, the names of forbidden views, networks and consent."""
    return ask(packers, forbidden_views, networks, consent)


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
    if names and not _may_be_asked(allowed_networks):
        yield NOT_ASKED()
    if allowed_networks in _guards() and not names:
        yield FROM_NOWHERE()
    for name in names:
        try:
            http.read_network(name)
        except ValueError:
            yield BAD_NETWORK(network=reading.shown(name))


def consent() -> Iterator[CheckMessage]:
    """Look for a consent that nobody asks for, or can give."""
    name = reading.value_of("IMPERSONATION_CONSENT")
    if hasattr(django_settings, f"{PREFIX}IMPERSONATION_CONSENT") and not _may_be_asked(target_consented):
        yield CONSENT_NOT_ASKED()
    if target_consented in _guards() and not _has_attribute(name.partition(".")[0]):
        yield NOBODY_CONSENTS(name=reading.shown(name))


def _has_attribute(name: str) -> bool:
    try:
        return hasattr(get_user_model(), name)
    except ImproperlyConfigured:  # Django says so itself
        return True


def _guards() -> list[Any]:
    return [reading.load(path).found for path in reading.value_of("IMPERSONATION_GUARDS")]


def _may_be_asked(guard: Any) -> bool:
    """Say whether `guard` is in the list, or one of the project's own is, which may ask it."""
    found = _guards()
    return guard in found or any(getattr(one, "__module__", None) not in SHIPPED for one in found)


def _names(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """Yield the names of all URLs as a request's `resolver_match.view_name` gives them."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern, prefix if pattern.namespace is None else f"{prefix}{pattern.namespace}:")
        elif pattern.name is not None:
            yield prefix + pattern.name
