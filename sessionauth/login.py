"""Signing in, confirming a login and signing out, told from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib import auth as django_auth
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, load_backend
from django.contrib.auth.signals import user_login_failed
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.views.decorators.debug import sensitive_variables

from sessionauth import accounts, backends, lookup
from sessionauth.authenticators import get_auth
from sessionauth.authenticators.session import token_of
from sessionauth.exceptions import InactiveUser, InvalidCredential, NeverFresh, NotAuthenticated
from sessionauth.guards.base import as_guard
from sessionauth.models import RememberToken
from sessionauth.request_state import SignIn, state_of
from sessionauth.sessions import freshness, kept, registry
from sessionauth.sessions.remember import Remember, wanted_age
from sessionauth.sessions.remember import issue as remember_browser
from sessionauth.signals import login_confirmed
from sessionauth.user_token import UserToken, anonymous, anonymous_user, replace

#: The ways of being recognised that stand on a session, and can be confirmed.
BY_SESSION = frozenset({"session", "remember"})


class LoginManager:
    """Signs people in by what they can prove, behind the guards.

    `backends` are dotted paths: only these are asked instead of all in AUTHENTICATION_BACKENDS. `guards` are asked at
    every login through it, besides those of SESSIONAUTH_LOGIN_GUARDS. Each step is a method that one may replace.
    """

    def __init__(self, *, backends: Sequence[str] | None = None, guards: Sequence[Any] | None = None) -> None:
        self.backends = backends
        self.guards = tuple(map(as_guard, guards or ()))

    @sensitive_variables("credential", "credentials", "given")
    def login(
        self,
        request: HttpRequest,
        identity: str | None = None,
        credential: str | None = None,
        *,
        remember: Remember = False,
        guards: Sequence[Any] = (),
        **credentials: Any,
    ) -> UserToken:
        """Sign in whom the credentials prove, and return their UserToken; a falsy one if they prove nobody.

        `identity` and `credential` are username and password; any other keywords (a one-time code, a signed link) go to
        the backends as they are. `remember` lets the browser come back without them: True for
        SESSIONAUTH_REMEMBER_AGE, or a timedelta or seconds. `guards` are asked at this login too.

        A guard's exception comes through. Whoever is signed in stays so unless the login succeeds.
        """
        wanted_age(remember)
        _must_be_installed(self.backends)
        given = self.gather(identity, credential, credentials)
        try:
            user = self.verify(request, given, guards)
        except PermissionDenied:
            self.tell_failure(request, given)
            raise
        if user is None:
            self.tell_failure(request, given)
            return self.refuse(request)
        return self.sign_in(request, user, remember=remember, method=self.method_of(user, given))

    @sensitive_variables("credential", "credentials", "given")
    async def alogin(
        self,
        request: HttpRequest,
        identity: str | None = None,
        credential: str | None = None,
        *,
        remember: Remember = False,
        guards: Sequence[Any] = (),
        **credentials: Any,
    ) -> UserToken:
        """See login()."""
        wanted_age(remember)
        _must_be_installed(self.backends)
        given = self.gather(identity, credential, credentials)
        try:
            user = await self.averify(request, given, guards)
        except PermissionDenied:
            await self.atell_failure(request, given)
            raise
        if user is None:
            await self.atell_failure(request, given)
            return self.refuse(request)
        return await self.asign_in(request, user, remember=remember, method=self.method_of(user, given))

    def gather(self, identity: str | None, credential: str | None, credentials: dict[str, Any]) -> dict[str, Any]:
        """Return the keywords for the backends: `identity` and `credential` by Django's names, and the others."""
        named = {"username": identity, "password": credential}
        return {name: value for name, value in named.items() if value is not None} | credentials

    @sensitive_variables("given")
    def verify(self, request: HttpRequest, given: dict[str, Any], guards: Sequence[Any]) -> Any | None:
        """Return the user whom the credentials prove, None for nobody; the guards are asked before and after."""
        return backends.verify(request, given, guards=(*self.guards, *guards), backends=self.backends)

    @sensitive_variables("given")
    async def averify(self, request: HttpRequest, given: dict[str, Any], guards: Sequence[Any]) -> Any | None:
        """See verify()."""
        return await backends.averify(request, given, guards=(*self.guards, *guards), backends=self.backends)

    @sensitive_variables("given")
    def tell_failure(self, request: HttpRequest, given: dict[str, Any]) -> None:
        """Send Django's `user_login_failed`."""
        cleansed = accounts.cleansed(given)
        user_login_failed.send(sender=django_auth.__name__, credentials=cleansed, request=request)

    @sensitive_variables("given")
    async def atell_failure(self, request: HttpRequest, given: dict[str, Any]) -> None:
        """See tell_failure()."""
        await user_login_failed.asend(
            sender=django_auth.__name__, credentials=accounts.cleansed(given), request=request
        )

    def refuse(self, request: HttpRequest) -> UserToken:
        """Return the answer to wrong credentials: nobody's token, which does not become that of the request."""
        return anonymous(request, InvalidCredential("wrong"))

    @sensitive_variables("given")
    def method_of(self, user: Any, given: dict[str, Any]) -> str:
        """Return the word for how `user` has just proved who they are: their backend's, or "password" for one."""
        return backends.method_of(user) or ("password" if given.get("password") is not None else "")

    def sign_in(self, request: HttpRequest, user: Any, *, remember: Remember, method: str) -> UserToken:
        """Sign in a user who has proved who they are."""
        return login_user(request, user, remember=remember, method=method)

    async def asign_in(self, request: HttpRequest, user: Any, *, remember: Remember, method: str) -> UserToken:
        """See sign_in()."""
        return await alogin_user(request, user, remember=remember, method=method)

    def logout(self, request: HttpRequest) -> None:
        """Sign out. See sessionauth.logout()."""
        logout(request)

    async def alogout(self, request: HttpRequest) -> None:
        """See logout()."""
        await alogout(request)


def _must_be_installed(paths: Sequence[str] | None) -> None:
    if strange := set(paths or ()) - set(django_settings.AUTHENTICATION_BACKENDS):
        raise ImproperlyConfigured(
            f"LoginManager(backends=…) names {', '.join(sorted(strange))}: without a place in AUTHENTICATION_BACKENDS "
            "nobody whom it signs in would be known to the next request."
        )


def login_user(
    request: HttpRequest,
    user: Any,
    *,
    remember: Remember = False,
    fresh: bool = True,
    backend: str | None = None,
    method: str = "",
) -> UserToken:
    """Sign `user` in without asking for credentials, and return their UserToken.

    `remember` is that of LoginManager.login(). With `fresh=False` they have proved nothing just now; else `method` may
    say how they have ("password", "link"). `backend` is the path that the session keeps, None for the backend that
    verified them or would have. The session key is drawn when the session is saved.

    Raises InactiveUser for somebody whom that backend does not let in.
    """
    is_wanted, age = wanted_age(remember)
    path = backend or _backend_of(user)
    if not lookup.may(load_backend(path) if path else None, user):
        raise InactiveUser
    state = state_of(request)
    state.session_data = (request.session, kept.data(request.session))
    token = remember_browser(request, user, age=age, backend=path) if is_wanted else None
    state.sign_in = SignIn(is_fresh=fresh, method=method if fresh else "", remember_token=token)
    try:
        _spare_a_save(request.session, user)
        django_auth.login(request, user, path)
    except BaseException:
        _take_back(request, token)
        raise
    finally:
        state.sign_in = None
    return get_auth(request)


def _backend_of(user: Any) -> str | None:
    """Return the path of the backend that verified `user`, or else of one that would find them again."""
    path: str | None = getattr(user, "_sessionauth_verified_by", None) or getattr(user, "backend", None)
    return path if path and not backends.decides_for_others(path) else backends.verified_by(user)


def _spare_a_save(session: SessionBase, user: Any) -> None:
    """Give a session its new key here, empty it if it is another's, and let Django find `user` in it.

    Django's login() would save it under the new key, and SessionMiddleware a second time; and of another's it would
    load the row before it deletes it.
    """
    key = user._meta.pk.value_to_string(user)
    session_hash = user.get_session_auth_hash() if hasattr(user, "get_session_auth_hash") else ""
    if SESSION_KEY not in session:
        registry.rotate(session)
    elif (session[SESSION_KEY], session.get(HASH_SESSION_KEY, "")) != (key, session_hash):
        registry.drop(session)
    session[SESSION_KEY], session[HASH_SESSION_KEY] = key, session_hash


def _take_back(request: HttpRequest, token: RememberToken | None) -> None:
    """Leave nothing of a login that failed halfway. Where it was refused, it is taken back already."""
    session = request.session
    if SESSION_KEY in session:
        sid = kept.sid_in(kept.own(session))
        session.flush()
        registry.supersede({sid})
        if token is not None:
            registry.forget_browser(token.pk, "login failed")
        nobody = anonymous(request)
        request.user = nobody.user
        replace(request, nobody)


async def alogin_user(
    request: HttpRequest,
    user: Any,
    *,
    remember: Remember = False,
    fresh: bool = True,
    backend: str | None = None,
    method: str = "",
) -> UserToken:
    """See login_user()."""
    return await sync_to_async(login_user)(
        request, user, remember=remember, fresh=fresh, backend=backend, method=method
    )


def confirm_login(request: HttpRequest, *, method: str = "") -> UserToken:
    """Note that the person who is signed in has just proved again who they are, and return their fresh UserToken.

    `method` says how ("password", "code"). The session gets a new key and the forms a new CSRF token; the sign-in stays
    the same one, and its idle and absolute time begin again.

    Raises NotAuthenticated for nobody, and NeverFresh (a ValueError) for whoever has not signed in with a session,
    programs above all.
    """
    auth = get_auth(request)
    if not auth.is_authenticated:
        raise NotAuthenticated
    if isinstance(auth.credential, RememberToken):
        raise NotAuthenticated  # known for this request only, beside the one that begins a session
    if not can_confirm(auth):
        raise NeverFresh(f"confirm_login() is for people who signed in with a session, not for {auth!r}.")
    row = freshness.confirm(request, auth.user, auth.credential, method)
    own = kept.own(request.session)
    rotate_token(request)
    token = replace(request, token_of(auth.user, kept.auth_at_in(own), row, kept.proofs_in(own)))
    login_confirmed.send_robust(sender=type(auth.user), request=request, user=auth.user, method=method)
    return token


def can_confirm(auth: UserToken) -> bool:
    """Say whether somebody is there who signed in with a session, and could confirm it."""
    return auth.method in BY_SESSION and not auth.is_program and not auth.is_impersonating


async def aconfirm_login(request: HttpRequest, *, method: str = "") -> UserToken:
    """See confirm_login()."""
    return await sync_to_async(confirm_login)(request, method=method)


def logout(request: HttpRequest) -> None:
    """Sign out: the session ends for good, with all it held, and so does a remembered login of this browser.

    A program's credential has no session to end; its request just is nobody's from now on.
    """
    if not get_auth(request).is_program:
        django_auth.logout(request)
        return
    request.user = anonymous_user(request)
    replace(request, anonymous(request))


async def alogout(request: HttpRequest) -> None:
    """See logout()."""
    await sync_to_async(logout)(request)
