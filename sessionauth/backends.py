"""Backends for AUTHENTICATION_BACKENDS: they check what is handed to Django's `authenticate()`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import load_backend
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.inspect import signature
from django.views.decorators.debug import sensitive_variables

from sessionauth import accounts, crypto, lookup, passwords
from sessionauth.conf import settings
from sessionauth.exceptions import InvalidCredential
from sessionauth.models import AbstractCredential, AccessToken, APIKey
from sessionauth.models.credentials import models_by_kind


class _UsersBackend(BaseBackend):
    """Finds users by key as ModelBackend does, and answers no questions about permissions: ModelBackend does that."""

    get_user = ModelBackend.get_user
    aget_user = ModelBackend.aget_user
    user_can_authenticate = ModelBackend.user_can_authenticate


class SessionAuthBackend(_UsersBackend):
    """Stands first and decides for all: checks passwords itself, and asks the backends behind it.

    Where ModelBackend stands behind it, it does that one's work by the same rules, so that unknown, inactive and
    unusable accounts cost what a wrong password costs, and the hash runs where it holds nobody up. Any other backend
    behind it is asked in turn. Refusing, it raises PermissionDenied, so that Django asks nobody a second time.

    The session keeps the path of the backend that really verified: taking this one out signs nobody out.
    """

    @sensitive_variables("credentials", "user")
    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Any | None:
        """Return the user, or raise PermissionDenied."""
        user = verify(request, credentials)
        if user is None:
            raise PermissionDenied
        return user

    @sensitive_variables("credentials", "user")
    async def aauthenticate(self, request: HttpRequest | None, **credentials: Any) -> Any | None:
        """See authenticate()."""
        user = await averify(request, credentials)
        if user is None:
            raise PermissionDenied
        return user


@sensitive_variables("credentials", "user")
def verify(
    request: HttpRequest | None,
    credentials: dict[str, Any],
    *,
    guards: Iterable[Any] = (),
    backends: Sequence[str] | None = None,
) -> Any | None:
    """Return the user whom `credentials` prove, None for nobody: the one guarded door to every backend.

    `guards` are asked besides those of SESSIONAUTH_LOGIN_GUARDS, `backends` (dotted paths) instead of those that stand
    behind ours in AUTHENTICATION_BACKENDS. A guard that refuses raises its own exception.
    """
    for path, backend in _behind(request, credentials, backends):
        if _is_model_backend(backend):
            account = accounts.find(request, accounts.name_in(credentials))
            user = passwords.check(account, credentials["password"])
        else:
            user = backend.authenticate(request, **credentials)
        if user is not None and _may(backend, user):
            return _marked(path, user)
    return None


@sensitive_variables("credentials", "user")
async def averify(
    request: HttpRequest | None,
    credentials: dict[str, Any],
    *,
    guards: Iterable[Any] = (),
    backends: Sequence[str] | None = None,
) -> Any | None:
    """See verify()."""
    for path, backend in _behind(request, credentials, backends):
        if _is_model_backend(backend):
            account = await sync_to_async(accounts.find)(request, accounts.name_in(credentials))
            user = await passwords.acheck(account, credentials["password"])
        else:
            user = await backend.aauthenticate(request, **credentials)
        if user is not None and _may(backend, user):
            return _marked(path, user)
    return None


@sensitive_variables("credentials")
def confirm(request: HttpRequest | None, user: Any, credentials: dict[str, Any]) -> bool:
    """Say whether `credentials` prove exactly `user`, who is signed in already, by the same guarded door.

    A password without a name is that of `user`. A guard that refuses raises its own exception.
    """
    return _is_same(verify(request, _named(user, credentials)), user)


@sensitive_variables("credentials")
async def aconfirm(request: HttpRequest | None, user: Any, credentials: dict[str, Any]) -> bool:
    """See confirm()."""
    return _is_same(await averify(request, _named(user, credentials)), user)


def _named(user: Any, credentials: dict[str, Any]) -> dict[str, Any]:
    if "password" not in credentials or accounts.name_in(credentials) is not None:
        return credentials
    return {"username": user.get_username(), **credentials}


def _is_same(found: Any | None, user: Any) -> bool:
    return (
        found is not None
        and found.pk is not None
        and found._meta.concrete_model is user._meta.concrete_model
        and bool(found.pk == user.pk)
    )


def _behind(
    request: HttpRequest | None, credentials: dict[str, Any], paths: Sequence[str] | None = None
) -> list[tuple[str, Any]]:
    """Return the backends after ours, or `paths`, that take these credentials, in their order."""
    asked = _after_ours() if paths is None else [(path, load_backend(path)) for path in paths]
    return [(path, backend) for path, backend in asked if _takes(backend, request, credentials)]


def _after_ours() -> list[tuple[str, Any]]:
    backends = [(path, load_backend(path)) for path in django_settings.AUTHENTICATION_BACKENDS]
    ours = [place for place, (_, backend) in enumerate(backends) if isinstance(backend, SessionAuthBackend)]
    return backends[max(ours, default=-1) + 1 :]


def _takes(backend: Any, request: HttpRequest | None, credentials: dict[str, Any]) -> bool:
    if _is_model_backend(backend):
        # ModelBackend answers None when it lacks one of them; so this is all that it can be asked.
        return accounts.name_in(credentials) is not None and credentials.get("password") is not None
    try:
        signature(backend.authenticate).bind(request, **credentials)
    except TypeError:
        return False
    return True


def _is_model_backend(backend: Any) -> bool:
    own = type(backend)
    return (
        isinstance(backend, ModelBackend)
        and own.authenticate is ModelBackend.authenticate
        and own.aauthenticate is ModelBackend.aauthenticate
    )


def _may(backend: Any, user: Any) -> bool:
    return bool(backend.user_can_authenticate(user)) if _is_model_backend(backend) else True


def _marked(path: str, user: Any) -> Any:
    user._sessionauth_verified_by = path
    return user


def decides_for_others(path: str) -> bool:
    """Say whether the backend `path` is one that only decides, and must not be kept in a session."""
    return isinstance(load_backend(path), SessionAuthBackend)


def verified_by(user: Any) -> str | None:
    """Return the path of the backend that verified `user`.

    A login in two steps brings another instance of the user, without the mark; the first backend behind ours that
    finds users by key stands in then, as it does in Django's `force_login()`.
    """
    marked: str | None = getattr(user, "_sessionauth_verified_by", None)
    if marked is not None:
        return marked
    return next((path for path, backend in _after_ours() if hasattr(backend, "get_user")), None)


def method_of(user: Any) -> str:
    """Return the word for how `user` has just proved who they are, "" if no backend of ours asked knows.

    It is the `login_method` of the backend that verified them, "password" for Django's own.
    """
    path = getattr(user, "_sessionauth_verified_by", None)
    if path is None:
        return ""
    backend = load_backend(path)
    return str(getattr(backend, "login_method", "password" if _is_model_backend(backend) else ""))


class _SecretBackend(_UsersBackend):
    """Base of the two that take a secret of ours as a credential."""

    @sensitive_variables("secret")
    def _user_of(self, request: HttpRequest | None, model: type[AbstractCredential], secret: Any) -> Any | None:
        parsed = crypto.parse(secret, settings.KEY_BRAND) if isinstance(secret, str) else None
        if parsed is None or models_by_kind().get(parsed.kind) is not model:
            return None
        try:
            row = lookup.credential(request, model, parsed)
        except InvalidCredential:
            return None
        # A user cannot carry scopes: handing out that of a restricted credential would lift the restriction.
        return row.get_user() if row.scopes is None else None


class TokenAuthBackend(_SecretBackend):
    """Answers `authenticate(request, token="sa_pat_…")` with the token's user, unless it is restricted."""

    @sensitive_variables("token")
    def authenticate(self, request: HttpRequest | None, token: str) -> Any | None:  # type: ignore[override]
        """Return the user of an access token that is in order, else None."""
        return self._user_of(request, AccessToken, token)

    @sensitive_variables("token")
    async def aauthenticate(self, request: HttpRequest | None, token: str) -> Any | None:  # type: ignore[override]
        """See authenticate()."""
        return await sync_to_async(self._user_of)(request, AccessToken, token)


class APIKeyAuthBackend(_SecretBackend):
    """Answers `authenticate(request, api_key="sa_key_…")` with the key's user, unless it has none or is restricted."""

    @sensitive_variables("api_key")
    def authenticate(self, request: HttpRequest | None, api_key: str) -> Any | None:  # type: ignore[override]
        """Return the user of an API key that is in order, else None."""
        return self._user_of(request, APIKey, api_key)

    @sensitive_variables("api_key")
    async def aauthenticate(self, request: HttpRequest | None, api_key: str) -> Any | None:  # type: ignore[override]
        """See authenticate()."""
        return await sync_to_async(self._user_of)(request, APIKey, api_key)
