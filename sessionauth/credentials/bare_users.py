"""The user of a credential from the cache: their key alone, until somebody asks for more."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.db import models, router

from sessionauth import instances
from sessionauth.models import AbstractCredential


def put_on(row: AbstractCredential) -> None:
    """Give `row` its user, of whom no more is known than the key."""
    if row.user_path is None:
        return
    owner: Any = row._meta.get_field(row.user_path)
    pk = row.__dict__[owner.attname]
    if pk is None:
        owner.set_cached_value(row, None)
        return
    model = owner.related_model
    using, key = router.db_for_write(model), model._meta.pk.attname
    if instances.is_bare(model) and not instances.has_listeners(model):
        user = instances.bare(model, using, ((key, pk),))
    else:
        user = model.from_db(using, [key], [pk])
    # Django would load each column that is asked for by a query of its own.
    user.refresh_from_db = partial(_load, user)
    owner.set_cached_value(row, user)


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
