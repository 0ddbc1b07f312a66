"""What a session is bound to: which browser it is and where, kept as a keyed digest that tells nothing."""

from __future__ import annotations

import enum
import hashlib
import ipaddress
import logging

from django.conf import settings as django_settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from sessionauth import http
from sessionauth.conf import load, settings
from sessionauth.sessions import browsers

logger = logging.getLogger("sessionauth")

SALT = "sessionauth.fingerprint"
#: Counted up when we begin to name browsers in another way: what was bound before is bound again, not judged.
VERSION = 1


class Match(enum.Enum):
    """What a comparison with the kept fingerprint says."""

    SAME = "same"
    #: There is none, or one of another kind or an old key: to be bound, not judged.
    UNBOUND = "unbound"
    OTHER = "other"
    #: SESSIONAUTH_FINGERPRINT failed.
    UNKNOWN = "unknown"


def of(request: HttpRequest) -> str | None:
    """Return what is to be kept in the session of `request`; None where nobody's browser is behind it."""
    name = _name(request)
    return None if name is None else f"{_kind()}.{_digest(name, django_settings.SECRET_KEY)}"


def compare(request: HttpRequest, kept: object) -> Match:
    """Say whether `kept` is the fingerprint of `request`, also under SECRET_KEY_FALLBACKS."""
    name = _name(request)
    if name is None:
        return Match.UNKNOWN
    kind, _, digest = kept.partition(".") if isinstance(kept, str) else ("", "", "")
    if kind != _kind():
        return Match.UNBOUND
    if constant_time_compare(digest, _digest(name, django_settings.SECRET_KEY)):
        return Match.SAME
    old_keys = django_settings.SECRET_KEY_FALLBACKS
    return Match.UNBOUND if any(constant_time_compare(digest, _digest(name, key)) for key in old_keys) else Match.OTHER


def network(address: str | None) -> str:
    """Return the network in which `address` stands, by SESSIONAUTH_FINGERPRINT_IP_PREFIX; empty for none."""
    if not address or settings.FINGERPRINT_IP_PREFIX is None:
        return ""
    found = ipaddress.ip_address(address)
    bits = settings.FINGERPRINT_IP_PREFIX[0 if found.version == 4 else 1]
    return str(ipaddress.ip_network((address, bits), strict=False))


def _name(request: HttpRequest) -> str | None:
    """Return what tells this browser in this place from others.

    None for a request that no server made (Django's test client signs in with an empty one), and where the project's
    own function fails: it is logged, and what follows is the caller's decision.
    """
    if "REQUEST_METHOD" not in request.META:
        return None
    if settings.FINGERPRINT is None:
        agent = http.user_agent(request)
        return "\n".join((browsers.browser(agent), browsers.system(agent), network(http.client_ip(request))))
    try:
        name = load(settings.FINGERPRINT)(request)
    except Exception:
        logger.exception("SESSIONAUTH_FINGERPRINT failed.")
        return None
    if isinstance(name, str):
        return name
    logger.error("SESSIONAUTH_FINGERPRINT returned a %s instead of a string.", type(name).__name__)
    return None


def _kind() -> str:
    """Return a word for the way in which browsers are named now; a change of settings must sign nobody out."""
    way = repr((VERSION, settings.FINGERPRINT, settings.FINGERPRINT or settings.FINGERPRINT_IP_PREFIX))
    return hashlib.sha256(way.encode()).hexdigest()[:6]


def _digest(name: str, key: str | bytes) -> str:
    return salted_hmac(SALT, name, secret=key, algorithm="sha256").hexdigest()[:32]
