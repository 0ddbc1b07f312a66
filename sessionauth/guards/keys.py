"""Against whom an attempt is counted: a value for each kind of rule, in which nobody's name or address can be read."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from sessionauth import accounts, crypto, http
from sessionauth.guards import attempt, device
from sessionauth.models import AbstractCredential

logger = logging.getLogger("sessionauth")

SALT = "sessionauth.guards"

#: Names longer than any account's share the counter of their beginning.
LONGEST = 254


def account(request: HttpRequest | None, identity: str | None, user: Any | None) -> str | None:
    """Return the name that led to the account, or one browser of its owner's; without an account the name posted.

    An account that people find by two fields has one value for each: were they one, attempts by an address would tell
    whose user name belongs to it, and by another spelling of it that it exists. Not the name as it was posted, because
    a database may find an account by many; but in whichever spelling, like a name that nobody has. None without either.
    """
    if user is None:
        return None if identity is None else name(identity)
    return _known(request, user) or _called(identity, user)


def owner(user: Any) -> str:
    """Return a value that is `user`'s alone, whatever other accounts are called."""
    return f"u:{_hidden('account', _pk(user))}"


def names(user: Any) -> list[str]:
    """Return account() for each name of `user`, from browsers that are not known to them."""
    own = [name(one) for one in accounts.names_of(user)] if _has_own_name(user) else []
    return own or [owner(user)]


def _called(identity: str | None, user: Any) -> str:
    if identity is not None and identity in accounts.names_of(user) and _has_own_name(user):
        return name(identity)  # the same as below, and hashed once
    values = names(user)
    posted = None if identity is None else name(identity)
    return posted if posted in values else values[0]


def _has_own_name(user: Any) -> bool:
    """Say whether no other account has the very same name, as those of several customers of a site may."""
    model = user._meta.model  # not its type: `request.user` is a wrapper
    return accounts.is_unique(model, model.USERNAME_FIELD)


def name(identity: str) -> str:
    """Return the value of a name, the same for all its spellings; worked out once for an attempt, by four rules."""
    under_way, text = attempt.current(), str(identity)
    known = {} if under_way is None else under_way.names
    if text not in known:
        known[text] = f"x:{_hidden('name', _plain(text))}"
    return known[text]


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
    """Return the value of a key or a token, the same for what comes in its place."""
    return _hidden("credential", f"{row._meta.label_lower}:{row.rate_group or row.pk}")


def everybody(request: HttpRequest | None, identity: str | None, user: Any | None) -> str:
    """Return one value for all."""
    return "all"


def _hidden(kind: str, text: str) -> str:
    return crypto.keyed(SALT, f"{kind}:{text}")[:40]


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
