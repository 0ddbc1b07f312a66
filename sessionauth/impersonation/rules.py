"""Who may impersonate whom: what is always refused, the users' own say, and the guards of the project.

All of them must agree. The floor is no setting: a guard refuses more than it does, and never less.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from sessionauth.conf import load, settings
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.sessions import registry

logger = logging.getLogger("sessionauth")

#: The permissions, by their full names.
IMPERSONATE = "sessionauth.impersonate"
IMPERSONATE_STAFF = "sessionauth.impersonate_staff"
IMPERSONATE_WRITE = "sessionauth.impersonate_write"


def check(request: HttpRequest, actor: Any, target: Any, held: Collection[str] | None = None) -> None:
    """Do nothing if `actor` may impersonate `target`; raise ImpersonationDenied otherwise.

    Asked before the start, and again at every request while it lasts. `request.user` is the actor for the guards at
    both times. A guard that raises PermissionDenied may say why; one that fails has refused.

    `held` are those of our permissions that `actor` is already known to hold, for has_permission(); None to ask.
    """
    refuse_by_floor(actor, target)
    for ask in _questions(request, actor, target, held):
        _hear(ask, _answer(ask))


async def acheck(request: HttpRequest, actor: Any, target: Any) -> None:
    """See check()."""
    await sync_to_async(refuse_by_floor)(actor, target)
    for ask in await sync_to_async(_listed)(request, actor, target):
        _hear(ask, await _aanswer(ask))


def allows(request: HttpRequest, actor: Any, target: Any) -> bool:
    """Say whether `actor` may impersonate `target`; for buttons and lists."""
    try:
        check(request, actor, target)
    except ImpersonationDenied:
        return False
    return True


async def aallows(request: HttpRequest, actor: Any, target: Any) -> bool:
    """See allows()."""
    try:
        await acheck(request, actor, target)
    except ImpersonationDenied:
        return False
    return True


def may_begin(actor: Any) -> bool:
    """Say whether `actor` may impersonate anybody at all, as far as that shows without a target; for pages and lists.

    Where the guards are the project's own, it may turn out that nobody is left.
    """
    if not settings.IMPERSONATION_ENABLED or not _is_somebody(actor) or not getattr(actor, "is_active", True):
        return False
    guards = [guard for _, guard in chosen.guards]
    if has_permission in guards and not _has(actor, IMPERSONATE):
        return False
    return superusers_only not in guards or bool(getattr(actor, "is_superuser", False))


def may_show(request: HttpRequest, actor: Any, target: Any) -> bool:
    """Say whether a list leads from `target` to the page that asks, and decides.

    What would cost each row a query is not asked: what is async, and what bears the attribute `asks_database`.
    """
    try:
        refuse_by_floor(actor, target)
        for question in _questions(request, actor, target):
            if question.is_cheap:
                _hear(question, _answer(question))
    except ImpersonationDenied:
        return False
    return True


def may_write(actor: Any, held: Collection[str] | None = None) -> bool:
    """Say whether `actor` may change things while they impersonate; `held` is that of check()."""
    return _has(actor, IMPERSONATE_WRITE) if held is None else IMPERSONATE_WRITE in held


# ---- the floor


def refuse_by_floor(actor: Any, target: Any) -> None:
    """Raise ImpersonationDenied for what no setting and no guard can allow, save superusers among themselves."""
    code = _fault(actor, target)
    if code is not None:
        raise ImpersonationDenied(code)


def _fault(actor: Any, target: Any) -> str | None:
    if not settings.IMPERSONATION_ENABLED:
        return "disabled"
    if not _is_somebody(actor) or not getattr(actor, "is_active", True):
        return "nobody"
    if not _is_somebody(target):
        return "unknown"
    if actor.pk == target.pk:
        return "self"
    if not getattr(target, "is_active", True):
        return "inactive"
    return None if _may_be_as_strong(actor, target) else "superuser"


def _is_somebody(user: Any) -> bool:
    return registry.lists(user)


def _may_be_as_strong(actor: Any, target: Any) -> bool:
    """Say whether nobody rises: a superuser is the target of superusers alone, and only if that is so set."""
    if not getattr(target, "is_superuser", False):
        return True
    return bool(settings.IMPERSONATION_SUPERUSERS) and bool(getattr(actor, "is_superuser", False))


# ---- what may be asked besides


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask, and the code of a refusal."""

    code: str
    ask: Callable[[], Any]
    of: Callable[..., Any]
    #: The path of a guard, for those who look for why.
    path: str = ""

    @property
    def is_async(self) -> bool:
        """Whether it is awaited."""
        return iscoroutinefunction(self.of)

    @property
    def is_cheap(self) -> bool:
        """Whether it may be asked for each row of a list."""
        return not self.is_async and not getattr(self.of, "asks_database", False)


class Chosen(FromSettings):
    """What the settings name."""

    @derived
    def guards(self) -> list[tuple[str, Any]]:
        """The guards of the project, with their paths."""
        return [(path, load(path)) for path in settings.IMPERSONATION_GUARDS]


chosen = Chosen()


def _listed(request: HttpRequest, actor: Any, target: Any) -> list[Question]:
    return list(_questions(request, actor, target))


def _questions(
    request: HttpRequest, actor: Any, target: Any, held: Collection[str] | None = None
) -> Iterator[Question]:
    """Yield what to ask: the users first, then the guards."""
    if hasattr(actor, "can_impersonate"):
        yield Question("actor", lambda: actor.can_impersonate(target), actor.can_impersonate)
    if hasattr(target, "can_be_impersonated"):
        yield Question("target", lambda: target.can_be_impersonated(actor), target.can_be_impersonated)
    for path, guard in chosen.guards:
        if guard is has_permission and held is not None:
            yield Question("guard", partial(_lets, held.__contains__, target), guard, path)
        else:
            yield Question("guard", partial(guard, request, actor=actor, target=target), guard, path)


def _answer(question: Question) -> Any:
    """Return what was answered, the exception too: it is heard as a refusal."""
    try:
        found = question.ask()
        return async_to_sync(_awaited)(found) if found is not True and isawaitable(found) else found
    except Exception as error:
        return error


async def _aanswer(question: Question) -> Any:
    """See _answer(). What is sync is asked in the thread of the database."""
    try:
        found = question.ask() if question.is_async else await sync_to_async(question.ask)()
        return await found if isawaitable(found) else found
    except Exception as error:
        return error


async def _awaited(found: Any) -> Any:
    return await found


def _hear(question: Question, found: Any) -> None:
    """Raise ImpersonationDenied unless the answer `found` is yes."""
    if found is True:
        return
    denial = _denial(question.code, found)
    denial.guard = question.path
    raise denial from (found if isinstance(found, Exception) and found is not denial else None)


def _denial(code: str, found: Any) -> ImpersonationDenied:
    if isinstance(found, ImpersonationDenied):
        return found
    if isinstance(found, PermissionDenied):
        return ImpersonationDenied(code, str(found))
    if isinstance(found, Exception):
        logger.error("Who may impersonate whom could not be asked; refused.", exc_info=found)
        return ImpersonationDenied("failed")
    return ImpersonationDenied(code)


# ---- guards to choose from


def has_permission(request: HttpRequest, *, actor: Any, target: Any) -> bool:
    """Let those impersonate who hold `sessionauth.impersonate`; staff only with `sessionauth.impersonate_staff`."""
    return _lets(partial(_has, actor), target)


def _lets(holds: Callable[[str], bool], target: Any) -> bool:
    return holds(IMPERSONATE) and (not getattr(target, "is_staff", False) or holds(IMPERSONATE_STAFF))


def superusers_only(request: HttpRequest, *, actor: Any, target: Any) -> bool:
    """Let superusers impersonate, and nobody else."""
    return bool(getattr(actor, "is_superuser", False))


def not_staff(request: HttpRequest, *, actor: Any, target: Any) -> bool:
    """Keep staff and superusers from being impersonated, whoever asks."""
    return not (getattr(target, "is_staff", False) or getattr(target, "is_superuser", False))


def no_privilege_gain(request: HttpRequest, *, actor: Any, target: Any) -> bool:
    """Let only those be impersonated who hold no permission that the actor does not hold."""
    if getattr(actor, "is_superuser", False):
        return True
    if not hasattr(target, "get_all_permissions") or not hasattr(actor, "get_all_permissions"):
        return False
    return set(target.get_all_permissions()) <= set(actor.get_all_permissions())


no_privilege_gain.asks_database = True  # type: ignore[attr-defined]


def _has(user: Any, permission: str) -> bool:
    # A user model need not have PermissionsMixin.
    return hasattr(user, "has_perm") and bool(user.has_perm(permission))
