"""Backends for AUTHENTICATION_BACKENDS: they check what is handed to Django's `authenticate()`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from inspect import signature
from typing import Any

from django.contrib.auth import (  # type: ignore[attr-defined]  # Django's own rule of what is a secret
    _clean_credentials,
    load_backend,
)
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from sessionauth import accounts, behind
from sessionauth.audit.receivers import expect_failure
from sessionauth.conf import settings
from sessionauth.exceptions import LoginDenied
from sessionauth.guards import base, together
from sessionauth.guards.attempt import REFUSAL, Attempt, current
from sessionauth.request_state import current as current_request
from sessionauth.request_state import state_of
from sessionauth.secret_backends import APIKeyAuthBackend, TokenAuthBackend, UsersBackend

__all__ = [
    "APIKeyAuthBackend",
    "SessionAuthBackend",
    "TokenAuthBackend",
    "aconfirm",
    "averify",
    "confirm",
    "decides_for_others",
    "denial_of",
    "method_of",
    "verified_by",
    "verify",
]


class SessionAuthBackend(UsersBackend):
    """Stands first and decides for all: checks passwords itself, and asks the backends behind it.

    Where ModelBackend stands behind it, it does that one's work by the same rules, so that unknown, inactive and
    unusable accounts cost what a wrong password costs, and the hash runs where it holds nobody up. Any other backend
    behind it is asked in turn. Guards stand before and after, exactly once, whoever asks. Refusing, it raises
    PermissionDenied, so that Django asks nobody a second time.

    The session keeps the path of the backend that really verified: taking this one out signs nobody out.
    """

    decides_for_others = True

    @sensitive_variables("credentials", "user")
    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Any | None:
        """Return the user, or raise PermissionDenied: LoginDenied where a guard refused."""
        attempt = _attempt(request, credentials)
        try:
            user = _verify(attempt, credentials)
        except Exception as reason:
            _tell(attempt, reason)
            raise
        if user is None:
            raise PermissionDenied
        return user

    @sensitive_variables("credentials", "user")
    async def aauthenticate(self, request: HttpRequest | None, **credentials: Any) -> Any | None:
        """See authenticate()."""
        attempt = _attempt(request, credentials)
        try:
            user = await _averify(attempt, credentials)
        except Exception as reason:
            _tell(attempt, reason)
            raise
        if user is None:
            raise PermissionDenied
        return user

    # Django asks for it with each attempt, and Python would work it out from the function each time.
    authenticate.__signature__ = signature(authenticate)  # type: ignore[attr-defined]


def _tell(attempt: Attempt, reason: Exception) -> None:
    """Note a denial for whoever answers: Django's authenticate() swallows why.

    Raises LoginDenied for a guard's exception of another kind, so that Django asks nobody else.
    """
    if reason is not attempt.denial:
        return
    denial = reason if isinstance(reason, LoginDenied) else LoginDenied()
    if attempt.request is not None:
        state_of(attempt.request).denied = denial
    elif current_request() is None:
        expect_failure("" if attempt.identity is None else str(attempt.identity))
    if denial is not reason:
        raise denial from reason


def denial_of(reason: Exception) -> LoginDenied | None:
    """Return what people are told of `reason`, None for what is no refusal of a guard but went wrong.

    A guard of a project may raise what it likes; of an exception that is no LoginDenied only that it refused is told.
    """
    if isinstance(reason, LoginDenied):
        return reason
    return LoginDenied() if REFUSAL in reason.__dict__ else None


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
    return _verify(_attempt(request, credentials, guards), credentials, backends)


@sensitive_variables("credentials", "user")
async def averify(
    request: HttpRequest | None,
    credentials: dict[str, Any],
    *,
    guards: Iterable[Any] = (),
    backends: Sequence[str] | None = None,
) -> Any | None:
    """See verify()."""
    return await _averify(_attempt(request, credentials, guards), credentials, backends)


@sensitive_variables("credentials", "named")
def confirm(request: HttpRequest | None, user: Any, credentials: dict[str, Any]) -> bool:
    """Say whether `credentials` prove exactly `user`, who is signed in already, by the same guarded door.

    A password without a name is that of `user`. A guard that refuses raises its own exception; what is wrong is told by
    Django's `user_login_failed`.
    """
    named, account = _named(user, credentials)
    is_right = _is_same(_verify(_attempt(request, named, account=account), named), user)
    if not is_right:
        user_login_failed.send_robust(**_failure(request, named))
    return is_right


@sensitive_variables("credentials", "named")
async def aconfirm(request: HttpRequest | None, user: Any, credentials: dict[str, Any]) -> bool:
    """See confirm()."""
    named, account = _named(user, credentials)
    is_right = _is_same(await _averify(_attempt(request, named, account=account), named), user)
    if not is_right:
        await user_login_failed.asend_robust(**_failure(request, named))
    return is_right


@sensitive_variables("credentials")
def _named(user: Any, credentials: dict[str, Any]) -> tuple[dict[str, Any], Any | None]:
    """Return the credentials with the name of `user`, and the account if it need not be found by that name."""
    if "password" not in credentials or accounts.known_name_in(credentials) is not None:
        return credentials, None
    return {"username": user.get_username(), **credentials}, user


def _is_same(found: Any | None, user: Any) -> bool:
    if found is None or found.pk is None:
        return False
    return bool(found._meta.concrete_model is user._meta.concrete_model and found.pk == user.pk)


@sensitive_variables("credentials")
def _failure(request: HttpRequest | None, credentials: dict[str, Any]) -> dict[str, Any]:
    """Return what `user_login_failed` tells, as Django's authenticate() has it."""
    return {"sender": __name__, "credentials": _clean_credentials(credentials), "request": request}


@sensitive_variables("credentials")
def _attempt(
    request: HttpRequest | None, credentials: dict[str, Any], guards: Iterable[Any] = (), *, account: Any = None
) -> Attempt:
    """Return an attempt with its guards; without any inside of another one, whose guards have been asked."""
    identity = accounts.identity_in(credentials)
    asked = [*(base.active() if settings.GUARDS_ENABLED else ()), *map(base.as_guard, guards)]
    find = partial(accounts.find, request, identity) if account is None else lambda: account
    guards_of = asked if current() is None else ()
    return Attempt(request, identity, guards_of, find, together.doors(guards_of))


@sensitive_variables("credentials", "user")
def _verify(attempt: Attempt, credentials: dict[str, Any], backends: Sequence[str] | None = None) -> Any | None:
    return attempt.run(
        partial(behind.evaluate, attempt, credentials, behind.takers(attempt.request, credentials, backends))
    )


@sensitive_variables("credentials", "user")
async def _averify(attempt: Attempt, credentials: dict[str, Any], backends: Sequence[str] | None = None) -> Any | None:
    asked = behind.takers(attempt.request, credentials, backends)
    return await attempt.arun(partial(behind.aevaluate, attempt, credentials, asked))


def decides_for_others(path: str) -> bool:
    """Say whether the backend `path` is one that only decides, and must not be kept in a session."""
    return behind.decides(load_backend(path))


def verified_by(user: Any) -> str | None:
    """Return the path of the backend that verified `user`.

    A login in two steps brings another instance of the user, without the mark; the first backend behind ours that
    finds users by key stands in then, as it does in Django's `force_login()`.
    """
    marked: str | None = getattr(user, "_sessionauth_verified_by", None)
    if marked is not None:
        return marked
    return next((path for path, backend in behind.after_ours() if hasattr(backend, "get_user")), None)


def method_of(user: Any) -> str:
    """Return the word for how `user` has just proved who they are, "" if no backend of ours asked knows.

    It is the `login_method` of the backend that verified them, "password" for Django's own.
    """
    path = getattr(user, "_sessionauth_verified_by", None)
    if path is None:
        return ""
    backend = load_backend(path)
    return str(getattr(backend, "login_method", "password" if behind.is_model_backend(backend) else ""))
