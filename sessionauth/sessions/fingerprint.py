"""What a session is bound to: which browser it is and where, kept as a keyed digest that tells nothing."""

from __future__ import annotations

import enum
import hashlib
import ipaddress
import logging
from functools import lru_cache

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from sessionauth import crypto, http
from sessionauth.conf import djangos, load, settings
from sessionauth.conf.setting import FromSettings, derived
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
    return None if name is None else f"{known.kind}.{_digest(name, djangos.SECRET_KEY)}"


def compare(request: HttpRequest, kept: object) -> Match:
    """Say whether `kept` is the fingerprint of `request`, also under SECRET_KEY_FALLBACKS."""
    name = _name(request)
    if name is None:
        return Match.UNKNOWN
    kind, _, digest = kept.partition(".") if isinstance(kept, str) else ("", "", "")
    if kind != known.kind:
        return Match.UNBOUND
    if crypto.is_same(digest, _digest(name, djangos.SECRET_KEY)):
        return Match.SAME
    old_keys = djangos.SECRET_KEY_FALLBACKS
    return Match.UNBOUND if any(crypto.is_same(digest, _digest(name, key)) for key in old_keys) else Match.OTHER


def network(address: str | None) -> str:
    """Return the network in which `address` stands, by SESSIONAUTH_FINGERPRINT_IP_PREFIX; empty for none."""
    prefixes = settings.FINGERPRINT_IP_PREFIX
    return "" if not address or prefixes is None else _network(address, *prefixes)


@lru_cache(maxsize=1024)
def _network(address: str, bits: int, bits_of_v6: int) -> str:
    found = ipaddress.ip_address(address)
    return str(ipaddress.ip_network((address, bits if found.version == 4 else bits_of_v6), strict=False))


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


class Known(FromSettings):
    """What follows from the settings."""

    @derived
    def kind(self) -> str:
        """A word for the way in which browsers are named now; a change of settings must sign nobody out."""
        way = repr((VERSION, settings.FINGERPRINT, settings.FINGERPRINT or settings.FINGERPRINT_IP_PREFIX))
        return hashlib.sha256(way.encode()).hexdigest()[:6]


known = Known()


@lru_cache(maxsize=1024)
def _digest(name: str, key: str | bytes) -> str:
    return salted_hmac(SALT, name, secret=key, algorithm="sha256").hexdigest()[:32]
