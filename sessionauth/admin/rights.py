"""What an administrator may hand out: never more than they hold.

Whoever sees a new secret can act as its owner, so issuing and rotating for somebody else is as much as becoming them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext

from sessionauth import scopes
from sessionauth.conf import settings
from sessionauth.credentials.states import owner_of
from sessionauth.models import AbstractCredential


def objection(admin: Any, row: AbstractCredential) -> str:
    """Say why `admin` must not see a secret of `row` nor widen it, "" if they may.

    `row` may be one that is still to be issued.
    """
    owner = owner_of(row)
    if owner is not None:
        return "" if may_act_as(admin, owner) else gettext("Its owner may do more than you. A superuser has to do it.")
    if row.failure() == "unknown" and not is_superuser(admin):
        return gettext("Its owner is gone.")
    # "All of its owner's" is nothing where there is no owner.
    lacking = lacks(admin, row.granted or ())
    return gettext("You do not hold: %(scopes)s.") % {"scopes": ", ".join(sorted(lacking))} if lacking else ""


def is_superuser(user: Any) -> bool:
    """Say whether `user` may do everything."""
    return bool(getattr(user, "is_active", True) and getattr(user, "is_superuser", False))


def may_act_as(admin: Any, owner: Any) -> bool:
    """Say whether `owner` may do nothing that `admin` may not.

    Compared are permissions, whichever backend gives them, the scopes that a user model's own `get_scopes()` names, and
    the declared scopes. Of an inactive user, and of a user model that cannot list permissions, it cannot be told what
    they may: that is for superusers.
    """
    if admin.pk == owner.pk or is_superuser(admin):
        return True
    if not getattr(owner, "is_active", True) or getattr(owner, "is_superuser", False):
        return False
    if not all(hasattr(one, "get_all_permissions") for one in (admin, owner)):
        return False
    return owner.get_all_permissions() <= admin.get_all_permissions() and not lacks(admin, _scopes_of(owner))


def lacks(admin: Any, names: Collection[str]) -> list[str]:
    """Return those of the scopes `names` that `admin` does not hold."""
    return [] if is_superuser(admin) else [name for name in names if not scopes.holds(admin, name)]


def _scopes_of(owner: Any) -> list[str]:
    own = getattr(owner, "get_scopes", None)
    declared = [name for name in settings.SCOPES if scopes.holds(owner, name)]
    return [*declared, *(own() if own is not None else ())]
