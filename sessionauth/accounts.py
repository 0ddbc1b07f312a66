"""Which account a name on a login form means."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import BaseUserManager
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import connections, router
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from sessionauth import compiled
from sessionauth.conf import djangos, load, settings

#: What backends call the name, besides the user model's own words.
NAMES = ("email", "login", "phone")
#: Whose `get_by_natural_key()` is a comparison of the username field and nothing else.
NATURAL = frozenset({BaseUserManager.get_by_natural_key})

#: Databases that compare texts character by character, as far as Django sets them up.
EXACT = frozenset({"postgresql", "sqlite"})


@dataclass(frozen=True, slots=True)
class Named:
    """As much of an account as a record needs: its key and what it is called."""

    pk: Any
    name: str


#: The last name that was looked for in this thread or task, and whom it led to. Django tells of a failed attempt by the
#: name alone, and looking again would double the work.
_last: ContextVar[tuple[str, Named | None] | None] = ContextVar("sessionauth_last_found", default=None)


#: What stands in the place of a credential in signals; Django's own.
CLEANSED = "*" * 20


def name_in(credentials: dict[str, Any]) -> str | None:
    """Return the name in the keywords of `authenticate()`: `username`, or the user model's own word for it."""
    name = credentials.get("username")
    return credentials.get(djangos.user_model.USERNAME_FIELD) if name is None else name


def known_name_in(credentials: dict[str, Any]) -> Any | None:
    """Return name_in(), or what a backend with words of its own calls the name: "email", say."""
    name = name_in(credentials)
    if name is not None:
        return name
    known = (credentials.get(word) for word in (*login_fields(), *NAMES))
    return next((name for name in known if name is not None), None)


def identity_in(credentials: dict[str, Any]) -> Any | None:
    """Return the name that an attempt is counted by, None where there is none, as with a signed link.

    Where a password stands beside words that nobody knows, it is the first of them.
    """
    found = known_name_in(credentials)
    if found is not None or "password" not in credentials:
        return found
    others = (value for word, value in credentials.items() if word != "password" and isinstance(value, str))
    return next(others, None)


def login_fields() -> tuple[str, ...]:
    """Return SESSIONAUTH_LOGIN_FIELDS; by default the username field, and the e-mail field where it is unique."""
    if settings.LOGIN_FIELDS is not None:
        return tuple(settings.LOGIN_FIELDS)
    model = djangos.user_model
    fields = [model.USERNAME_FIELD]
    email = getattr(model, "EMAIL_FIELD", "")
    if email and email not in fields and is_unique(model, email):
        fields.append(email)
    return tuple(fields)


def names_of(user: Any) -> list[str]:
    """Return by which names `user` can be found, the values of login_fields()."""
    found = (getattr(user, field, None) for field in login_fields())
    return [str(value) for value in found if value not in (None, "")]


def is_unique(model: type[Any], field: str) -> bool:
    """Say whether no two rows of `model` can share a value of `field`."""
    try:
        if model._meta.get_field(field).unique:
            return True
    except FieldDoesNotExist:
        return False
    return any(
        tuple(constraint.fields) == (field,) and constraint.condition is None
        for constraint in model._meta.total_unique_constraints
    )


def find(request: HttpRequest | None, name: str | None) -> Any | None:
    """Return the account that `name` means, None if there is none or more than one.

    With the username field alone it is the manager's natural key, whose rules on case are the project's. Otherwise
    every field is compared exactly as stored; of an e-mail address the domain is lower-cased first, as it was when
    saved. One query, whatever the number of fields. A name that means two accounts means none: whom of them a password
    was for cannot be told without trying both.
    """
    if not can_be_a_name(name):
        return None
    account = _find(request, str(name))
    _last.set((str(name), None if account is None else Named(account.pk, account.get_username())))
    return account


def just_found(name: object) -> Named | None:
    """Return whom the last lookup of `name` in this thread or task led to, once; None for nobody, or no lookup."""
    last = _last.get()
    _last.set(None)
    return last[1] if last is not None and last[0] == name else None


def _find(request: HttpRequest | None, name: str) -> Any | None:
    model, fields = djangos.user_model, login_fields()
    manager = model._default_manager
    if fields == (model.USERNAME_FIELD,) and not settings.USER_QUERYSET:
        if (found := _by_key(manager, name)) is not None:
            return found[0] if len(found) == 1 else None
        try:
            return manager.get_by_natural_key(name)
        except (model.DoesNotExist, model.MultipleObjectsReturned):
            return None
    users = load(settings.USER_QUERYSET)(request) if settings.USER_QUERYSET else manager.all()
    found = list(users.filter(_condition(model, fields, name)).distinct()[:2])
    return found[0] if len(found) == 1 else None


def are_found_by_their_names() -> bool:
    """Say whether find() compares names as they are written, so that an account is found by its own alone.

    A queryset or a natural key of the project's may find it by others, as do databases and collations that leave
    accents out, and fields that make something of a name, such as a number. And a name that several may have is no
    account's own.
    """
    manager = djangos.user_model._default_manager
    if settings.USER_QUERYSET or getattr(type(manager), "get_by_natural_key", None) not in NATURAL:
        return False
    model = manager.model
    fields = [model._meta.get_field(name) for name in login_fields()]
    if not is_unique(model, model.USERNAME_FIELD) or not all(map(_is_as_written, fields)):
        return False
    return connections[router.db_for_read(model)].vendor in EXACT


def _is_as_written(field: Any) -> bool:
    return compiled.takes_text(field) and getattr(field, "db_collation", None) is None


def _by_key(manager: Any, name: str) -> list[Any] | None:
    """Return whom Django's own natural key finds, None where it is the project's or has to be asked by the ORM."""
    field = manager.model._meta.get_field(manager.model.USERNAME_FIELD)
    if not field.unique or getattr(type(manager), "get_by_natural_key", None) not in NATURAL:
        return None
    return compiled.rows(_named, manager, router.db_for_read(manager.model), [(field, name)])


def _named(users: QuerySet[Any], name: str) -> QuerySet[Any]:
    return users.filter(**{users.model.USERNAME_FIELD: name})


def can_be_a_name(name: object) -> bool:
    """Say whether a database can be asked for `name`: PostgreSQL takes no NUL, and none takes a lone surrogate."""
    if not isinstance(name, str) or not name or "\0" in name:
        return False
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _condition(model: type[Any], fields: tuple[str, ...], name: str) -> Q:
    condition = Q(pk__in=())
    for field in fields:
        value = _normalized(name) if field == getattr(model, "EMAIL_FIELD", "") and "@" in name else name
        if _fits(model._meta.get_field(field), value):
            condition |= Q(**{field: value})
    return condition


def _fits(field: Any, value: str) -> bool:
    """Say whether `field` can hold `value` at all: a name is no telephone number in an integer field."""
    try:
        field.get_prep_value(value)
    except (TypeError, ValueError, ValidationError):
        return False
    return True


def _normalized(email: str) -> str:
    local, at, domain = email.rpartition("@")
    return local + at + domain.lower()


def cleansed(credentials: dict[str, Any]) -> dict[str, Any]:
    """Return `credentials` with all but the name replaced by stars, as Django's signal has them.

    Django goes by what a keyword is called; a one-time code by any name is a secret too.
    """
    names = {"username", djangos.user_model.USERNAME_FIELD, *login_fields()}
    return {name: value if name in names else CLEANSED for name, value in credentials.items()}


def is_deactivated(user: Any, update_fields: Any) -> bool:
    """Say whether a save of `user` that wrote `update_fields` (None for all) left them inactive."""
    return not getattr(user, "is_active", True) and _is_saved(user, "is_active", update_fields)


def has_new_password(user: Any, update_fields: Any) -> bool:
    """Say whether a save of `user` that wrote `update_fields` (None for all) gave them a new password.

    Django keeps the plain password on the user from set_password() until it is saved, and not where it only hashes the
    same one anew.
    """
    return getattr(user, "_password", None) is not None and _is_saved(user, "password", update_fields)


def _is_saved(user: Any, name: str, update_fields: Any) -> bool:
    """Say whether `name` is among what was written; what is no column is worked out from others."""
    columns = {field.name for field in user._meta.concrete_fields}
    return update_fields is None or name not in columns or name in update_fields
