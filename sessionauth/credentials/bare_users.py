"""The user of a credential from the cache: their key alone, until somebody asks for more."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async
from django.db import models, router

from sessionauth import instances
from sessionauth.models import AbstractCredential


class Owner(NamedTuple):
    """Where rows of a model keep their user: the `link` and its `column`, the `model` of users and its `key`."""

    link: Any
    column: str
    model: Any
    key: str


def put_on(row: AbstractCredential) -> None:
    """Give `row` its user, of whom no more is known than the key."""
    owner = _owner(type(row))
    if owner is None:
        return
    link, column, model, key = owner
    pk = row.__dict__[column]
    if pk is None:
        link.set_cached_value(row, None)
        return
    using = router.db_for_write(model)
    if instances.is_bare(model):
        user = instances.bare(model, using, {key: pk})
    else:
        user = model.from_db(using, [key], [pk])
    # Django would load each column that is asked for by a query of its own.
    user.refresh_from_db = partial(_load, user)
    link.set_cached_value(row, user)


@lru_cache(maxsize=64)
def _owner(model: type[AbstractCredential]) -> Owner | None:
    """Return where rows of `model` keep their user, None where they have none."""
    if model.user_path is None:
        return None
    link: Any = model._meta.get_field(model.user_path)
    return Owner(link, link.attname, link.related_model, link.related_model._meta.pk.attname)


def _load(user: Any, using: Any = None, fields: Iterable[str] | None = None, from_queryset: Any = None) -> None:
    """Load all of `user` that is not there yet, whichever column was asked for."""
    user.__dict__.pop("refresh_from_db", None)
    wanted = {*user.get_deferred_fields(), *(() if fields is None else fields)}
    user.refresh_from_db(using=using, fields=sorted(wanted), from_queryset=from_queryset)


def is_loaded(user: Any) -> bool:
    """Say whether `user` is more than a key from the cache."""
    return not isinstance(user, models.Model) or "refresh_from_db" not in user.__dict__


async def aload(user: Any) -> Any:
    """Return `user` with all columns, which an event loop could not ask the database for."""
    if not is_loaded(user):
        await sync_to_async(user.refresh_from_db)()
    return user
