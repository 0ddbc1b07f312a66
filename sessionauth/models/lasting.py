"""What lasts for a time: until a moment that stands still, or one that each use moves on."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.db import connections, models, router, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessionauth import instances
from sessionauth.conf import seconds, settings
from sessionauth.models.revocable import RevocableModel

#: How often a sliding end is moved at most, where SESSIONAUTH_LAST_USED_INTERVAL does not say.
MINUTE = timedelta(minutes=1)
NOTHING = Q(pk__in=())


def lasts(moment: datetime) -> Q:
    """Return the condition of rows whose time is not over at `moment`."""
    # Not the opposite of "is over": in SQL neither a comparison with NULL nor its opposite is true.
    return (Q(expires_at=None) | Q(expires_at__gt=moment)) & (Q(ends_at=None) | Q(ends_at__gt=moment))


class LastingModel(RevocableModel):
    """A row with an end, which no save of an older copy puts off."""

    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    #: Each use moves the end to so long from then, as far as `ends_at`; None where the end stands still.
    sliding = models.DurationField(_("sliding"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends at the latest"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    class Meta:
        abstract = True

    _not_saved_again: ClassVar = RevocableModel._not_saved_again | {"last_used_at"}

    #: Saved only where they were set on this very instance: one that was read before would otherwise give back the time
    #: that a rotation has taken away, or take what a use has added.
    _lifetime: ClassVar = ("expires_at", "sliding", "ends_at")

    @classmethod
    @instances.then("note_lifetime")
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        """Make an instance of what was read, and note what it says of its time."""
        row = super().from_db(*args, **kwargs)
        row.note_lifetime()
        return row

    def note_lifetime(self) -> None:
        """Note what was read of the time it has: only what is set on this instance from now on is saved."""
        self._note(self._lifetime)

    def refresh_from_db(self, using: Any = None, fields: Any = None, from_queryset: Any = None) -> None:
        """See Django's."""
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        self._note(self._lifetime if fields is None else set(fields) & set(self._lifetime))

    def save(self, *, update_fields: Any = None, using: str | None = None, **kwargs: Any) -> None:
        """Save the row. Its end is written only if it was set here, and put off only if nothing has succeeded it."""
        if self._state.adding:
            super().save(update_fields=update_fields, using=using, **kwargs)
            self._note(self._lifetime)
            return
        using = using or router.db_for_write(type(self), instance=self)
        names = self._saved_names() if update_fields is None else set(update_fields)
        changed = {name for name in self._lifetime if name in names and not self._is_as_read(name)}
        with transaction.atomic(using=using):
            super().save(update_fields=names - set(self._lifetime) | changed - {"expires_at"}, using=using, **kwargs)
            if "expires_at" in changed:
                self._move_end(using)
        self._note(changed)

    def _note(self, names: Any) -> None:
        held = self.__dict__
        if "_lifetime_read" not in held:
            held["_lifetime_read"] = {}
        known = held["_lifetime_read"]
        for name in names:
            if name in held:
                known[name] = held[name]

    def _is_as_read(self, name: str) -> bool:
        known = self.__dict__.get("_lifetime_read", {})
        return name in known and known[name] == getattr(self, name)

    def _move_end(self, using: str) -> None:
        """Write `expires_at`: sooner in any case, later only while the row is open; else take it as it stands."""
        sooner = NOTHING if self.expires_at is None else Q(expires_at__gt=self.expires_at)
        if not self._change(self._open() | sooner, using, expires_at=self.expires_at):
            rows = type(self)._base_manager.using(using).filter(pk=self.pk)
            self.expires_at = rows.values_list("expires_at", flat=True).first()

    def _open(self) -> Q:
        """Return the condition under which its life may still be moved on."""
        return Q(revoked_at=None)

    @property
    def end(self) -> datetime | None:
        """When it ends if it is not used again, None for never."""
        if self.expires_at is None or self.ends_at is None:
            return self.ends_at if self.expires_at is None else self.expires_at
        return min(self.expires_at, self.ends_at)

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        end = self.end
        return end is not None and end <= timezone.now()

    def is_touch_due(self) -> bool:
        """Say whether `touch()` would write, from the row in hand."""
        interval, used = settings.LAST_USED_INTERVAL, self.last_used_at
        if interval is not None and (used is None or time.time() - used.timestamp() > seconds(interval)):
            return True
        if self.sliding is None or self.expires_at is None:
            return False
        slid = self._slid(timezone.now())
        return slid is not None and self.expires_at < slid[1]

    def touch(self) -> None:
        """Note that it was used, and move its end on where it slides: of parallel requests one writes, the others pass.

        They do not wait for it: a row that is being written to is left alone, where the database can tell.
        """
        moment, interval = timezone.now(), settings.LAST_USED_INTERVAL
        due, values = NOTHING, dict[str, Any]()
        if interval is not None:
            due |= Q(last_used_at=None) | Q(last_used_at__lt=moment - timedelta(seconds=seconds(interval)))
            values["last_used_at"] = moment
        if (slid := self._slid(moment)) is not None:
            # As it was read, or not at all: how long it lasts may have been changed since.
            slides = self._open() & Q(sliding=self.sliding, ends_at=self.ends_at)
            slides &= Q(expires_at__gt=moment, expires_at__lt=slid[1])
            due |= slides
            values["expires_at"] = Case(When(slides, then=Value(slid[0])), default=F("expires_at"))
        if values:
            self._write_if_free(due, values)

    def _slid(self, moment: datetime) -> tuple[datetime, datetime] | None:
        """Return the end that a use at `moment` moves to, and the one before which that is worth a write."""
        if self.sliding is None:
            return None
        end = moment + self.sliding
        if self.ends_at is not None and end >= self.ends_at:
            return self.ends_at, self.ends_at
        interval = settings.LAST_USED_INTERVAL
        apart = MINUTE if interval is None else timedelta(seconds=seconds(interval))
        return end, end - min(apart, self.sliding / 10)

    def _write_if_free(self, due: Q, values: dict[str, Any]) -> None:
        using = router.db_for_write(type(self), instance=self)
        rows: models.QuerySet[Any] = models.QuerySet(type(self), using=using).filter(pk=self.pk)
        if not connections[using].features.has_select_for_update_skip_locked:
            rows.filter(due).update(**values)
            return
        with transaction.atomic(using=using):
            if rows.filter(due).select_for_update(skip_locked=True).values_list("pk").first() is not None:
                rows.update(**values)
