"""Scopes: names for what a credential may do, each standing for permissions of Django."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from asgiref.sync import sync_to_async

from sessionauth.conf import settings


def permissions_of(scope: str) -> Collection[str]:
    """Return the permissions that `scope` stands for: those declared for its name, or itself if it is a permission."""
    declared = settings.SCOPES.get(scope)
    if declared is not None:
        return declared[1]
    return (scope,) if "." in scope else ()


def is_known(scope: str) -> bool:
    """Say whether `scope` is declared in SESSIONAUTH_SCOPES or has the form of a permission, `app.codename`."""
    app_label, dot, codename = scope.partition(".")
    return scope in settings.SCOPES or bool(dot and app_label and codename)


def unknown(scopes: Iterable[str]) -> list[str]:
    """Return those of `scopes` that mean nothing here."""
    return [scope for scope in scopes if not is_known(scope)]


def _own(user: Any) -> Collection[str]:
    own = getattr(user, "get_scopes", None)
    return own() if own is not None else ()


def holds(user: Any, scope: str) -> bool:
    """Say whether `user` may do what `scope` names: by their own `get_scopes()`, or by holding its permissions.

    Asks `user.has_perm`, hence every authentication backend. A declared scope without permissions is everybody's.
    """
    if scope in _own(user):
        return True
    if not is_known(scope) or not user.is_authenticated:
        return False
    permissions = permissions_of(scope)
    # Not has_perms(): a user model need not have PermissionsMixin, Django's own example has `has_perm` alone.
    return not permissions or (hasattr(user, "has_perm") and all(user.has_perm(name) for name in permissions))


async def aholds(user: Any, scope: str) -> bool:
    """See holds().

    The same question in the ORM's thread, not Django's `ahas_perm()`: backends and user models that override only
    `has_perm()` would be passed over, and a veto with them.
    """
    return await sync_to_async(holds)(user, scope)


def grants(granted: Collection[str] | None, scope: str) -> bool:
    """Say whether a credential that was `granted` these scopes covers `scope`; None covers everything.

    A declared scope covers the permissions it stands for, and a set of permissions covers the declared scope that needs
    no others.
    """
    if granted is None or scope in granted:
        return True
    needed = permissions_of(scope)
    covered = {permission for name in granted for permission in permissions_of(name)}
    return bool(needed) and covered.issuperset(needed)
