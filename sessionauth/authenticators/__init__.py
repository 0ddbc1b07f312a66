"""The authenticators, and the questions to ask them."""

from __future__ import annotations

from sessionauth.authenticators.base import Authenticator, BaseAuthenticator, active
from sessionauth.authenticators.chain import aauthenticate, authenticate
from sessionauth.authenticators.identity import aget_auth, get_auth

__all__ = [
    "Authenticator",
    "BaseAuthenticator",
    "aauthenticate",
    "active",
    "aget_auth",
    "authenticate",
    "get_auth",
]
