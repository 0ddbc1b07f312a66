"""One attempt to sign in: who tries, what it has reserved, and why it was refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from operator import methodcaller
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from sessionauth import signals
from sessionauth.exceptions import LoginDenied
from sessionauth.guards.base import LoginGuard
from sessionauth.guards.counters.base import Slot
from sessionauth.guards.counters.cache import CacheSlots
from sessionauth.request_state import state_of
from sessionauth.undocumented import tells_others

#: Attribute of an exception by which a guard refused, whatever its class; see backends.denial_of().
REFUSAL = "_sessionauth_refusal"

_current: ContextVar[Attempt | None] = ContextVar("sessionauth_attempt", default=None)


class Proof(NamedTuple):
    """Whom the credentials prove. `is_barred`: the backend that says so does not let them in."""

    user: Any | None = None
    is_barred: bool = False


#: What becomes of a slot; see Slot.
_succeeded, _failed, _refund = map(methodcaller, ("succeeded", "failed", "refund"))


class Attempt:
    """One attempt, with its guards: they are asked exactly once, whoever asks `authenticate()` within it again."""

    def __init__(
        self,
        request: HttpRequest | None,
        identity: str | None,
        guards: Sequence[LoginGuard],
        find: Callable[[], Any | None],
        doors: Sequence[LoginGuard] | None = None,
    ) -> None:
        """Take `find`, which looks up the account; it is called once, when somebody wants to know.

        `doors` are asked before the credentials instead of `guards`, where some of them count together.
        """
        self.request, self.identity, self.guards = request, identity, guards
        self.doors = guards if doors is None else doors
        #: What a guard raised.
        self.denial: Exception | None = None
        #: At most so many attempts on the account are evaluated in a window, if the shared cache counts them exactly.
        self.bound: int | None = None
        #: A backend has found the credentials wrong, whatever comes of those that are asked after it.
        self.is_refuted = False
        #: What names are counted by, as far as it was worked out; see keys.name().
        self.names: dict[str, str] = {}
        self._find = find
        self._found: list[Any | None] = []
        self._slots: list[Slot] = []
        self._is_left_to_record = False
        self._is_begun = self._is_judged = False
        #: True from the end on; a task or thread that was started within it keeps it in its context.
        self.is_over = False

    def hold(self, slot: Slot) -> None:
        """Keep `slot` until it is known what becomes of the attempt."""
        before = self._slots[-1] if self._slots else None
        if isinstance(before, CacheSlots) and isinstance(slot, CacheSlots):
            self._slots[-1] = before.joined(slot)
        else:
            self._slots.append(slot)

    @property
    def held(self) -> int:
        """How many slots are kept."""
        return len(self._slots)

    def let_go(self, since: int) -> None:
        """Give back the slots after the first `since`."""
        slots, self._slots = self._slots[since:], self._slots[:since]
        for slot in slots:
            slot.refund()

    def account(self) -> Any | None:
        """Return the account that the identity means; one query, once."""
        if not self._found:
            self._found.append(self._find())
        return self._found[0]

    async def aaccount(self) -> Any | None:
        """See account()."""
        return self._found[0] if self._found else await sync_to_async(self.account)()

    def leave_to_record(self) -> bool:
        """Leave it to the record to look up whose account is refused, and say whether nobody else wants to know.

        The record need not look where it has told of the same refusal within the minute: an account that is under
        attack is refused again and again, and the look was a quarter of it. Whether it looks has nothing to do with
        what it would find.
        """
        told = (LoginGuard.login_denied, LoginGuard.alogin_denied)
        self._is_left_to_record = not tells_others(None, signals.login_denied) and all(
            (type(guard).login_denied, type(guard).alogin_denied) == told for guard in self.guards
        )
        return self._is_left_to_record

    @sensitive_variables("evaluate")
    def run(self, evaluate: Callable[[], Proof]) -> Any | None:
        """Return the user whom `evaluate()` proves and no guard refuses, None for nobody.

        A refusal is raised as the guard's own exception, and stands in `denial`. Whatever else goes wrong gives back
        what was reserved, unless a backend has found the credentials wrong by then: it says nothing about them.
        """
        token = _current.set(self)
        try:
            user = self._judge(evaluate)
            self._settle(user)
            return user
        except Exception as reason:
            if reason is self.denial:
                self._deny(reason)
            raise
        finally:
            self.is_over = True
            _current.reset(token)
            self._drop()

    @sensitive_variables("evaluate")
    async def arun(self, evaluate: Callable[[], Coroutine[Any, Any, Proof]]) -> Any | None:
        """See run()."""
        token = _current.set(self)
        try:
            user = await self._ajudge(evaluate)
            await self._asettle(user)
            return user
        except Exception as reason:
            if reason is self.denial:
                await self._adeny(reason)
            raise
        except asyncio.CancelledError:
            # The client has hung up. What has begun is work all the same, and a guess that goes on in its thread.
            if self._is_begun:
                with suppress(LoginDenied):
                    await self._arelease(_failed)
            raise
        finally:
            self.is_over = True
            _current.reset(token)
            await self._adrop()

    @sensitive_variables("evaluate")
    def _judge(self, evaluate: Callable[[], Proof]) -> Any | None:
        for guard in self.doors:
            account = self.account() if guard.needs_account else None
            with self._refusing():
                guard.before_credentials(self.request, self.identity, account)
        with self._refusing(LoginDenied):
            proof = evaluate()
        self._is_judged = True
        if proof.user is not None:
            for guard in self.guards:
                with self._refusing():
                    guard.after_credentials(self.request, proof.user)
        return None if proof.is_barred else proof.user

    @sensitive_variables("evaluate")
    async def _ajudge(self, evaluate: Callable[[], Coroutine[Any, Any, Proof]]) -> Any | None:
        for guard in self.doors:
            account = await self.aaccount() if guard.needs_account else None
            with self._refusing():
                await guard.abefore_credentials(self.request, self.identity, account)
        self._is_begun = True
        with self._refusing(LoginDenied):
            proof = await evaluate()
        self._is_judged = True
        if proof.user is not None:
            for guard in self.guards:
                with self._refusing():
                    await guard.aafter_credentials(self.request, proof.user)
        return None if proof.is_barred else proof.user

    @contextmanager
    def _refusing(self, kind: type[Exception] = Exception) -> Iterator[None]:
        try:
            yield
        except kind as reason:
            self.denial = reason
            reason.__dict__[REFUSAL] = True
            raise

    def _settle(self, user: Any | None) -> None:
        with self._refusing(LoginDenied):
            self._release(_failed if user is None else _succeeded)
        for guard in self.guards:
            if user is None:
                guard.login_failed(self.request, self.identity, self._known())
            else:
                guard.login_succeeded(self.request, user)
        self._forget_denial(user)

    async def _asettle(self, user: Any | None) -> None:
        with self._refusing(LoginDenied):
            await self._arelease(_failed if user is None else _succeeded)
        for guard in self.guards:
            if user is None:
                await guard.alogin_failed(self.request, self.identity, self._known())
            else:
                await guard.alogin_succeeded(self.request, user)
        self._forget_denial(user)

    def _forget_denial(self, user: Any | None) -> None:
        if user is not None and self.request is not None:
            state_of(self.request).denied = None

    def _deny(self, reason: Exception) -> None:
        """Tell the guards of the refusal. Raises another one where it could not be counted."""
        told = reason
        try:
            with self._refusing(LoginDenied):
                self._release(_failed if self._looks_wrong(reason) else _refund)
        except LoginDenied as uncounted:
            told = uncounted
        for guard in self.guards:
            guard.login_denied(self.request, self.identity, self._known(), told)
        signals.login_denied.send_robust(**self._denied(told))
        if told is not reason:
            raise told from reason

    async def _adeny(self, reason: Exception) -> None:
        told = reason
        try:
            with self._refusing(LoginDenied):
                await self._arelease(_failed if self._looks_wrong(reason) else _refund)
        except LoginDenied as uncounted:
            told = uncounted
        for guard in self.guards:
            await guard.alogin_denied(self.request, self.identity, self._known(), told)
        await signals.login_denied.asend_robust(**self._denied(told))
        if told is not reason:
            raise told from reason

    def _looks_wrong(self, reason: Exception) -> bool:
        """Say whether it must count like a wrong password too, or the counter would tell what the answer does not."""
        if not self._is_judged:
            return self.is_refuted
        return isinstance(reason, LoginDenied) and not reason.public

    def _denied(self, reason: Exception) -> dict[str, Any]:
        identity = "" if self.identity is None else str(self.identity)
        find = {"find": self.account} if self._is_left_to_record and not self._found else {}
        told = {"request": self.request, "identity": identity, "user": self._known(), "reason": reason}
        return {"sender": None, **told, **find}

    def _known(self) -> Any | None:
        """Return the account if it has been looked up."""
        return self._found[0] if self._found else None

    def _drop(self) -> None:
        """Let go of what is left: something went wrong on the way."""
        with suppress(LoginDenied):
            self._release(self._of_what_went_wrong())

    async def _adrop(self) -> None:
        with suppress(LoginDenied):
            await self._arelease(self._of_what_went_wrong())

    def _of_what_went_wrong(self) -> Callable[[Slot], None]:
        return _failed if self.is_refuted and not self._is_judged else _refund

    def _release(self, settle: Callable[[Slot], None]) -> None:
        slots, self._slots = self._slots, []
        if slots:
            with ExitStack() as every:  # also those after one that refuses
                for slot in slots:
                    every.callback(settle, slot)

    async def _arelease(self, settle: Callable[[Slot], None]) -> None:
        # A slot of the project's may not say: then it is asked as if it were the last.
        if settle is _failed and not any(getattr(slot, "is_last", True) for slot in self._slots):
            self._slots = []
        elif self._slots:
            await asyncio.shield(sync_to_async(self._release)(settle))


def current() -> Attempt | None:
    """Return the attempt that is under way in this context."""
    found = _current.get()
    return None if found is None or found.is_over else found
