"""Authentication classes for REST framework: who came in, as `(request.user, request.auth)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from sessionauth import paths, refusals
from sessionauth.authenticators import Authenticator, active, chain
from sessionauth.authenticators.api_key import APIKeyAuthenticator
from sessionauth.authenticators.base import CredentialAuthenticator
from sessionauth.authenticators.token import BearerAuthenticator
from sessionauth.contrib.recognising import accept, has_middleware, recognise
from sessionauth.contrib.rest_framework import confining
from sessionauth.contrib.rest_framework.exceptions import Denied, InvalidSecret, Limited, SeveralSecrets
from sessionauth.exceptions import InvalidCredential, LimitedCredential, LoginDenied, SeveralCredentials
from sessionauth.models import AbstractAccessToken, AbstractAPIKey, AbstractCredential
from sessionauth.request_state import state_of
from sessionauth.user_token import UserToken


class Authentication(BaseAuthentication):  # type: ignore[misc]
    """Base of the three. A restricted credential passes only where the view's permissions ask it for scopes."""

    sessionauth_confines = True

    def carriers(self) -> Sequence[Authenticator]:
        """Return the authenticators that this class stands for, for challenges and documents."""
        raise NotImplementedError

    def recognised(self, request: HttpRequest) -> UserToken | None:
        """Return who came in, if this class has to do with them."""
        raise NotImplementedError

    def authenticate(self, request: Request) -> tuple[Any, UserToken] | None:
        """Return the user and the UserToken of `request`, None for nobody this class knows.

        A key without a user comes with the anonymous user. Raises InvalidSecret for a credential of ours that is wrong
        (401, whatever else stands in the list of classes), and PermissionDenied where a restricted one may not go or
        an ambient one came without a CSRF token.
        """
        inner = request._request
        self._vary(request, lazy=False)
        try:
            token = self.recognised(inner)
        except SeveralCredentials:
            raise SeveralSecrets(self._challenges(inner, refusals.AMBIGUOUS)) from None
        except LoginDenied as denial:
            raise Denied(denial) from None
        if token is not None and not token.is_program:
            self._vary(request, lazy=True)
        if token is None or not token.is_authenticated:
            self._refuse(inner, None if token is None else token.failure, is_told=token is state_of(inner).token)
            return None
        confining.confine(request, token, self)
        if not getattr(inner, "_dont_enforce_csrf_checks", False):
            # What came in a header of its own is freed: the check itself would already look into the session.
            SessionAuthentication().enforce_csrf(request)
        accept(inner, token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return the challenges for a 401: there always is one, so that it is none of REST framework's 403s."""
        return ", ".join(self._challenges(request._request, {}))

    def _refuse(self, request: HttpRequest, failure: InvalidCredential | None, *, is_told: bool) -> None:
        """Raise InvalidSecret for a credential that is wrong; not where the middleware has already let that pass."""
        if failure is None or is_told or paths.is_exempt(request):
            return
        if isinstance(failure, LimitedCredential):
            raise Limited(failure, self._challenges(request, {"error": failure.error}, failure.method))
        raise InvalidSecret(self._challenges(request, refusals.INVALID_TOKEN, failure.method))

    def _challenges(self, request: HttpRequest, error: Mapping[str, str], method: str = "") -> list[str]:
        return refusals.challenges_for(request, error, method, self.carriers())

    def _vary(self, request: Request, *, lazy: bool) -> None:
        """Note what the answer depends on, in the view's own headers too: a cache may stand round the view alone."""
        state = state_of(request)
        for one in self.carriers():
            if one.lazy is lazy:
                chain.tried(state, one)
        headers = getattr(request.parser_context.get("view"), "headers", None)
        if headers is not None:
            headers["Vary"] = ", ".join(dict.fromkeys([*filter(None, [headers.get("Vary")]), *state.carriers]))


class RequestAuthentication(Authentication):
    """Takes whom the middleware has recognised, people and programs; without it, asks the same authenticators.

    CSRF is checked as for REST framework's sessions, except for what came in a header of its own.
    """

    def carriers(self) -> Sequence[Authenticator]:
        """Return the authenticators of SESSIONAUTH_AUTHENTICATORS."""
        return active()

    def recognised(self, request: HttpRequest) -> UserToken | None:
        """Return who came in."""
        return recognise(request)


class ProgramAuthentication(Authentication):
    """Base of those that take the credentials of one kind, from whichever header of ours they came in."""

    #: Rows of this model, and of those derived from it.
    model: type[AbstractCredential]

    def carriers(self) -> Sequence[Authenticator]:
        """Return the active authenticators of our secrets; Bearer and X-Api-Key where the project has none."""
        found = [one for one in active() if isinstance(one, CredentialAuthenticator)]
        return found or (BearerAuthenticator(), APIKeyAuthenticator())

    def recognised(self, request: HttpRequest) -> UserToken | None:
        """Return the program that came in, if its credential is of this kind."""
        state = state_of(request)
        if has_middleware(request) and any(isinstance(one, CredentialAuthenticator) for one in active()):
            # It has asked them. Without a program there is no need to look whose session it is.
            known = state.pending or state.established
            token = recognise(request) if known is not None and known.is_program else None
        else:
            token = recognise(request, self.carriers())
        is_other = token is not None and token.is_authenticated and not isinstance(token.credential, self.model)
        return None if is_other else token


class AccessTokenAuthentication(ProgramAuthentication):
    """Takes access tokens, `sa_pat_…`, and those of a project's own models."""

    model = AbstractAccessToken


class APIKeyAuthentication(ProgramAuthentication):
    """Takes API keys, `sa_key_…`, and those of a project's own models."""

    model = AbstractAPIKey
