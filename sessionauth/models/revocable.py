"""What can be ended, and never by accident be un-ended."""

from __future__ import annotations

from typing import Any, ClassVar

from asgiref.sync import sync_to_async
from django.db import models, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

REASON_LENGTH = 100


class RevocableModel(models.Model):
    """A row with a revocation that no later save undoes.

    What `revoke()` and the bookkeeping write is kept out of `save()`: an instance that was read before would otherwise
    write the old value back over it.
    """

    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    revoked_reason = models.CharField(_("reason"), max_length=REASON_LENGTH, blank=True, editable=False)

    class Meta:
        abstract = True

    #: Fields that are written once, or by UPDATE alone.
    _not_saved_again: ClassVar[frozenset[str]] = frozenset({"revoked_at", "revoked_reason"})

    def save(self, *, update_fields: Any = None, **kwargs: Any) -> None:
        """Save the row, except for what must not be written back from memory."""
        if not self._state.adding:
            names = self._saved_names() if update_fields is None else set(update_fields)
            update_fields = names - self._not_saved_again
        super().save(update_fields=update_fields, **kwargs)

    def _saved_names(self) -> set[str]:
        deferred = self.get_deferred_fields()
        fields = (field for field in self._meta.concrete_fields if not field.primary_key)
        return {field.name for field in fields if field.attname not in deferred}

    def _change(self, where: models.Q, using: str, **values: Any) -> bool:
        """Write `values` into this row if `where` holds by then, by one UPDATE, and say whether it did."""
        rows: models.QuerySet[Any] = models.QuerySet(type(self), using=using).filter(where, pk=self.pk)
        return bool(rows.update(**values))

    @property
    def is_revoked(self) -> bool:
        """Whether it has been ended."""
        return self.revoked_at is not None

    def revoke(self, reason: str = "revoked") -> bool:
        """End it for good, whatever happens to other instances of this row; `reason` is kept with it.

        One conditional UPDATE: of several at once one does it. Return False if it had been revoked before.
        """
        moment, kept = timezone.now(), reason[:REASON_LENGTH]
        using = router.db_for_write(type(self), instance=self)
        changed = self._change(models.Q(revoked_at=None), using, revoked_at=moment, revoked_reason=kept)
        if changed:
            self.revoked_at, self.revoked_reason = moment, kept
        return changed

    async def arevoke(self, reason: str = "revoked") -> bool:
        """See revoke()."""
        return await sync_to_async(self.revoke)(reason)
