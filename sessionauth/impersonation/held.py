"""The permissions of an actor, asked for in the query that fetches their target.

Django's `has_perm()` would take two queries of its own, on every request of somebody who impersonates. Only where it
means just what Django wrote is this the same question; elsewhere nothing is asked here, and `has_perm()` is.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib.auth import get_backends
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.models import Group, Permission, PermissionsMixin
from django.core.exceptions import ImproperlyConfigured
from django.db import router
from django.db.models import Case, IntegerField, OuterRef, Q, Subquery, Sum, Value, When
from django.http import HttpRequest

from sessionauth import compiled, instances, lookup
from sessionauth.conf import djangos, settings
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.impersonation.rules import IMPERSONATE, IMPERSONATE_STAFF, IMPERSONATE_WRITE
from sessionauth.models import Impersonation

#: What stands for each in the number that comes back.
BITS = {IMPERSONATE: 1, IMPERSONATE_STAFF: 2, IMPERSONATE_WRITE: 4}
#: Which they are, by that number.
HOLDINGS = tuple(frozenset(name for name, bit in BITS.items() if total & bit) for total in range(8))
ALL = HOLDINGS[-1]
APP = "sessionauth"
NOT_ASKED: Any = object()
NAME = "sessionauth_held"
#: What decides about permissions in a backend.
OF_BACKENDS = (
    "has_perm",
    "get_all_permissions",
    "get_user_permissions",
    "get_group_permissions",
    "_get_user_permissions",
    "_get_group_permissions",
    "_get_permissions",
)


def _codename(name: str) -> str:
    return name.partition(".")[2]


def is_open(actor: Any) -> bool:
    """Say whether it takes the database to know what `actor` holds, and a subquery knows it."""
    return is_djangos(type(actor)) and not getattr(actor, "is_superuser", False)


def question(actor: Any) -> dict[str, Any]:
    """Return what to add to a query for users, so that answer() knows what `actor` holds; nothing where it cannot."""
    return question_of(actor.pk) if is_open(actor) else {}


def question_of(actor_key: Any) -> dict[str, Any]:
    """Return the same for whoever has `actor_key`, which may be an OuterRef to a column of the query.

    In one subquery with two lists of keys: PostgreSQL, which plans it at each request, took half a millisecond more for
    three with EXISTS, by which SQLite spares 10 µs.
    """
    found = Permission._default_manager.filter(Q(pk__in=_own(actor_key)) | Q(pk__in=_of_groups(actor_key)))
    found = found.filter(content_type__app_label=APP, codename__in=[_codename(name) for name in BITS])
    # DISTINCT, for two models may have permissions by one name. A maximum for each name instead, three in a row, cost
    # a new connection of PostgreSQL's 170 µs more of 1300: to plan it, it asked the system for memory each time.
    bits = Case(*[When(codename=_codename(name), then=Value(bit)) for name, bit in BITS.items()])
    total = found.order_by().values("content_type__app_label").values(total=Sum(bits, distinct=True))
    return {NAME: Subquery(total, output_field=IntegerField())}


def target_rows(users: Any, key: Any, actor_key: Any) -> Any:
    """Return the target of the impersonation `key` with its row, and with the answer to question()."""
    return lookup.target_rows(users, key).annotate(**question_of(actor_key))


CONSTANTS = (APP, *map(_codename, BITS), *BITS.values())
target_rows.constants = CONSTANTS  # type: ignore[attr-defined]
target_rows.extra = NAME  # type: ignore[attr-defined]
target_rows.parts = lambda: (djangos.user_model, None, lookup.TARGET)  # type: ignore[attr-defined]


def named_rows(users: Any, key: Any, actor_key: Any) -> Any:
    """Return of `users` the one with `key`, with the answer to question()."""
    return users.order_by().filter(pk=key).annotate(**question_of(actor_key))


def own_rows(users: Any, actor_key: Any) -> Any:
    """Return of `users` the actor, with the answer to question()."""
    return named_rows(users, actor_key, actor_key)


named_rows.constants = own_rows.constants = CONSTANTS  # type: ignore[attr-defined]
named_rows.parts = own_rows.parts = lambda: (djangos.user_model, None)  # type: ignore[attr-defined]


def find(request: HttpRequest, key: UUID, actor: Any) -> lookup.Impersonated:
    """Return the impersonation `key` and its target, and with them what answer() needs to know of `actor`."""
    if not is_open(actor):
        return lookup.impersonated(request, key)
    return lookup.impersonated(request, key, target_rows, (actor._meta.pk, actor.pk))


def answer(actor: Any, target: Any) -> Collection[str] | None:
    """Return which of the permissions `actor` holds, by what came back with `target`; None where it was not asked."""
    total = NOT_ASKED if target is None else target.__dict__.pop(NAME, NOT_ASKED)
    if getattr(actor, "is_superuser", False):
        return ALL if total is not NOT_ASKED or is_djangos(type(actor)) else None
    return None if total is NOT_ASKED else HOLDINGS[total or 0]


def actor_of(request: HttpRequest, row: Impersonation) -> tuple[Any | None, Collection[str] | None]:
    """Return who acts by `row`, None for nobody whom `request` may find, and what answer() says of them: one query."""
    if row.actor_id is None:
        return None, None
    if is_djangos(djangos.user_model):
        actor = _only(request, own_rows, row.actor_id)
    else:
        actor = lookup.users(request).filter(pk=row.actor_id).first()
    return actor, answer(actor, actor)


def named(request: HttpRequest, key: Any, actor: Any) -> Any | None:
    """Return the user `key` if `request` may find them, and with them what answer() needs to know of `actor`."""
    if is_open(actor):
        return _only(request, named_rows, key, actor.pk)
    return lookup.users(request).filter(pk=key).first()


def _only(request: HttpRequest, build: compiled.Builder, *keys: Any) -> Any | None:
    """Return the one user of `build(users, *keys)`; compiled once where nothing but `keys` goes into the query."""
    model, using, found = djangos.user_model, router.db_for_write(djangos.user_model), None
    if not settings.USER_QUERYSET:
        values = [(model._meta.pk, key) for key in keys]
        found = compiled.parts(build, model._default_manager, using, values)
    if found is None:
        return build(lookup.users(request), *keys).first()
    if not found:
        return None
    columns, total = found[0]
    user = instances.made(model, using, columns)
    user.__dict__[NAME] = total
    return user


def is_djangos(model: type) -> bool:
    """Say whether permissions of users of `model` are what Django's own backend reads, and nobody else has a say."""
    if not issubclass(model, PermissionsMixin) or model.has_perm is not PermissionsMixin.has_perm:
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


def _own(actor_key: Any) -> Any:
    return _linked("user_permissions", actor_key, depth=2)


def _of_groups(actor_key: Any) -> Any:
    groups = _linked("groups", actor_key, depth=3)
    return Group.permissions.through._default_manager.filter(group_id__in=groups).order_by().values("permission_id")


def _linked(name: str, actor_key: Any, *, depth: int) -> Any:
    """Return the keys of what an actor has by the field `name`, asked for `depth` queries further in."""
    field = djangos.user_model._meta.get_field(name)
    if isinstance(actor_key, OuterRef):
        for _ in range(depth - 1):
            actor_key = OuterRef(actor_key)
    rows = field.remote_field.through._default_manager.filter(**{f"{field.m2m_field_name()}_id": actor_key})
    return rows.order_by().values(f"{field.m2m_reverse_field_name()}_id")
