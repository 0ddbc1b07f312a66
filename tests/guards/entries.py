"""Entries of SESSIONAUTH_LOGIN_GUARDS, and where attempts come from."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.test import RequestFactory

LOCKOUT = "sessionauth.guards.lockout.LockoutGuard"
ACTIVE = "sessionauth.guards.active.ActiveUserGuard"
NETWORK = "sessionauth.guards.network.NetworkGuard"


def rate(by: str, *rates: str, **options: Any) -> dict[str, Any]:
    """The entry of a rate, "5/d" if none is given."""
    return {
        "NAME": "sessionauth.guards.rate_limit.RateLimitGuard",
        "OPTIONS": {"by": by, "rates": list(rates or ("5/d",)), **options},
    }


def request_from(address: str = "192.0.2.1", **headers: str) -> HttpRequest:
    """A request of the client `address`."""
    return RequestFactory().post("/login/", REMOTE_ADDR=address, headers=headers)
