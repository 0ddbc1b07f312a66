"""What a guard is, and which ones a project has switched on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any, TypeVar

from asgiref.sync import async_to_sync, sync_to_async
from django.http import HttpRequest

from sessionauth.conf import load, settings
from sessionauth.conf.setting import FromSettings, derived

C = TypeVar("C", bound=Callable[..., Any])

BEFORE = "_sessionauth_before_credentials"


class LoginGuard:
    """A rule that may refuse a login. It refuses by raising; whatever it returns is not looked at.

    Every step does nothing unless a subclass writes it, and has an async twin that does the same in the thread of the
    database. Arguments: `request` may be None, as in `authenticate(None, …)`. `identity` is the name as it was
    posted, None if the credentials have none. `user` is the account that it means, None for a name that nobody has.
    """

    #: Whether `before_credentials()` wants the account; without, it gets None, and refusing costs no query.
    needs_account: bool = True

    def before_credentials(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> None:
        """Refuse before the credentials are looked at; what is told here must not depend on whether `user` exists."""

    def after_credentials(self, request: HttpRequest | None, user: Any) -> None:
        """Refuse `user`, whose credentials are right."""

    def login_succeeded(self, request: HttpRequest | None, user: Any) -> None:
        """Take note that `user` has proved who they are and no guard refused."""

    def login_failed(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> None:
        """Take note that the credentials were wrong."""

    def login_denied(
        self, request: HttpRequest | None, identity: str | None, user: Any | None, reason: Exception
    ) -> None:
        """Take note that a guard refused, this one or another; `reason` is what it raised."""

    async def abefore_credentials(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> None:
        """See before_credentials()."""
        await self._in_thread("before_credentials", request, identity, user)

    async def aafter_credentials(self, request: HttpRequest | None, user: Any) -> None:
        """See after_credentials()."""
        await self._in_thread("after_credentials", request, user)

    async def alogin_succeeded(self, request: HttpRequest | None, user: Any) -> None:
        """See login_succeeded()."""
        await self._in_thread("login_succeeded", request, user)

    async def alogin_failed(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> None:
        """See login_failed()."""
        await self._in_thread("login_failed", request, identity, user)

    async def alogin_denied(
        self, request: HttpRequest | None, identity: str | None, user: Any | None, reason: Exception
    ) -> None:
        """See login_denied()."""
        await self._in_thread("login_denied", request, identity, user, reason)

    async def _in_thread(self, step: str, *arguments: Any) -> None:
        if getattr(type(self), step) is not getattr(LoginGuard, step):
            await sync_to_async(getattr(self, step))(*arguments)


def before_credentials(guard: C) -> C:
    """Mark a plain guard `(request, user)` to be asked before the password is looked at, with None for nobody."""
    setattr(guard, BEFORE, True)
    return guard


class FunctionGuard(LoginGuard):
    """A plain callable `(request, user)`, sync or async, as a guard.

    It is asked once the password is right, so that it tells nothing to those who do not know it, unless it is marked
    with `@before_credentials`.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.is_before = bool(getattr(function, BEFORE, False))
        self.needs_account = self.is_before
        self._is_async = iscoroutinefunction(function) or iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004

    def __repr__(self) -> str:
        return f"<FunctionGuard {self.function!r}>"

    def before_credentials(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> None:
        if self.is_before:
            self._ask(request, user)

    def after_credentials(self, request: HttpRequest | None, user: Any) -> None:
        if not self.is_before:
            self._ask(request, user)

    async def abefore_credentials(self, request: HttpRequest | None, identity: str | None, user: Any | None) -> None:
        if self.is_before:
            await self._aask(request, user)

    async def aafter_credentials(self, request: HttpRequest | None, user: Any) -> None:
        if not self.is_before:
            await self._aask(request, user)

    def _ask(self, request: HttpRequest | None, user: Any | None) -> None:
        answer = self.function(request, user)
        if isawaitable(answer):
            async_to_sync(_awaited)(answer)

    async def _aask(self, request: HttpRequest | None, user: Any | None) -> None:
        if self._is_async:
            await self.function(request, user)
            return
        answer = await sync_to_async(self.function)(request, user)
        if isawaitable(answer):
            await answer


async def _awaited(answer: Any) -> None:
    await answer


def as_guard(guard: Any) -> LoginGuard:
    """Return `guard` as a LoginGuard: an instance as it is, a class made without options, a callable wrapped."""
    if isinstance(guard, LoginGuard):
        return guard
    if isinstance(guard, type) and issubclass(guard, LoginGuard):
        return guard()
    if not callable(guard):
        raise TypeError(f"{guard!r} is no guard: neither a LoginGuard nor a callable (request, user).")
    return FunctionGuard(guard)


class SwitchedOn(FromSettings):
    """The guards that a project has switched on."""

    @derived
    def guards(self) -> tuple[LoginGuard, ...]:
        """See active()."""
        return tuple(make(entry) for entry in settings.LOGIN_GUARDS)


switched_on = SwitchedOn()


def active() -> tuple[LoginGuard, ...]:
    """Return the guards of SESSIONAUTH_LOGIN_GUARDS, made once, in their order."""
    return switched_on.guards


def make(entry: str | Mapping[str, Any]) -> LoginGuard:
    """Make one entry of SESSIONAUTH_LOGIN_GUARDS. A callable with OPTIONS is a factory of guards."""
    path, options = (entry, {}) if isinstance(entry, str) else (entry["NAME"], entry.get("OPTIONS", {}))
    found = load(path)
    return as_guard(partial(found, **options)() if options else found)
