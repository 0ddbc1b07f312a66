"""What can go wrong, as one tree."""

from __future__ import annotations

from typing import Literal

from django.core.exceptions import PermissionDenied

#: Why a credential of ours was not accepted; for logs, signals and `auth.failure`, never for the client.
FailureCode = Literal[
    "malformed", "unknown", "expired", "revoked", "inactive", "wrong", "ambiguous", "denied", "unavailable"
]


class SessionAuthError(Exception):
    """Root of this app's exceptions."""


class InvalidCredential(SessionAuthError):
    """A credential that is ours, and wrong.

    Raised by an authenticator. `code` says why, for logs and signals; the client is only told that the credential is
    not valid, because "revoked" or "expired" would confirm to a thief that a found secret was once good. `method` is
    the name of the authenticator that raised it, noted by whoever asked it.
    """

    method: str = ""

    def __init__(self, code: FailureCode | str = "wrong") -> None:
        super().__init__(code)
        self.code = code


class SeveralCredentials(InvalidCredential):
    """Two different secrets in one request: which of them is meant cannot be known (RFC 6750 section 2: refuse)."""

    def __init__(self) -> None:
        super().__init__("ambiguous")


class NotAuthenticated(SessionAuthError, PermissionDenied):
    """Nobody is there where somebody must be.

    A PermissionDenied, so that a project's `handler403` may answer it; otherwise the middleware answers 401.
    `reason` is the word that UNAUTHORIZED_HANDLER and the signal `auth_required` also get.
    """

    def __init__(self, reason: str = "anonymous") -> None:
        super().__init__(reason)
        self.reason = reason
