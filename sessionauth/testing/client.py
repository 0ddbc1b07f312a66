"""Django's test clients, signing in with every kind of credential, as the real thing would."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any, ClassVar

from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import alogin, load_backend, login
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpHeaders, HttpRequest, HttpResponse, SimpleCookie
from django.test.client import AsyncClient, AsyncRequestFactory, Client, ClientMixin, RequestFactory

from sessionauth.authenticators import active
from sessionauth.authenticators.api_key import APIKeyAuthenticator
from sessionauth.authenticators.token import TokenAuthenticator
from sessionauth.backends import SessionAuthBackend
from sessionauth.conf import seconds, settings
from sessionauth.credentials.issuing import issue
from sessionauth.models import AbstractCredential, AccessToken, APIKey
from sessionauth.request_state import SignIn, state_of
from sessionauth.sessions import kept, remember
from sessionauth.sessions.remember import Remember, wanted_age


class SigningIn(ClientMixin):
    """The half that both clients share: `force_login()`, `use_key()`, `logout()` and their async twins."""

    #: Makes the request that a sign-in is recorded from, with the client's own headers and address.
    factory: ClassVar[Any] = RequestFactory

    # What Django's clients have, and django-stubs does not know of their mixin.
    defaults: Any
    cookies: SimpleCookie
    #: The header of the credential that `force_login()` issued; none while signed in by session or not at all.
    credential_header: str | None = None
    _wants_memory: bool = False
    _memory_age: timedelta | None = None

    def force_login(
        self,
        user: Any,
        backend: str | None = None,
        *,
        fresh: bool = True,
        method: str = "session",
        remember: Remember = False,
    ) -> None:
        """Be `user` from now on, without a password.

        With `method="session"` that is a real login: a session of `backend` (by default the one that would have checked
        a password), listed as a login session of this client's address and browser. `fresh=False` makes it an old one,
        as if the login had been longer ago than SESSIONAUTH_FRESH_AGE. `remember` lets the browser be remembered: True,
        or for how long, as a timedelta or seconds.

        With the name of another authenticator ("bearer", "api_key", "token") a real credential is issued and sent in
        its header with every request, until `logout()` or the next `force_login()`. `user` may be None for an API key
        that acts for nobody. Sessions and cookies stay as they are. Programs are never fresh.

        Raises ValueError for a method that no active authenticator has, or that issues nothing: Basic needs a password,
        so give it in `headers` yourself.
        """
        self._begin(method, remember)
        if method == "session":
            super().force_login(user, backend or _verifying_backend())
            if not fresh:
                self._age()
        else:
            model, header, prefix = _carrier(method)
            _, secret = model.objects.issue(user=user, name="test client")
            self._carry(header, prefix + secret)

    async def aforce_login(
        self,
        user: Any,
        backend: str | None = None,
        *,
        fresh: bool = True,
        method: str = "session",
        remember: Remember = False,
    ) -> None:
        """See force_login()."""
        self._begin(method, remember)
        if method == "session":
            await super().aforce_login(user, backend or _verifying_backend())
            if not fresh:
                await self._aage()
        else:
            model, header, prefix = _carrier(method)
            _, secret = await model.objects.aissue(user=user, name="test client")
            self._carry(header, prefix + secret)

    def use_key(
        self,
        user: Any = None,
        *,
        model: type[AbstractCredential] = APIKey,
        method: str = "api_key",
        **limits: Any,
    ) -> Any:
        """Be a program of `user` from now on, with a new key, and return its row.

        `limits` are what it is issued with: `scopes=["invoices:read"]`, `methods=["GET"]`, `expires_at`. `user` is None
        for a key of nobody; a `model` of your own takes what its rows belong to in the place of it, such as
        `organisation=desk`. `method` is the authenticator in whose header it is sent.

        Raises ValueError as `force_login()` does, and what issuing raises.
        """
        self._put_away()
        _, header, prefix = _carrier(method)
        row, secret = issue(model, **_owned(user), **limits)
        self._carry(header, prefix + secret)
        return row

    async def ause_key(self, user: Any = None, **options: Any) -> Any:
        """See use_key()."""
        return await sync_to_async(self.use_key)(user, **options)

    def use_token(self, user: Any, *, method: str = "bearer", **limits: Any) -> Any:
        """Be a program of `user` from now on, with a new personal access token, and return its row. See use_key()."""
        return self.use_key(user, model=AccessToken, method=method, **limits)

    async def ause_token(self, user: Any, **options: Any) -> Any:
        """See use_token()."""
        return await sync_to_async(self.use_token)(user, **options)

    def use_secret(self, secret: str, *, method: str = "bearer") -> None:
        """Send `secret` with every request from now on, one that your own code has issued or rotated."""
        self._put_away()
        _, header, prefix = _carrier(method)
        self._carry(header, prefix + secret)

    def logout(self) -> None:
        """Be nobody from now on: the session ends, cookies and the credential's header go."""
        self._put_away()
        super().logout()

    async def alogout(self) -> None:
        """See logout()."""
        self._put_away()
        await super().alogout()

    def _login(self, user: Any, backend: str | None = None) -> None:
        # Django's own signs in from an empty request; ours knows address and browser, which the login is bound to.
        request = self._request(self.session)
        self._remember(request, user, backend)
        login(request, user, backend)
        request.session.save()
        self._set_cookies(request)

    async def _alogin(self, user: Any, backend: str | None = None) -> None:
        request = self._request(await self.asession())
        await sync_to_async(self._remember)(request, user, backend)
        await alogin(request, user, backend)
        await request.session.asave()
        self._set_cookies(request)

    def _begin(self, method: str, remember: Remember) -> None:
        self._put_away()
        self._wants_memory, self._memory_age = wanted_age(remember)
        if self._wants_memory and method != "session":
            raise ValueError(f"A browser is remembered, not a program: remember= does not go with method={method!r}.")

    def _request(self, session: SessionBase) -> HttpRequest:
        factory = self.factory()
        factory.defaults = self.defaults
        request: HttpRequest = factory.get("/")
        request.COOKIES = {name: morsel.value for name, morsel in self.cookies.items()}
        request.session = session
        return request

    def _remember(self, request: HttpRequest, user: Any, backend: str | None) -> None:
        if self._wants_memory:
            token = remember.issue(request, user, age=self._memory_age, backend=backend)
            state_of(request).sign_in = SignIn(remember_token=token)

    def _set_cookies(self, request: HttpRequest) -> None:
        self._set_login_cookies(request)  # type: ignore[attr-defined]
        response = HttpResponse()
        for act in state_of(request).on_response:
            act(response)
        self.cookies.update(response.cookies)

    def _age(self) -> None:
        session = self.session
        session[kept.KEY] = {**session.get(kept.KEY, {}), "auth_at": _long_ago()}
        session.save()
        self._keep(session)

    async def _aage(self) -> None:
        session = await self.asession()
        own = await session.aget(kept.KEY, {})
        await session.aset(kept.KEY, {**own, "auth_at": _long_ago()})
        await session.asave()
        self._keep(session)

    def _keep(self, session: SessionBase) -> None:
        # In signed cookies the key is the session itself.
        self.cookies[django_settings.SESSION_COOKIE_NAME] = str(session.session_key)

    def _carry(self, header: str, value: str) -> None:
        self.credential_header = self._header_key(header)
        self.defaults[self.credential_header] = value

    def _put_away(self) -> None:
        if self.credential_header is not None:
            self.defaults.pop(self.credential_header, None)
            self.credential_header = None

    def _header_key(self, header: str) -> str:
        return str(HttpHeaders.to_wsgi_name(header))


class AuthClient(SigningIn, Client):
    """Django's `Client` with a `force_login()` for every kind of credential."""


class AsyncAuthClient(SigningIn, AsyncClient):
    """Django's `AsyncClient` with an `aforce_login()` for every kind of credential."""

    factory = AsyncRequestFactory

    def _header_key(self, header: str) -> str:
        return str(HttpHeaders.to_asgi_name(header))


def _carrier(method: str) -> tuple[type[AbstractCredential], str, str]:
    """Return the credential that `method` reads, its header, and what stands before the secret in it.

    Raises ValueError if no active authenticator of that name reads secrets of ours.
    """
    for authenticator in active():
        if authenticator.name != method:
            continue
        if isinstance(authenticator, TokenAuthenticator):
            return AccessToken, authenticator.header, f"{authenticator.keyword} "
        if isinstance(authenticator, APIKeyAuthenticator):
            return APIKey, authenticator.header, ""
    possible = [one.name for one in active() if isinstance(one, TokenAuthenticator | APIKeyAuthenticator)]
    raise ValueError(
        f"force_login() cannot issue anything for method={method!r}. "
        f"With these SESSIONAUTH_AUTHENTICATORS it can for: {', '.join(['session', *possible])}."
    )


def _owned(user: Any) -> dict[str, Any]:
    return {} if user is None else {"user": user}


def _verifying_backend() -> str | None:
    """Return the first backend that finds users and is not the one that leaves checking to those behind it."""
    paths = django_settings.AUTHENTICATION_BACKENDS
    asked = [path for path in paths if not isinstance(load_backend(path), SessionAuthBackend)]
    return next((path for path in asked if hasattr(load_backend(path), "get_user")), None)


def _long_ago() -> int:
    return int(time.time() - seconds(settings.FRESH_AGE)) - 1
