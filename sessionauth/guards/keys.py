"""Against whom an attempt is counted: a value for each kind of rule, in which nobody's name or address can be read."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from sessionauth import http
from sessionauth.guards import device

logger = logging.getLogger("sessionauth")

SALT = "sessionauth.guards"

#: Names longer than any account's share the counter of their beginning.
LONGEST = 254


def account(request: HttpRequest | None, identity: str | None, user: Any | None) -> str | None:
    """Return the account, or one browser of its owner's; else the name, in whichever spelling. None without a name.

    The account rather than the name, because a database may find it by many spellings.
    """
    if user is not None:
        nonce = device.of(request, user)
        key = user._meta.pk.value_to_string(user)
        return f"u:{key}:" if nonce is None else f"d:{key}:{_hidden('device', nonce)}"
    return None if identity is None else name(identity)


def owner(user: Any) -> str:
    """Return the value of `user`'s account, from whichever browser that is not known to it."""
    return f"u:{user._meta.pk.value_to_string(user)}:"


def name(identity: str) -> str:
    """Return the value of a name that nobody has, the same for all its spellings."""
    text = unicodedata.normalize("NFKC", str(identity)[:LONGEST]).strip().casefold()
    return f"x:{_hidden('name', text)}"


def address(request: HttpRequest | None, identity: str | None, user: Any | None) -> str:
    """Return the network of the client; one value for all that have none, who then hold one another up."""
    found = None if request is None else http.client_ip(request)
    if found is None and request is not None:
        logger.warning("A login attempt has no address to be counted by; see SESSIONAUTH_TRUSTED_PROXIES.")
    return _hidden("address", http.network(found))


def account_address(request: HttpRequest | None, identity: str | None, user: Any | None) -> str | None:
    """Return both together."""
    found = account(request, identity, user)
    return None if found is None else _hidden("both", f"{found}{address(request, identity, user)}")


def known_device(request: HttpRequest | None, identity: str | None, user: Any | None) -> str | None:
    """Return the browser that the owner is known by, None for any other."""
    nonce = None if user is None else device.of(request, user)
    return None if nonce is None else _hidden("device", nonce)


def user_agent(request: HttpRequest | None, identity: str | None, user: Any | None) -> str:
    """Return what the browser says it is."""
    return _hidden("user_agent", "" if request is None else http.user_agent(request))


def everybody(request: HttpRequest | None, identity: str | None, user: Any | None) -> str:
    """Return one value for all."""
    return "all"


def _hidden(kind: str, text: str) -> str:
    encoded = f"{kind}:{text}".encode("utf-8", "surrogatepass")
    return salted_hmac(SALT, encoded, algorithm="sha256").hexdigest()[:40]


#: What a rule may count by.
KINDS: dict[str, Callable[[HttpRequest | None, str | None, Any | None], str | None]] = {
    "address": address,
    "account": account,
    "account_address": account_address,
    "device": known_device,
    "user_agent": user_agent,
    "global": everybody,
}

#: Those that depend on the account.
OF_ACCOUNTS = frozenset({"account", "account_address", "device"})
