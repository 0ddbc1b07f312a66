"""Throttles for REST framework that count by credential rather than by user."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from sessionauth.contrib.recognising import tally_of
from sessionauth.contrib.rest_framework.permissions import auth_of
from sessionauth.guards.counters import Rate


class CredentialRateThrottle(SimpleRateThrottle):  # type: ignore[misc]
    """Counts each key and token on its own, people by their key, and everybody else by address.

    The rate is the credential's own, if it has one, else that of DEFAULT_THROTTLE_RATES for the scope "credential";
    where that is not there, nothing is counted. (It counts as all throttles of REST framework do: a burst of parallel
    requests may pass. A credential's own rate holds exactly, and outside of REST framework, without any throttle.)
    """

    scope = "credential"

    def get_rate(self) -> str | None:
        """Return the rate of the scope, None if the project has set none."""
        rate: str | None = self.THROTTLE_RATES.get(self.scope)
        return rate

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request, at the rate of its credential."""
        own = getattr(auth_of(request).credential, "rate", "")
        if own:
            with suppress(ValueError):  # no rate at all: it is for those who wrote it, and who judge credentials
                rate = Rate.parse(own)
                self.rate, self.num_requests, self.duration = own, rate.limit, rate.period
        return bool(super().allow_request(request, view))

    def get_cache_key(self, request: Request, view: Any) -> str:
        """Return what is counted."""
        return str(self.cache_format % {"scope": self.scope, "ident": tally_of(auth_of(request), request._request)})
