"""The authenticators, and the questions to ask them."""

from __future__ import annotations

from sessionauth.authenticators.base import Authenticator, BaseAuthenticator, active
from sessionauth.authenticators.chain import aauthenticate, aget_auth, authenticate, get_auth

__all__ = [
    "Authenticator",
    "BaseAuthenticator",
    "aauthenticate",
    "active",
    "aget_auth",
    "authenticate",
    "get_auth",
]
