"""How many credentials are ended at once, none of which comes back by an act that was under way."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.db import models, router
from django.utils import timezone

from sessionauth import accounts
from sessionauth.credentials import rows
from sessionauth.models import AbstractAccessToken, AbstractCredential, writing


def revoke_all(
    user: Any,
    reason: str = "revoked",
    *,
    kinds: Collection[str] | None = None,
    keep: AbstractCredential | None = None,
    login_bound: bool = False,
) -> int:
    """Revoke the credentials of `user` and return how many ended.

    `kinds` are those of the models that are meant ("pat", "key"), None for every model of the project. `keep` stays,
    and with it all of its login. `login_bound` spares what was made by hand and lasts. `reason` is kept with the rows.
    """
    models_meant = [one for one in rows.every_model(kinds) if not login_bound or issubclass(one, AbstractAccessToken)]
    return sum(_revoke_of(model, user, reason, keep, login_bound) for model in models_meant)


async def arevoke_all(user: Any, reason: str = "revoked", **options: Any) -> int:
    """See revoke_all()."""
    return await sync_to_async(revoke_all)(user, reason, **options)


def revoke_family(row: AbstractAccessToken, reason: str) -> int:
    """Revoke all tokens of the login that `row` comes from, and return how many ended."""
    own = models.Q(pk=row.pk) if row.family is None else models.Q(family=row.family)
    user = row.get_user()
    found = rows.rows(type(row)) if user is None else rows.of(user, type(row))  # for that is the index there is
    return _revoke(found.filter(own), reason)


def _revoke_of(
    model: type[AbstractCredential], user: Any, reason: str, keep: AbstractCredential | None, login_bound: bool
) -> int:
    found = rows.of(user, model)
    if login_bound:
        found = found.filter(is_personal=False)
    if keep is not None and type(keep) is model:
        found = found.exclude(pk=keep.pk)
        family = getattr(keep, "family", None)
        if family is not None:
            found = found.exclude(family=family)
    return _revoke(found, reason)


def _revoke(found: models.QuerySet[Any], reason: str) -> int:
    """Revoke what lasts of `found`, row by row: each takes along what comes in its place at this very moment.

    Looked for again until nothing new is there: one may have issued others before its turn came.
    """
    ended, known = 0, set[Any]()
    while new := [row for row in _lasting(found) if row.pk not in known]:
        known.update(row.pk for row in new)
        ended += sum(row.revoke(reason) for row in new)
    return ended


def _lasting(found: models.QuerySet[Any]) -> models.QuerySet[Any]:
    return found.filter(rows.lasting(found.model, timezone.now())).order_by("pk")


def logged_out_everywhere(*, user: Any, reason: str, credentials: bool = False, **kwargs: Any) -> None:
    """Receive `logged_out_everywhere`: end tokens that are bound to a login, and all others if `credentials`."""
    revoke_all(user, reason, login_bound=not credentials)


def user_saved(*, instance: Any, update_fields: Any = None, **kwargs: Any) -> None:
    """Receive `post_save` of users who were there before: end what the state of a saved user no longer allows.

    It is refused anyway, by what each request asks; so that lists are right, and nothing comes back with the user.
    """
    if accounts.is_deactivated(instance, update_fields):
        _end(instance, "deactivated", login_bound=False)
    elif accounts.has_new_password(instance, update_fields):
        _end(instance, "password changed", login_bound=True)


def _end(user: Any, reason: str, *, login_bound: bool) -> None:
    """End them model by model: trouble with one, such as a missing migration, keeps no user from being saved."""
    for model in rows.token_models() if login_bound else rows.every_model():
        act = partial(_revoke_of, model, user, reason, None, login_bound)
        writing.best_effort(act, router.db_for_write(model))
