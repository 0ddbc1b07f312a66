"""Against whom an attempt is counted: a value for each kind of rule, in which nobody's name or address can be read."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from sessionauth import accounts, http
from sessionauth.guards import device
from sessionauth.models import AbstractCredential

logger = logging.getLogger("sessionauth")

SALT = "sessionauth.guards"

#: Names longer than any account's share the counter of their beginning.
LONGEST = 254


def account(request: HttpRequest | None, identity: str | None, user: Any | None) -> str | None:
    """Return the name of the account, or one browser of its owner's; without an account the name. None without either.

    Not the name as it was posted, because a database may find an account by many. In whichever spelling, like a name
    that nobody has: were an account counted apart from its other spellings, one of them would tell that it exists.
    """
    if user is None:
        return None if identity is None else name(identity)
    return _known(request, user) or (name(user.get_username()) if _has_own_name(user) else owner(user))


def consecutive(request: HttpRequest | None, identity: str | None, user: Any | None) -> str | None:
    """Return account() for a counter that a success sets to none: never the same for two accounts."""
    if user is None:
        return account(request, identity, user)
    return _known(request, user) or owner(user)


def owner(user: Any) -> str:
    """Return consecutive() of `user`'s account, from whichever browser that is not known to it.

    It is the name, if no other account can have a spelling of it that comes to the same.
    """
    username = str(user.get_username())
    is_plain = username == _plain(username) and _has_own_name(user)
    return name(username) if is_plain else f"u:{_hidden('account', _pk(user))}"


def _has_own_name(user: Any) -> bool:
    """Say whether no other account has the very same name, as those of several customers of a site may."""
    model = user._meta.model  # not its type: `request.user` is a wrapper
    return accounts.is_unique(model, model.USERNAME_FIELD)


def name(identity: str) -> str:
    """Return the value of a name, the same for all its spellings."""
    return f"x:{_hidden('name', _plain(str(identity)))}"


def _plain(text: str) -> str:
    # Upper case first: databases compare by it, and have letters that casefold() alone keeps apart, such as ı and i.
    return unicodedata.normalize("NFKC", text[:LONGEST]).strip().upper().casefold()


def _known(request: HttpRequest | None, user: Any) -> str | None:
    """Return the value of a browser that `user` is known by, None for any other."""
    nonce = device.of(request, user)
    return None if nonce is None else f"d:{_hidden('device', f'{_pk(user)}:{nonce}')}"


def _pk(user: Any) -> str:
    return str(user._meta.pk.value_to_string(user))


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


def credential(row: AbstractCredential) -> str:
    """Return the value of a key or a token."""
    return _hidden("credential", f"{row._meta.label_lower}:{row.pk}")


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
