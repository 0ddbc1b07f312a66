"""What makes entries of the cache of credentials void that no credential was changed for: a change of its user."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models, router
from django.db.models.signals import post_save, pre_delete, pre_save

from sessionauth.late import LateModule
from sessionauth.models import AbstractCredential, AccessToken
from sessionauth.models.credentials import models_by_kind
from sessionauth.models.writing import best_effort
from sessionauth.signals import logged_out_everywhere

if TYPE_CHECKING:
    from sessionauth.models import tombstones
else:
    tombstones = LateModule("sessionauth.models.tombstones")

#: Columns of a user that no entry depends on, and that each login writes.
BESIDE_THE_POINT = frozenset({"last_login"})


def forget(user: Any) -> None:
    """Let the credentials of `user` be looked up at their next use, on every process.

    For code that changes users by `QuerySet.update()` or by SQL, which tell nobody: without it such a change is seen
    within SESSIONAUTH_KEY_CACHE_TTL. In a transaction it counts from now on and once more from its commit on.
    """
    if not tombstones.is_on():
        return
    changed_in = router.db_for_write(type(user), instance=user)
    for model in models_by_kind().values():
        using = router.db_for_write(model)
        digests = list(_digests_of(model, user.pk, using))
        if len(digests) > tombstones.MOST:
            with tombstones.all_void(changed_in):
                pass
        else:
            tombstones.bury(digests, using, changed_in)


async def aforget(user: Any) -> None:
    """See forget()."""
    await sync_to_async(forget)(user)


def _digests_of(model: type[AbstractCredential], pk: Any, using: str) -> Iterator[str]:
    if model.user_path is not None:
        rows = model._base_manager.using(using).filter(**{model.user_path: pk}, revoked_at=None).order_by()
        yield from rows.values_list("digest", flat=True)[: tombstones.MOST + 1]


def user_changes(*, instance: Any, update_fields: Any = None, **kwargs: Any) -> None:
    """Receive `pre_save` and `post_save` of every model: forget a user who is saved, before that counts and after.

    By `loaddata`, too, which sends these as `raw`.
    """
    if not tombstones.is_on() or not isinstance(instance, get_user_model()) or instance.pk is None:
        return
    if kwargs.get("created") or (update_fields is not None and BESIDE_THE_POINT.issuperset(update_fields)):
        return
    _forget_if_can(instance)


def user_goes(*, instance: Any, **kwargs: Any) -> None:
    """Receive `pre_delete` of users."""
    _forget_if_can(instance)


def user_is_sent_away(*, user: Any, **kwargs: Any) -> None:
    """Receive `logged_out_everywhere`, which is sent for a change that no save tells of."""
    _forget_if_can(user)


def _forget_if_can(user: Any) -> None:
    """Forget `user`; trouble with our tables, such as a missing migration, keeps no user from being saved."""
    if tombstones.is_on():
        best_effort(partial(forget, user), router.db_for_write(AccessToken))


def credential_is_loaded(
    *, sender: type[models.Model], instance: Any, using: str, raw: bool = False, **kwargs: Any
) -> None:
    """Receive `pre_save` and `post_save` of credentials: `loaddata` goes past their own save()."""
    if raw and tombstones.is_on():
        rows = sender._base_manager.using(using).filter(pk=instance.pk)
        tombstones.bury(rows.values_list("digest", flat=True), using)


def credential_goes(*, sender: type[models.Model], instance: Any, using: str, **kwargs: Any) -> None:
    """Receive `pre_delete` of credentials, which is sent also where their owner's deletion takes them along."""
    if tombstones.is_on():
        # The instance may believe in a revocation that was rolled back.
        rows = sender._base_manager.using(using).filter(pk=instance.pk, revoked_at=None)
        tombstones.bury(rows.values_list("digest", flat=True), using)


def connect() -> None:
    """Connect the receivers.

    Of deletions for these models alone: where somebody listens to one, Django loads the rows before it deletes them.
    """
    pre_save.connect(user_changes, dispatch_uid="sessionauth.forget_before")
    post_save.connect(user_changes, dispatch_uid="sessionauth.forget_after")
    logged_out_everywhere.connect(user_is_sent_away, dispatch_uid="sessionauth.forget_sent_away")
    for model in apps.get_models():
        if issubclass(model, get_user_model()):
            pre_delete.connect(user_goes, sender=model, dispatch_uid=f"sessionauth.forget.{model._meta.label}")
        if issubclass(model, AbstractCredential):
            pre_delete.connect(credential_goes, sender=model, dispatch_uid=f"sessionauth.forget.{model._meta.label}")
            pre_save.connect(credential_is_loaded, sender=model, dispatch_uid=f"sessionauth.loaded.{model._meta.label}")
            post_save.connect(
                credential_is_loaded, sender=model, dispatch_uid=f"sessionauth.loaded.{model._meta.label}"
            )
