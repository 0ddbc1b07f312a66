"""HTTP Basic (RFC 7617): username and password with every request."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import aauthenticate, authenticate
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from sessionauth import http
from sessionauth.authenticators.base import BaseAuthenticator
from sessionauth.conf import settings
from sessionauth.exceptions import InvalidCredential
from sessionauth.request_state import state_of
from sessionauth.user_token import LoginState, UserToken


@dataclass(frozen=True, slots=True)
class UserPass:
    """What a Basic header says; `username` is None where it says nothing that can be read."""

    username: str | None
    password: str = field(default="", repr=False)


class BasicAuthenticator(BaseAuthenticator):
    """Checks username and password against AUTHENTICATION_BACKENDS on every request, never touching the session.

    Browsers send Basic unasked once it was given, so it is ambient: CSRF checks stay.
    """

    name = "basic"
    carriers = ("Authorization",)
    places = ("HTTP_AUTHORIZATION",)

    def __init__(self, *, realm: str | None = None) -> None:
        """Take `realm`, what the browser's dialog names; None for SESSIONAUTH_REALM."""
        self._realm = realm

    def extract(self, request: HttpRequest) -> UserPass | None:
        """Return what the header says; every Basic header is ours."""
        scheme, encoded = http.authorization(request)
        return decode(encoded) if scheme == "basic" else None

    @sensitive_variables("credential")
    def authenticate(self, request: HttpRequest, credential: UserPass) -> UserToken | None:
        """See BaseAuthenticator.authenticate(). Raises LoginDenied where a guard refused, whatever the password."""
        return self._token(request, authenticate(request, **_readable(credential)))

    @sensitive_variables("credential")
    async def aauthenticate(self, request: HttpRequest, credential: UserPass) -> UserToken | None:
        """See authenticate()."""
        return self._token(request, await aauthenticate(request, **_readable(credential)))

    def _token(self, request: HttpRequest, user: Any) -> UserToken:
        if user is None:
            # It is told now; what is still noted would be told once more, in the place of the answer.
            denial, state_of(request).denied = state_of(request).denied, None
            if denial is not None and denial.public:
                raise denial
            raise InvalidCredential("wrong" if denial is None else denial.code)
        return UserToken(user, LoginState.PROGRAM, self.name)

    def challenge(self, request: HttpRequest, error: Mapping[str, str]) -> str | None:
        """Return the challenge with the encoding that is expected (RFC 7617 section 2.1)."""
        realm = settings.REALM if self._realm is None else self._realm
        return http.challenge("Basic", {"realm": realm, "charset": "UTF-8"})

    def openapi(self) -> dict[str, dict[str, Any]]:
        """Return the standard scheme."""
        return {"basicAuth": {"type": "http", "scheme": "basic"}}


@sensitive_variables("plain", "encoded", "octets")
def decode(encoded: str) -> UserPass:
    """Take a Basic credential apart at its first colon: a username has none, a password may have many."""
    try:
        octets = base64.b64decode(encoded, validate=True)
        plain = octets.decode("utf-8")
    except (binascii.Error, ValueError):
        return UserPass(None)
    if base64.b64encode(octets).decode("ascii") != encoded:
        return UserPass(None)  # Python takes padding where none belongs
    username, colon, password = plain.partition(":")
    return UserPass(username if colon else None, password)


def _readable(credential: UserPass) -> dict[str, str]:
    """Return the credentials for `authenticate()`.

    Raises InvalidCredential for what no account can have; NUL is among it because PostgreSQL takes none.
    """
    if not credential.username or not credential.password or "\0" in credential.username + credential.password:
        raise InvalidCredential("malformed")
    return {"username": credential.username, "password": credential.password}
