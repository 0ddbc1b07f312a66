"""How a program sends a secret to this site, as people are told beside it."""

from __future__ import annotations

from sessionauth.authenticators import active
from sessionauth.authenticators.api_key import APIKeyAuthenticator
from sessionauth.authenticators.token import TokenAuthenticator
from sessionauth.models import AbstractCredential
from sessionauth.views.owned import kind_of


def carrier_of(row: AbstractCredential) -> str:
    """Return what stands in front of the secret of `row` in a request, "" where no authenticator reads it.

    Every authenticator reads every kind; one that is meant for it comes first.
    """
    keys = [f"{one.header}: " for one in active() if isinstance(one, APIKeyAuthenticator)]
    tokens = [f"{one.header}: {one.keyword} " for one in active() if isinstance(one, TokenAuthenticator)]
    found = [*keys, *tokens] if kind_of(row) == "key" else [*tokens, *keys]
    return found[0] if found else ""
