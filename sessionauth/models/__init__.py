"""The records of the app."""

from __future__ import annotations

from sessionauth.models.anonymous import AnonymousUser
from sessionauth.models.base import AbstractCredential, CredentialManager, CredentialQuerySet
from sessionauth.models.credentials import AbstractAccessToken, AbstractAPIKey, AccessToken, APIKey
from sessionauth.models.sessions import LoginSession

__all__ = [
    "APIKey",
    "AbstractAPIKey",
    "AbstractAccessToken",
    "AbstractCredential",
    "AccessToken",
    "AnonymousUser",
    "CredentialManager",
    "CredentialQuerySet",
    "LoginSession",
]
