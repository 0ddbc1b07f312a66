"""The permissions of an actor, asked for in the query that fetches their target.

Django's `has_perm()` would take two queries of its own, on every request of somebody who impersonates. Only where it
means just what Django wrote is this the same question; elsewhere nothing is asked here, and `has_perm()` is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any
from uuid import UUID

from django.contrib.auth import get_backends
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.models import Group, Permission, PermissionsMixin
from django.core.exceptions import ImproperlyConfigured
from django.db import router
from django.db.models import Case, FilteredRelation, IntegerField, Max, Q, Subquery, Value, When
from django.http import HttpRequest

from sessionauth import compiled, instances, lookup, migrated
from sessionauth.conf import djangos, settings
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.impersonation.rules import IMPERSONATE, IMPERSONATE_STAFF, IMPERSONATE_WRITE
from sessionauth.models import Impersonation, LoginSession
from sessionauth.sessions import db

#: What stands for each in the number that comes back.
BITS = {IMPERSONATE: 1, IMPERSONATE_STAFF: 2, IMPERSONATE_WRITE: 4}
#: Which they are, by that number.
HOLDINGS = tuple(frozenset(name for name, bit in BITS.items() if total & bit) for total in range(8))
ALL = HOLDINGS[-1]
APP = "sessionauth"
NOT_ASKED: Any = object()
NAME, ACTED = "sessionauth_held", "sessionauth_acted"
ACTOR = Impersonation._meta.get_field("actor")
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
    return _question(actor.pk) if is_open(actor) else {}


def _question(actor_key: Any) -> dict[str, Any]:
    found = Permission._default_manager.filter(Q(pk__in=_own(actor_key)) | Q(pk__in=_of_groups(actor_key)))
    found = found.filter(content_type__app_label=APP, codename__in=[_codename(name) for name in BITS])
    # One may come twice, by oneself and by a group: no sum of all.
    read, staff, write = (_bit(name) for name in BITS)
    total = found.order_by().values("content_type__app_label").values(total=read + staff + write)
    return {NAME: Subquery(total, output_field=IntegerField())}


def target_rows(users: Any, key: Any, actor_key: Any) -> Any:
    """Return the target of the impersonation `key` with its row, and with the answer to question()."""
    return lookup.target_rows(users, key).annotate(**_question(actor_key))


CONSTANTS = (APP, *map(_codename, BITS), *BITS.values(), 0)
target_rows.constants = CONSTANTS  # type: ignore[attr-defined]
target_rows.extra = NAME  # type: ignore[attr-defined]


def named_rows(users: Any, key: Any, actor_key: Any) -> Any:
    """Return of `users` the one with `key`, with the answer to question()."""
    return users.order_by().filter(pk=key).annotate(**_question(actor_key))


def own_rows(users: Any, actor_key: Any) -> Any:
    """Return of `users` the actor, with the answer to question()."""
    return named_rows(users, actor_key, actor_key)


named_rows.constants = own_rows.constants = CONSTANTS  # type: ignore[attr-defined]


def actor_rows(users: Any, actor_key: Any, sid: str, key: Any) -> Any:
    """Return the actor with the row `sid` of their sign-in, with their impersonation `key`, and its target.

    And with the answer to question().
    """
    acted = FilteredRelation("sessionauth_impersonation_acted", condition=Q(sessionauth_impersonation_acted__id=key))
    found = lookup.session_rows(users, actor_key, sid).annotate(**{ACTED: acted}, **_question(actor_key))
    return found.select_related(lookup.JOINED, f"{ACTED}__target")


actor_rows.constants = CONSTANTS  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Brought:
    """An impersonation that was fetched along with its actor and the row of their sign-in, at a moment of monotonic().

    Good for one request, and for no longer than between two steps of it.
    """

    actor: Any
    login: LoginSession | None
    seen: lookup.Impersonated
    moment: float

    def of(self, key: UUID, actor: Any) -> lookup.Impersonated | None:
        """Return what find() would, None if it was fetched for another or too long ago."""
        row: Any = self.seen.row
        is_good = row.pk == key and actor is self.actor and monotonic() - self.moment <= db.GOOD_FOR
        return self.seen if is_good else None


def bring(key: UUID, actor_key: Any, sid: str) -> Brought | None:
    """Return by one query what find() returns, and who asks for it, None where it does not come to that.

    Only where all users are to be found, for the target is fetched as they are.
    """
    model, moment = djangos.user_model, monotonic()
    using = router.db_for_write(model)
    if router.db_for_write(Impersonation) != using or not is_djangos(model):
        return None
    values = ((model._meta.pk, actor_key), (lookup.SID, sid), (Impersonation._meta.pk, key))

    def question() -> Any:
        return compiled.tuples(actor_rows, model._default_manager, using, values, joined=LoginSession)

    try:
        found = migrated.ask(question, LoginSession, Impersonation)
    except migrated.NotMigrated:
        return None
    return _brought(model, using, found[0], moment) if found else None


def _brought(model: Any, using: str, columns: list[Any], moment: float) -> Brought | None:
    """Return what stands in `columns`, in the order of actor_rows(); None without an impersonation or a target."""
    first, second, third = _places(model)
    actor = instances.made(model, using, columns[:first])
    login = instances.made(LoginSession, using, columns[first + 1 : second])
    row = instances.made(Impersonation, using, columns[second:third])
    target = instances.made(model, using, columns[third:])
    if row is None or target is None:
        return None
    if login is not None:
        login._state.fields_cache[lookup.USER.name] = actor
    row._state.fields_cache |= {ACTOR.name: actor, lookup.TARGET.name: target}
    target.__dict__[NAME] = columns[first]
    return Brought(actor, login, lookup.Impersonated(row, target), moment)


@lru_cache(maxsize=64)
def _places(model: Any) -> tuple[int, int, int]:
    """Return where in a row of actor_rows() the answer to question() stands, the impersonation, and the target."""
    people, logins, acts = (len(one._meta.concrete_fields) for one in (model, LoginSession, Impersonation))
    return people, people + 1 + logins, people + 1 + logins + acts


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
        found = compiled.tuples(build, model._default_manager, using, values)
    if found is None:
        return build(lookup.users(request), *keys).first()
    if not found:
        return None
    *columns, total = found[0]
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


def _bit(name: str) -> Any:
    return Max(Case(When(codename=_codename(name), then=Value(BITS[name])), default=Value(0)))


def _own(actor_key: Any) -> Any:
    return _pairs("user_permissions", actor_key)


def _of_groups(actor_key: Any) -> Any:
    rows = Group.permissions.through._default_manager.filter(group_id__in=_pairs("groups", actor_key))
    return rows.order_by().values("permission_id")


def _pairs(name: str, actor_key: Any) -> Any:
    """Return the keys of what the user has by the field `name`, from the table between both."""
    field = djangos.user_model._meta.get_field(name)
    rows = field.remote_field.through._default_manager
    rows = rows.filter(**{f"{field.m2m_field_name()}_id": actor_key})
    return rows.order_by().values(f"{field.m2m_reverse_field_name()}_id")
