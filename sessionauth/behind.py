"""The backends behind ours: which of them take these credentials, and whom the first that answers knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import load_backend
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.inspect import signature
from django.views.decorators.debug import sensitive_variables

from sessionauth import accounts, passwords
from sessionauth.conf import djangos
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.exceptions import LoginDenied
from sessionauth.guards.attempt import Attempt, Proof
from sessionauth.threads import in_thread


@sensitive_variables("credentials", "user")
def evaluate(attempt: Attempt, credentials: dict[str, Any], asked: list[tuple[str, Any]]) -> Proof:
    """Ask one backend after the other; one that says PermissionDenied has the last word, as in Django."""
    barred = None
    for path, backend in asked:
        try:
            if is_model_backend(backend):
                user = passwords.check(attempt.account(), credentials["password"])
            else:
                user = backend.authenticate(attempt.request, **credentials)
        except LoginDenied:
            raise
        except PermissionDenied:
            break
        if user is not None and _may(backend, _marked(path, user)):
            return Proof(user)
        if user is not None:  # by Django's own backend, the only one that is asked whether it lets them in
            passwords.even_out(user, credentials["password"])
        barred = user if barred is None else barred
        attempt.is_refuted = True
    return Proof(barred, is_barred=True)


@sensitive_variables("credentials", "user")
async def aevaluate(attempt: Attempt, credentials: dict[str, Any], asked: list[tuple[str, Any]]) -> Proof:
    """See evaluate()."""
    barred = None
    for path, backend in asked:
        try:
            if is_model_backend(backend):
                user = await passwords.acheck(await attempt.aaccount(), credentials["password"])
            else:
                user = await _ask(backend, attempt.request, credentials)
        except LoginDenied:
            raise
        except PermissionDenied:
            break
        if user is not None and _may(backend, _marked(path, user)):
            return Proof(user)
        if user is not None:  # by Django's own backend, the only one that is asked whether it lets them in
            await passwords.aeven_out(user, credentials["password"])
        barred = user if barred is None else barred
        attempt.is_refuted = True
    return Proof(barred, is_barred=True)


@sensitive_variables("credentials")
async def _ask(backend: Any, request: HttpRequest | None, credentials: dict[str, Any]) -> Any | None:
    """Ask `backend` from a coroutine: in a thread, where it has written authenticate() alone.

    One derived from ModelBackend would otherwise answer by ModelBackend's own coroutine, past whatever it has written.
    """
    written = [
        step for kind in type(backend).__mro__ for step in ("aauthenticate", "authenticate") if step in vars(kind)
    ]
    if written and written[0] == "aauthenticate":
        return await backend.aauthenticate(request, **credentials)
    return await in_thread(backend.authenticate, request, **credentials)


@sensitive_variables("credentials")
def takers(
    request: HttpRequest | None, credentials: dict[str, Any], paths: Sequence[str] | None = None
) -> list[tuple[str, Any]]:
    """Return the backends after ours, or `paths`, that take these credentials, in their order."""
    asked = after_ours() if paths is None else [(path, load_backend(path)) for path in paths]
    return [(path, backend) for path, backend in asked if _takes(backend, request, credentials)]


def after_ours() -> list[tuple[str, Any]]:
    """Return the backends of AUTHENTICATION_BACKENDS behind ours, each with its path."""
    return [(path, load_backend(path)) for path in installed.after_ours]


class Installed(FromSettings):
    """What AUTHENTICATION_BACKENDS says."""

    @derived
    def after_ours(self) -> list[str]:
        """The paths of the backends behind ours."""
        paths = list(djangos.AUTHENTICATION_BACKENDS)
        ours = [place for place, path in enumerate(paths) if decides(load_backend(path))]
        return paths[max(ours, default=-1) + 1 :]


installed = Installed()


@sensitive_variables("credentials")
def _takes(backend: Any, request: HttpRequest | None, credentials: dict[str, Any]) -> bool:
    if is_model_backend(backend):
        # ModelBackend answers None when it lacks one of them; so this is all that it can be asked.
        return accounts.name_in(credentials) is not None and credentials.get("password") is not None
    try:
        signature(backend.authenticate).bind(request, **credentials)
    except TypeError:
        return False
    return True


def decides(backend: Any) -> bool:
    """Say whether `backend` only decides for those behind it."""
    return bool(getattr(type(backend), "decides_for_others", False))


def is_model_backend(backend: Any) -> bool:
    """Say whether `backend` verifies as Django's ModelBackend does, so that its work can be done for it."""
    own = type(backend)
    return (
        isinstance(backend, ModelBackend)
        and own.authenticate is ModelBackend.authenticate
        and own.aauthenticate is ModelBackend.aauthenticate
    )


def _may(backend: Any, user: Any) -> bool:
    return bool(backend.user_can_authenticate(user)) if is_model_backend(backend) else True


def _marked(path: str, user: Any) -> Any:
    user._sessionauth_verified_by = path
    return user
