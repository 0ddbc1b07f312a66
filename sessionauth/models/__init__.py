"""The records of the app."""

from __future__ import annotations

from sessionauth.models.anonymous import AnonymousUser
from sessionauth.models.base import AbstractCredential
from sessionauth.models.credentials import AbstractAccessToken, AbstractAPIKey, AccessToken, APIKey, ImpersonationToken
from sessionauth.models.events import AuthEvent
from sessionauth.models.impersonation import Impersonation
from sessionauth.models.managers import CredentialManager, CredentialQuerySet
from sessionauth.models.remember import RememberToken
from sessionauth.models.sessions import LoginSession
from sessionauth.models.throttle import LoginThrottle

__all__ = [
    "APIKey",
    "AbstractAPIKey",
    "AbstractAccessToken",
    "AbstractCredential",
    "AccessToken",
    "AnonymousUser",
    "AuthEvent",
    "CredentialManager",
    "CredentialQuerySet",
    "Impersonation",
    "ImpersonationToken",
    "LoginSession",
    "LoginThrottle",
    "RememberToken",
]
