"""The rows of credentials, read where they are written: a replica that lags would show a revoked one as good."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models, router

from sessionauth.models import AbstractAccessToken, AbstractCredential, CredentialQuerySet
from sessionauth.models.credentials import models_by_kind
from sessionauth.models.lasting import lasts

#: How many are read at once.
PAGE = 500


def rows(model: type[AbstractCredential]) -> CredentialQuerySet:
    """Return all rows of `model`."""
    # Whatever managers the project has: they may hide some, and what is hidden may have to end.
    return CredentialQuerySet(model).using(router.db_for_write(model))


def with_user(found: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Return `found` joined with their users, where these are in the same database."""
    path = found.model.user_path
    if path is None or router.db_for_write(get_user_model()) != found.db:
        return found
    return found.select_related(path)


def paged(found: models.QuerySet[Any]) -> Iterator[Any]:
    """Yield `found` by their keys, a page at a time, so that what is done to them may change which they are."""
    last = None
    while True:
        page = list((found if last is None else found.filter(pk__gt=last)).order_by("pk")[:PAGE])
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1].pk


def of(user: Any, model: type[AbstractCredential]) -> models.QuerySet[Any]:
    """Return the rows of `model` that stand for `user`, whatever path leads there."""
    return rows(model).of(user)


def lasting(model: type[AbstractCredential], moment: datetime) -> models.Q:
    """Return the condition of what is good at `moment`, or can be refreshed: all that anybody could still use."""
    return models.Q(revoked_at=None) & (lasts(moment) | model.takes_a_place(moment))


def every_model(kinds: Collection[str] | None = None) -> list[type[AbstractCredential]]:
    """Return the credential models of the project, those of `kinds` alone where some are named."""
    return [model for kind, model in models_by_kind().items() if kinds is None or kind in kinds]


def token_models() -> list[type[AbstractAccessToken]]:
    """Return the models whose rows may be bound to a login."""
    return [model for model in models_by_kind().values() if issubclass(model, AbstractAccessToken)]


def own_fields(model: type[AbstractCredential]) -> list[Any]:
    """Return the columns that `model` has beyond its abstract base: whose it is, and what a project keeps besides."""
    base: type[models.Model] = AbstractAccessToken if issubclass(model, AbstractAccessToken) else AbstractCredential
    known = {field.name for field in base._meta.local_fields}
    return [field for field in model._meta.concrete_fields if field.name not in known and not field.primary_key]
