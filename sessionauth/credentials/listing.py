"""A user's credentials, and their names."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.db import models
from django.utils import timezone

from sessionauth.credentials import rows
from sessionauth.models import AbstractCredential


def of(user: Any, model: type[AbstractCredential]) -> models.QuerySet[Any]:
    """Return the credentials of `model` that `user` has now, the newest first: the usable and the refreshable."""
    return rows.of(user, model).filter(rows.lasting(model, timezone.now())).order_by("-created_at", "-pk")


def rename(row: AbstractCredential, name: str) -> None:
    """Give `row` the label `name`, and change nothing else. Raises ValidationError for one that is too long."""
    row.name = type(row)._meta.get_field("name").clean(name, row)
    row.save(update_fields=["name"])


async def arename(row: AbstractCredential, name: str) -> None:
    """See rename()."""
    await sync_to_async(rename)(row, name)
