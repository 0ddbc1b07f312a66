"""The permissions of an actor, asked for in the query that fetches their target.

Django's `has_perm()` would take two queries of its own, on every request of somebody who impersonates. Only where it
means just what Django wrote is this the same question; elsewhere nothing is asked here, and `has_perm()` is.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_backends
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.models import Permission, PermissionsMixin
from django.core.exceptions import ImproperlyConfigured
from django.db import router
from django.db.models import Case, Max, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from sessionauth import lookup
from sessionauth.conf import djangos
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.impersonation.rules import IMPERSONATE, IMPERSONATE_STAFF, IMPERSONATE_WRITE
from sessionauth.models import Impersonation

#: What stands for each in the number that comes back.
BITS = {IMPERSONATE: 1, IMPERSONATE_STAFF: 2, IMPERSONATE_WRITE: 4}
ALL = frozenset(BITS)
NAME = "sessionauth_held"
#: What decides about permissions in a backend, and in a user.
OF_BACKENDS = (
    "has_perm",
    "get_all_permissions",
    "get_user_permissions",
    "get_group_permissions",
    "_get_user_permissions",
    "_get_group_permissions",
    "_get_permissions",
)
OF_USERS = ("has_perm",)


def question(actor: Any) -> dict[str, Any]:
    """Return what to add to a query for users, so that answer() knows what `actor` holds; nothing where it cannot."""
    if not is_djangos(type(actor)) or getattr(actor, "is_superuser", False):
        return {}
    found = Permission._default_manager.filter(Q(pk__in=_own(actor)) | Q(pk__in=_of_groups(actor)))
    found = found.filter(content_type__app_label="sessionauth", codename__in=[_codename(name) for name in BITS])
    # One may come twice, by oneself and by a group: no sum of all.
    read, staff, write = (_bit(name) for name in BITS)
    total = found.order_by().values("content_type__app_label").values(total=read + staff + write)
    return {NAME: Coalesce(Subquery(total), Value(0))}


def answer(actor: Any, target: Any) -> Collection[str] | None:
    """Return which of the permissions `actor` holds, by what came back with `target`; None where it was not asked."""
    total = None if target is None else target.__dict__.pop(NAME, None)
    if not is_djangos(type(actor)):
        return None
    if getattr(actor, "is_superuser", False):
        return ALL
    return None if total is None else frozenset(name for name, bit in BITS.items() if total & bit)


def actor_of(request: HttpRequest, row: Impersonation) -> tuple[Any | None, Collection[str] | None]:
    """Return who acts by `row`, None for nobody whom `request` may find, and what answer() says of them: one query."""
    model: Any = djangos.user_model
    if row.actor_id is None:
        return None, None
    actor = lookup.users(request).filter(pk=row.actor_id).annotate(**question(model(pk=row.actor_id))).first()
    return actor, answer(actor, actor)


def is_djangos(model: type) -> bool:
    """Say whether permissions of users of `model` are what Django's own backend reads, and nobody else has a say."""
    if not issubclass(model, PermissionsMixin):
        return False
    if any(getattr(model, name) is not getattr(PermissionsMixin, name) for name in OF_USERS):
        return False
    return known.are_djangos and router.db_for_write(djangos.user_model) == router.db_for_read(Permission)


class Known(FromSettings):
    """What follows from the settings."""

    @derived
    def are_djangos(self) -> bool:
        """Whether the backends answer for permissions as Django's own does, or not at all."""
        try:
            backends = get_backends()
        except (ImportError, ImproperlyConfigured):
            return False
        return any(_is_like(one, ModelBackend) for one in backends) and all(
            _is_like(one, ModelBackend) or _is_like(one, BaseBackend) for one in backends
        )


known = Known()


def _is_like(backend: Any, model: type) -> bool:
    """Say whether `backend` answers for permissions as `model` does."""
    own = type(backend)
    return all(
        name not in vars(backend) and getattr(own, name, None) is getattr(model, name, None) for name in OF_BACKENDS
    )


def _bit(name: str) -> Any:
    return Max(Case(When(codename=_codename(name), then=Value(BITS[name])), default=Value(0)))


def _codename(name: str) -> str:
    return name.partition(".")[2]


def _own(actor: Any) -> Any:
    return actor.user_permissions.order_by().values("pk")


def _of_groups(actor: Any) -> Any:
    return Permission._default_manager.filter(group__in=actor.groups.order_by().values("pk")).order_by().values("pk")
