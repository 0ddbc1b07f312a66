"""Rates for Ninja's operations, counted for each credential."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.throttling import SimpleRateThrottle

from sessionauth import http
from sessionauth.request_state import state_of
from sessionauth.user_token import UserToken


class CredentialRateThrottle(SimpleRateThrottle):
    """Counts requests by key or token, else by user, and those of nobody by network address.

    Ninja's own counts by the text of `request.auth`, which for a UserToken is a name that two may have. As all of
    Ninja's, it counts about right: two processes may let one more through. The `rate` of a key or token is exact.
    """

    scope = "credential"

    def get_cache_key(self, request: HttpRequest) -> str:
        """Return where this is counted."""
        return self.cache_format % {"scope": self.scope, "ident": _ident(request)}


def _ident(request: HttpRequest) -> str:
    token = getattr(request, "auth", None)
    if not isinstance(token, UserToken):
        token = state_of(request).token  # nobody is looked up here: Ninja asks in the event loop
    if token is not None and token.is_program and token.credential is not None:
        return f"{token.credential._meta.label_lower}_{token.credential.pk}"
    if token is not None and token.has_user:
        return f"user_{token.user_id}"
    return f"address_{http.network(http.client_ip(request))}"
