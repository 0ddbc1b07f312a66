"""Rates for Ninja's operations, counted for each credential."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.throttling import SimpleRateThrottle

from sessionauth.contrib.recognising import tally_of
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
        token = getattr(request, "auth", None)
        if not isinstance(token, UserToken):
            token = state_of(request).token  # nobody is looked up here: Ninja asks in the event loop
        return self.cache_format % {"scope": self.scope, "ident": tally_of(token, request)}
