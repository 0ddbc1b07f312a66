"""REST framework: who came in, what they may do, and how often.

In settings: `"DEFAULT_AUTHENTICATION_CLASSES": ["sessionauth.contrib.rest_framework.RequestAuthentication"]`. The
exception handler stands in a module of its own, `handlers`: it needs REST framework's views, which need this.
"""

from __future__ import annotations

from sessionauth.contrib.rest_framework.authentication import (
    AccessTokenAuthentication,
    APIKeyAuthentication,
    RequestAuthentication,
)
from sessionauth.contrib.rest_framework.permissions import (
    HasAuthMethod,
    HasScope,
    IsFresh,
    IsPerson,
    IsProgram,
    NotImpersonating,
)
from sessionauth.contrib.rest_framework.throttling import CredentialRateThrottle

__all__ = [
    "APIKeyAuthentication",
    "AccessTokenAuthentication",
    "CredentialRateThrottle",
    "HasAuthMethod",
    "HasScope",
    "IsFresh",
    "IsPerson",
    "IsProgram",
    "NotImpersonating",
    "RequestAuthentication",
]
