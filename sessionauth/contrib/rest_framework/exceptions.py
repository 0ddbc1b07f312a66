"""Our refusals as exceptions of REST framework, whose handlers put `auth_header` into WWW-Authenticate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import exceptions

from sessionauth.exceptions import LimitedCredential, LoginDenied


class InvalidSecret(exceptions.AuthenticationFailed):  # type: ignore[misc]
    """A credential of ours that is not valid: 401, whichever authentication class stands first.

    REST framework makes it a 403 where the first class has no challenge, and else gives it that class's. This one has
    its own.
    """

    def __init__(self, challenges: Sequence[str]) -> None:
        super().__init__(_("The credential is not valid."), "invalid_token")
        self._header = ", ".join(challenges)

    @property
    def status_code(self) -> int:
        return 401

    @status_code.setter
    def status_code(self, value: int) -> None:
        """Stay what it is."""

    @property
    def auth_header(self) -> str:
        return self._header

    @auth_header.setter
    def auth_header(self, value: str) -> None:
        """Stay what it is."""


class Nobody(exceptions.NotAuthenticated):  # type: ignore[misc]
    """Nobody is there where somebody must be."""

    def __init__(self, challenges: Sequence[str]) -> None:
        super().__init__()
        self.auth_header = ", ".join(challenges)


class SeveralSecrets(exceptions.APIException):  # type: ignore[misc]
    """Two different credentials on one request."""

    status_code = 400

    def __init__(self, challenges: Sequence[str]) -> None:
        super().__init__(_("The request carries two different credentials."), "invalid_request")
        self.auth_header = ", ".join(challenges)


class Denied(exceptions.APIException):  # type: ignore[misc]
    """A guard or a limit refuses the credential, with the status and the wait that it says."""

    def __init__(self, denial: LoginDenied) -> None:
        super().__init__(str(denial.public), denial.code)
        self.status_code = denial.status
        self.wait = denial.retry_after


class Limited(exceptions.APIException):  # type: ignore[misc]
    """A good credential that is used by a wrong method, or too often."""

    def __init__(self, failure: LimitedCredential, challenges: Sequence[str]) -> None:
        super().__init__(str(failure.public), failure.error)
        self.status_code = failure.status
        self.wait = failure.retry_after
        if failure.status == 403:
            self.auth_header = ", ".join(challenges)


class PeopleOnly(exceptions.PermissionDenied):  # type: ignore[misc]
    """A page where people manage accounts."""

    def __init__(self) -> None:
        super().__init__(_("This page takes no program's credential."), "people_only")


class InsufficientScope(exceptions.PermissionDenied):  # type: ignore[misc]
    """The credential, or the person, lacks `scopes`; empty where no scope would help."""

    def __init__(self, scopes: Sequence[str], challenges: Sequence[str]) -> None:
        super().__init__(_("The credential may not do this."), "insufficient_scope")
        self.auth_header = ", ".join(challenges)
        self.extra: dict[str, Any] = {"scope": " ".join(scopes)} if scopes else {}


class NotFresh(exceptions.APIException):  # type: ignore[misc]
    """A person must first prove again who they are (RFC 9470)."""

    status_code = 401

    def __init__(self, max_age: int, methods: Sequence[str], challenge: str) -> None:
        super().__init__(_("Please confirm that it is you."), "fresh_login_required")
        self.auth_header = challenge
        self.extra: dict[str, Any] = {"max_age": max_age} | ({"methods": sorted(methods)} if methods else {})


class Impersonating(exceptions.PermissionDenied):  # type: ignore[misc]
    """Who is there acts as somebody else, and this is for nobody but the person themself."""

    def __init__(self) -> None:
        super().__init__(_("This cannot be done while acting as somebody else."), "impersonating")


class NeverFresh(exceptions.PermissionDenied):  # type: ignore[misc]
    """Who is there cannot prove anything again: a program."""

    def __init__(self) -> None:
        super().__init__(_("This needs a person who has just signed in."), "fresh_login_required")
