"""From which networks one may sign in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from sessionauth import http
from sessionauth.exceptions import LoginDenied
from sessionauth.guards.base import LoginGuard
from sessionauth.http import Network


class NetworkGuard(LoginGuard):
    """Refuses attempts from the networks `deny`, and, where `allow` is not empty, from everywhere else than `allow`.

    `deny` wins. A client without an address, such as none at all in `authenticate(None, …)`, is in no network: only an
    `allow` refuses it.
    """

    needs_account = False

    def __init__(self, *, allow: Collection[str] = (), deny: Collection[str] = ()) -> None:
        if not allow and not deny:
            raise ValueError('neither allow nor deny names a network; write one such as allow=["10.0.0.0/8"].')
        self.allow, self.deny = networks(allow), networks(deny)

    def before_credentials(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> None:
        """Refuse by the address alone."""
        is_denied = request is not None and matches(request, self.deny)
        is_missing = bool(self.allow) and (request is None or not matches(request, self.allow))
        if is_denied or is_missing:
            raise LoginDenied(_("You may not sign in from here."), code="network")

    async def abefore_credentials(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> None:
        """See before_credentials()."""
        self.before_credentials(request, identity, user)


def networks(texts: Collection[str]) -> tuple[Network, ...]:
    """Read networks such as "10.0.0.0/8" or addresses. Raises ValueError, also for a bare string."""
    if isinstance(texts, str):
        raise ValueError(f"{texts!r} is no list of networks.")
    return tuple(http.read_network(text) for text in texts)


def matches(request: HttpRequest, found: Collection[Network]) -> bool:
    """Say whether the client of `request` is in one of the networks."""
    address = http.client_ip(request)
    return address is not None and http.is_in(address, found)
