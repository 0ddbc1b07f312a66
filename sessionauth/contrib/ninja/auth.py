"""Authentication classes for Ninja: who came in, by which credential, with which scopes, and how sure that is.

One object serves sync and async operations.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from sessionauth import http, refusals
from sessionauth.access import FreshRule, at_least_a_minute, warn_of_unknown
from sessionauth.authenticators import Authenticator
from sessionauth.authenticators.base import CredentialAuthenticator
from sessionauth.contrib.ninja import answers
from sessionauth.contrib.ninja.answers import Refuse, Refused
from sessionauth.contrib.ninja.operations import operation_of
from sessionauth.contrib.recognising import aaccept, accept, arecognise, has_middleware, recognise
from sessionauth.exceptions import InvalidCredential, LoginDenied
from sessionauth.login import can_confirm
from sessionauth.models.credentials import AbstractAccessToken, AbstractAPIKey
from sessionauth.openapi import security_schemes
from sessionauth.scopes import Requirement
from sessionauth.user_token import UserToken
from sessionauth.views.csrf import csrf_failed


def in_event_loop() -> bool:
    """Say whether this runs in an event loop, where nothing may wait."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class RequestAuth(AuthBase):
    """Lets in whom the authenticators of SESSIONAUTH_AUTHENTICATORS know: whatever the middleware has found.

    The UserToken becomes `request.auth`, and its user `request.user`. Several classes may stand in a list, in any
    order, also beside others': what one does not let in the next is asked about, and CSRF is checked only of what a
    browser sends unasked. Works without our middleware, too; then `Vary` is the project's to set.
    """

    #: Ninja reads these for its document, as long as an API has not been given to `install()`.
    openapi_type: str = "http"
    openapi_scheme: str = "bearer"
    #: What refuses somebody whom `accepts()` does not: a key without a user is nobody here.
    unwanted: Refuse = staticmethod(answers.nobody)

    def __init__(
        self,
        *scopes: Any,
        fresh: bool | timedelta | int = False,
        methods: Collection[str] = (),
        not_impersonating: bool = False,
    ) -> None:
        """Say who is let in.

        `scopes` are in the grammar of `scope_required()`; without any, restricted credentials are not let in, nor keys
        without a user. `fresh` asks for a person who has just proved who they are: True for SESSIONAUTH_FRESH_AGE, or
        how long ago that may be, and `methods` are the proofs that count, such as ["password"]. `not_impersonating`
        keeps out those who act as somebody else.

        Raises TypeError for what is no scope.
        """
        # AuthBase's own would fix `is_async` once for all operations.
        self.requirement = Requirement.of(*scopes) if scopes else None
        self.fresh = None if fresh is False else FreshRule(None if fresh is True else fresh, tuple(methods))
        self.not_impersonating = not_impersonating

    def accepts(self, token: UserToken) -> bool:
        """Say whether `token` is of the kind that this class lets in. No I/O."""
        return token.has_user or self.requirement is not None

    def reads(self, authenticator: Authenticator) -> bool:
        """Say whether what `authenticator` knows may be of that kind; for documents."""
        return True

    def states_scope(self, method: str | None) -> bool:
        """Say whether a restricted credential may come by `method` at all."""
        return self.requirement is not None and bool(self.requirement.alternatives(method))

    @property
    def is_async(self) -> bool:  # type: ignore[override]
        """Whether Ninja is to await the answer: it asks in the loop for async operations, in a thread for others."""
        return in_event_loop()

    @property
    def openapi_security_schema(self) -> dict[str, Any]:  # type: ignore[override]
        """The first of the schemes that clients may use, under its real name."""
        schemes = self.schemes()
        return next(iter(schemes.values()), {"type": self.openapi_type, "scheme": self.openapi_scheme})

    def schemes(self) -> dict[str, dict[str, Any]]:
        """Return the OpenAPI security schemes of what this class lets in."""
        return security_schemes(self.reads)

    def __call__(self, request: HttpRequest) -> Any:
        """Return the UserToken of whoever is let in, None to have the next way tried, awaitable in an event loop.

        Raises Refused where it is the last way, or no other one may be tried.
        """
        return self._arun(request) if in_event_loop() else self._run(request)

    def _run(self, request: HttpRequest) -> UserToken | None:
        try:
            token = recognise(request)
        except (InvalidCredential, LoginDenied) as failure:
            raise Refused(answers.refuse_at_once(failure)(request)) from None
        refuse = self._who(request, token)
        if refuse is None and not _is_own(request):
            refuse = csrf_failed
        if refuse is None and (needed := self.requirement) is not None:
            refuse = None if needed.is_met(request.method, token.has_scope) else partial(_out_of_scope, needed)
        refuse = refuse or self._how(token)
        if refuse is None:
            return accept(request, token)
        if (told := self._told(request, token, refuse)) is not None:
            raise Refused(told(request))
        return None

    async def _arun(self, request: HttpRequest) -> UserToken | None:
        try:
            token = await arecognise(request)
        except (InvalidCredential, LoginDenied) as failure:
            raise Refused(await sync_to_async(answers.refuse_at_once(failure))(request)) from None
        refuse = self._who(request, token)
        if refuse is None and not (_is_free(request) or await sync_to_async(_is_own)(request)):
            refuse = csrf_failed
        if refuse is None and (needed := self.requirement) is not None:
            is_met = await needed.ais_met(request.method, token.ahas_scope)
            refuse = None if is_met else partial(_out_of_scope, needed)
        refuse = refuse or self._how(token)
        if refuse is None:
            return await aaccept(request, token)
        if (told := self._told(request, token, refuse)) is not None:
            raise Refused(await sync_to_async(told)(request))
        return None

    def _who(self, request: HttpRequest, token: UserToken) -> Refuse | None:
        """Return what refuses `token` for what it is."""
        if token.failure is not None:
            return answers.refuse_at_once(token.failure)
        if not token.is_authenticated:
            return answers.nobody
        if not self.accepts(token):
            return self.unwanted
        if token.is_restricted and not self.states_scope(request.method):
            return refusals.forbidden
        return None

    def _how(self, token: UserToken) -> Refuse | None:
        """Return what refuses `token` for how it came to be."""
        if self.not_impersonating and token.is_impersonating:
            return _while_impersonating
        if self.fresh is not None and self.fresh.check(token, None) is not None:
            if token.is_impersonating:
                return _while_impersonating
            return partial(_stale, self.fresh) if can_confirm(token) else _never_fresh
        return None

    def _told(self, request: HttpRequest, token: UserToken, refuse: Refuse) -> Refuse | None:
        """Return what to answer if no other way is to be tried: it is the last, or the credential is ours and wrong."""
        told = answers.remember(request, refuse, is_somebody=token.is_authenticated and self.accepts(token))
        if token.failure is not None and not has_middleware(request):
            return refuse
        operation = operation_of(request)
        is_last = operation is not None and operation.auth_callbacks[-1] is self
        return told if is_last else None


def _is_free(request: HttpRequest) -> bool:
    """Say whether no CSRF check is due, without looking for a token."""
    exempt = getattr(request, "_ninja_csrf_exempt", False) or getattr(request, "_dont_enforce_csrf_checks", False)
    return bool(exempt) or request.method in http.SAFE


def _is_own(request: HttpRequest) -> bool:
    """Say whether `request` was made by this site or a program, not by another site's page.

    Ninja exempts its views from Django's check, so that it falls to the authentication; ours looks only once it has
    recognised somebody, by what a browser sends unasked.
    """
    return _is_free(request) or check_csrf(request) is None


def _out_of_scope(requirement: Requirement, request: HttpRequest) -> HttpResponse:
    warn_of_unknown(requirement)
    return refusals.forbidden(request, scopes=requirement.told(request.method))


def _stale(rule: FreshRule, request: HttpRequest) -> HttpResponse:
    age = at_least_a_minute(rule.max_age)
    return refusals.stale(request, max_age=age, methods=rule.methods, as_page=False)


def _while_impersonating(request: HttpRequest) -> HttpResponse:
    return refusals.problem(403, "impersonating", gettext("This cannot be done while acting as somebody else."))


def _never_fresh(request: HttpRequest) -> HttpResponse:
    return refusals.never_fresh()


class Scope(RequestAuth):
    """Lets in whoever holds the scopes: `Scope("app.view_thing")`."""

    def __init__(self, *scopes: Any, **options: Any) -> None:
        """See RequestAuth. Raises TypeError for no scope at all."""
        super().__init__(Requirement.of(*scopes), **options)


class _CredentialAuth(RequestAuth):
    credential: type[Any]
    unwanted = staticmethod(answers.wrong_kind)

    def accepts(self, token: UserToken) -> bool:
        """See RequestAuth.accepts()."""
        return isinstance(token.credential, self.credential)

    def reads(self, authenticator: Authenticator) -> bool:
        """See RequestAuth.reads(): a secret says itself which table it is of, whichever header carries it."""
        return isinstance(authenticator, CredentialAuthenticator)


class AccessTokenAuth(_CredentialAuth):
    """Lets programs in that show an access token."""

    credential = AbstractAccessToken


class APIKeyAuth(_CredentialAuth):
    """Lets programs in that show an API key, also one without a user."""

    credential = AbstractAPIKey


class SessionAuth(RequestAuth):
    """Lets people in who are signed in or remembered, checking CSRF."""

    openapi_type = "apiKey"
    unwanted = staticmethod(answers.wrong_kind)

    def accepts(self, token: UserToken) -> bool:
        """See RequestAuth.accepts()."""
        return token.has_user and not token.is_program

    def reads(self, authenticator: Authenticator) -> bool:
        """See RequestAuth.reads()."""
        return authenticator.lazy and authenticator.ambient
