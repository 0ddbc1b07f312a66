"""How many credentials of a kind a user may have, exact also where they are issued at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections, models, router, transaction
from django.utils import timezone

from sessionauth.conf import settings
from sessionauth.exceptions import TooManyCredentials

REASON = "evicted"


def enter(row: Any, using: str) -> None:
    """Save the new credential `row`, and keep to what its model's `limit()` says: the oldest go, or it is refused.

    Nobody's credentials are not counted. Raises TooManyCredentials, and enters nothing.
    """
    # What ends with an impersonation takes no place, and drives out none of its user's own.
    limit = type(row).limit() if row.impersonation_id is None else None
    owner = None if limit is None else owner_key(row)
    if limit is None or owner is None:
        row.save(force_insert=True, using=using)
        return
    with one_at_a_time(owner, using):
        row.save(force_insert=True, using=using)  # on SQLite the first write holds up all others
        _make_room(row, limit, type(row)._base_manager.using(using).filter(**{type(row).user_path: owner}))


@contextmanager
def one_at_a_time(owner: Any, using: str) -> Iterator[None]:
    """Let whoever enters a credential of the user with the key `owner` into the database `using` be alone with that."""
    user_model = get_user_model()
    users_in = router.db_for_write(user_model)
    with ExitStack() as transactions:
        # The outer one, if they are two, holds the lock until the rows are committed.
        for alias in dict.fromkeys((users_in, using)):
            transactions.enter_context(transaction.atomic(using=alias))
        if connections[users_in].features.has_select_for_update:
            # Before the row: a foreign key would lock the user in a weaker way, and two of those wait for each other.
            users = user_model._base_manager.using(users_in).select_for_update()
            users.filter(pk=owner).values_list("pk").first()
        yield


def owner_key(row: Any) -> Any | None:
    """Return the key of the user whom `row` stands for, None for nobody; a foreign key is not followed."""
    path = row.user_path
    if path is None:
        return None
    if "__" not in path:
        return getattr(row, row._meta.get_field(path).attname)
    user = row.get_user()
    return None if user is None else user.pk


def _make_room(row: Any, limit: int, rows: models.QuerySet[Any]) -> None:
    others = rows.filter(type(row).takes_a_place(timezone.now())).exclude(pk=row.pk)
    over = list(others.order_by("-created_at", "-pk")[limit - 1 :])
    if over and settings.MAX_CREDENTIALS_ACTION == "reject":
        raise TooManyCredentials
    for one in sorted(over, key=lambda one: one.pk):  # in the order in which others lock them
        one.revoke(REASON)
