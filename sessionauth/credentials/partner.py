"""Who may report leaked secrets: signatures of GitHub's secret-scanning partner programme.

Each message is signed with ECDSA on P-256 over SHA-256; the public key is named by its identifier, and had from GitHub:
https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program
"""

from __future__ import annotations

import base64
import json
import logging
import ssl
import time
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from django.core.cache import caches

from sessionauth import crypto
from sessionauth.conf import settings

try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

logger = logging.getLogger("sessionauth")

#: For how many seconds fetched keys are believed, and after how many an unknown one is asked for again. GitHub answers
#: sixty questions an hour to an address, and whoever invents identifiers must not use them up.
AGE, PAUSE = 30 * 60, 60
TIMEOUT = 5
LARGEST_DOCUMENT, LONGEST_KEY, MOST_KEYS = 256 * 1024, 2000, 100
LONGEST_IDENTIFIER, LONGEST_SIGNATURE = 200, 200

Keys = Mapping[str, str]

#: What was fetched last, and when it was last tried, by URL: rebuilt by asking again.
_kept: dict[str, tuple[Keys, float]] = {}
_tried: dict[str, float] = {}


class Unverified(Exception):
    """A message was not signed by whom we believe."""


class KeysUnavailable(Exception):
    """Nothing can be said of a signature now: the public keys cannot be had, or cryptography is missing."""


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        """Follow nothing: only the address in the settings is asked."""


def is_on() -> bool:
    """Say whether reports are taken at all."""
    return bool(settings.LEAK_KEYS or settings.LEAK_KEYS_URL)


def verify(body: bytes, identifier: str, signature: str) -> None:
    """Return if `signature`, in base64, is that of `body` by the key `identifier`.

    Raises Unverified if it is not, and KeysUnavailable if that cannot be known now.
    """
    if not HAS_CRYPTOGRAPHY:
        logger.error('Reports of leaks need cryptography: pip install "django-sessionauth[crypto]"')
        raise KeysUnavailable
    if not 0 < len(identifier) <= LONGEST_IDENTIFIER or not 0 < len(signature) <= LONGEST_SIGNATURE:
        raise Unverified
    try:
        public_key(_key(identifier)).verify(base64.b64decode(signature, validate=True), body, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        raise Unverified from None


def public_key(pem: str) -> EllipticCurvePublicKey:
    """Return the key in `pem`. Raises ValueError if it is none of the curve P-256."""
    try:
        key = load_pem_public_key(pem.encode())
    except (UnsupportedAlgorithm, TypeError) as error:
        raise ValueError(str(error)) from None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("it is no key of the curve P-256")
    return key


def _key(identifier: str) -> str:
    """Return the public key `identifier`: from the settings, else fetched before, else fetched now."""
    url = settings.LEAK_KEYS_URL
    if identifier in settings.LEAK_KEYS:
        return settings.LEAK_KEYS[identifier]
    if url is None:
        raise Unverified
    known = _known(url)
    if identifier not in known and _may_fetch(url):
        known = _fetch_again(url) or known
    if not known:
        raise KeysUnavailable
    if identifier not in known:
        raise Unverified
    return known[identifier]


def _known(url: str) -> Keys:
    """Return the keys of `url` that are believed still: in this process, or in the cache that it shares with others."""
    keys, moment = _kept.get(url, ({}, 0.0))
    if keys and time.monotonic() - moment < AGE:
        return keys
    try:
        shared = caches[settings.CACHE].get(_name(url))
    except Exception:
        shared = None
    if isinstance(shared, dict) and shared:
        _kept[url] = (shared, time.monotonic())
        return shared
    # Old keys are better than none while nobody answers: who signs must know the secret to do any harm.
    return {} if _may_fetch(url, note=False) else keys


def _may_fetch(url: str, *, note: bool = True) -> bool:
    """Say whether `url` may be asked now, and note that it is."""
    now = time.monotonic()
    if now - _tried.get(url, -PAUSE) < PAUSE:
        return False
    if note:
        _tried[url] = now
    return True


def _fetch_again(url: str) -> Keys:
    try:
        keys = fetched(url)
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        logger.error("The keys of SESSIONAUTH_LEAK_KEYS_URL cannot be had: %s", type(error).__name__)
        return _kept.get(url, ({}, 0.0))[0]
    _kept[url] = (keys, time.monotonic())
    try:
        caches[settings.CACHE].set(_name(url), dict(keys), AGE)
    except Exception:
        logger.warning("The keys of SESSIONAUTH_LEAK_KEYS_URL cannot be cached.")
    return keys


def fetched(url: str) -> Keys:
    """Return the public keys that `url` names, by identifier. Raises OSError or ValueError.

    It follows no redirect, and reads no more than it must.
    """
    if not url.startswith("https://"):
        raise ValueError("the address is not https")
    opener = build_opener(HTTPSHandler(context=ssl.create_default_context()), _NoRedirects)
    asked = Request(url, headers={"Accept": "application/json", "User-Agent": "django-sessionauth"})  # noqa: S310
    with opener.open(asked, timeout=TIMEOUT) as answer:
        document = json.loads(answer.read(LARGEST_DOCUMENT))
    listed = document.get("public_keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("it is no list of public keys")
    pairs = [(_text(key, "key_identifier"), _text(key, "key")) for key in listed[:MOST_KEYS]]
    return {name: pem for name, pem in pairs if name and pem}


def _text(key: object, name: str) -> str:
    value = key.get(name) if isinstance(key, dict) else None
    return value if isinstance(value, str) and len(value) <= LONGEST_KEY else ""


def _name(url: str) -> str:
    return f"sessionauth:leaks:{crypto.digest(url)}"
