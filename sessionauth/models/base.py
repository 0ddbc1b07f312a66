"""What every credential has in common: a row that stands for a secret and holds only its digest."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models, router, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessionauth.crypto import ParsedSecret
from sessionauth.late import LateModule
from sessionauth.models import fields
from sessionauth.models.lasting import lasts
from sessionauth.models.managers import CredentialManager
from sessionauth.models.tagged import TaggedModel
from sessionauth.signals import credential_revoked

if TYPE_CHECKING:
    from sessionauth.models import limits, tombstones
else:
    limits, tombstones = LateModule("sessionauth.models.limits"), LateModule("sessionauth.models.tombstones")

NAME_LENGTH = 100


class AbstractCredential(TaggedModel):
    """A secret's row: who issued it for what, how long it lasts, whether it still counts. Never the secret."""

    #: The second word of the secrets, which picks the table; unique among all credential models of a project.
    kind: ClassVar[str]
    #: Lookup path to the user whom it stands for, None if it never stands for one.
    user_path: ClassVar[str | None] = "user"

    digest = models.CharField(max_length=64, editable=False)
    hint = models.CharField(_("secret"), max_length=60, editable=False)
    name = models.CharField(_("name"), max_length=NAME_LENGTH, blank=True, help_text=_("What it is for."))
    scopes = models.JSONField(
        _("scopes"),
        null=True,
        blank=True,
        default=None,
        help_text=_("A list of scopes; empty for nothing, null for all that the owner may."),
    )
    networks = fields.ListField(
        _("networks"),
        default=list,
        blank=True,
        help_text=_("Addresses and networks from which it may be used, such as 192.0.2.0/24; empty for any."),
    )
    methods = models.JSONField(
        _("methods"),
        null=True,
        blank=True,
        default=None,
        help_text=_("The HTTP methods it may be used with; null for all. GET, HEAD and OPTIONS make it read-only."),
    )
    origins = fields.ListField(
        _("origins"),
        default=list,
        blank=True,
        help_text=_("Sites whose pages may use it. Only browsers tell the truth about where they are; empty for any."),
    )
    rate = models.CharField(
        _("rate"),
        max_length=20,
        blank=True,
        help_text=_("How often it may be used, such as 100/m; empty for no limit."),
    )
    #: With whom its uses are counted: what comes in its place is one with it.
    rate_group = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    #: Which of SESSIONAUTH_KEY_PEPPERS the digest was made with; empty for none.
    pepper = models.CharField(max_length=20, blank=True, editable=False)
    #: The package whose format the secret in the client's hands still has; empty for our own.
    imported_from = models.CharField(max_length=20, blank=True, editable=False)
    #: By what it is known again when it is imported once more: `digest` is another since its first use.
    imported_digest = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001 (unique, or none)
    #: The credential in whose place this one came. Bookkeeping alone: it may point to a row that is gone.
    rotated_from = models.ForeignKey(
        "self",
        models.DO_NOTHING,
        null=True,
        editable=False,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("rotated from"),
    )
    #: When another came in its place; since then it lasts until `expires_at`, and has no second successor.
    rotated_at = models.DateTimeField(_("rotated"), null=True, editable=False)

    objects = CredentialManager()
    #: What Django writes by itself with, such as `user.sessionauth_apikey_set.add(key)`; the cache has to be told.
    everything = CredentialManager()

    class Meta:
        abstract = True
        base_manager_name = "everything"
        #: Beyond Django's four: whoever sees a new secret of somebody else can act as them.
        default_permissions = ("add", "change", "delete", "view", "rotate", "issue_for_others")
        # Rather than unique=True: PostgreSQL would add a second, unused index for LIKE.
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["digest"], name="%(app_label)s_%(class)s_digest"),
            models.UniqueConstraint(fields=["imported_digest"], name="%(app_label)s_%(class)s_imported"),
        ]

    _not_saved_again: ClassVar = TaggedModel._not_saved_again | {
        "digest",
        "hint",
        "imported_digest",
        "imported_from",
        "pepper",
        "rate_group",
        "rotated_at",
        "rotated_from",
    }

    def __str__(self) -> str:
        return f"{self.name} ({self.hint})" if self.name else self.hint

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.pk} {self.hint}>"

    def save(self, **kwargs: Any) -> None:
        """Save the row. Raises TypeError for a new one that was not made by `issue()`: it would have no secret."""
        if self._state.adding and not self.digest:
            raise TypeError(f"{type(self).__name__} rows are made by {type(self).__name__}.objects.issue(…)")
        if self._state.adding:
            super().save(**kwargs)
            return
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with self._buried(using):
            super().save(**kwargs)

    def _change(self, where: models.Q, using: str, **values: Any) -> bool:
        with self._buried(using):
            return super()._change(where, using, **values)

    def _buried(self, using: str) -> AbstractContextManager[None]:
        """Have the cache of credentials ask the database about this row, from before a change of it on."""
        rows = type(self)._base_manager.using(using).filter(pk=self.pk)
        return tombstones.buried(lambda: list(rows.values_list("digest", flat=True)), using)

    @property
    def is_restricted(self) -> bool:
        """Whether it may do less than its owner; what can only say whose it is must not be had for it."""
        return self.scopes is not None or self.methods is not None

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Raise ValidationError for values that their fields refuse, and for limits that cannot be kept to."""
        errors: dict[str, Any] = {}
        # What an empty field of a form gives.
        self.networks, self.origins = self.networks or [], self.origins or []
        try:
            super().clean_fields(exclude=exclude)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        for name in limits.CLEAN.keys() - errors.keys() - set(exclude or ()):
            try:
                limits.CLEAN[name](getattr(self, name))
            except ValidationError as error:
                errors[name] = error.error_list
        if errors:
            raise ValidationError(errors)

    def clean(self) -> None:
        """Raise ValidationError for scopes that mean nothing here."""
        super().clean()
        self.clean_scopes()

    def clean_scopes(self) -> None:
        """Raise ValidationError unless `scopes` is None or a list of known scopes."""
        try:
            limits.clean_scopes(self.scopes)
        except ValidationError as error:
            raise ValidationError({"scopes": error.error_list}) from None

    def get_user(self) -> Any | None:
        """Return the user whom this credential stands for, None if it is nobody's."""
        value: Any = self if self.user_path else None
        for name in (self.user_path or "").split("__"):
            value = None if value is None else getattr(value, name)
        return value

    @property
    def granted(self) -> frozenset[str] | None:
        """The scopes it is restricted to, None for all of its owner's; what is no list of scopes grants nothing."""
        listed = self.scopes if isinstance(self.scopes, list) else ()
        return None if self.scopes is None else frozenset(scope for scope in listed if isinstance(scope, str))

    @property
    def is_usable(self) -> bool:
        """Whether it is neither revoked nor expired, and its user, if any, is active."""
        return self.failure() is None

    def failure(self) -> str | None:
        """Return why it must not be used, None if it may."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.is_expired else self.owner_failure()

    def owner_failure(self) -> str | None:
        """Return why whoever owns it must not use it, None if they may."""
        try:
            user = self.get_user()
        except ObjectDoesNotExist:
            return "unknown"
        if user is None:
            return "unknown" if self._is_somebodys() else None
        return None if getattr(user, "is_active", True) else "inactive"

    def _is_somebodys(self) -> bool:
        """Whether it names an owner, be they there or not: the key of a user who is gone is not a key of nobody."""
        if self.user_path is None:
            return False
        owner: Any = self._meta.get_field(self.user_path.partition("__")[0])
        return "__" not in self.user_path and getattr(self, owner.attname) is not None

    @classmethod
    def limit(cls) -> int | None:
        """Return how many of these a user may have, None for any number."""
        return None

    @classmethod
    def takes_a_place(cls, moment: datetime) -> models.Q:
        """Return the condition of what counts for limit(); what ends by itself soon does not."""
        return models.Q(revoked_at=None, impersonation=None) & cls._unsucceeded() & lasts(moment)

    @classmethod
    def _unsucceeded(cls) -> models.Q:
        """Return the condition of what no other has come in the place of."""
        return models.Q(rotated_at=None)

    def _open(self) -> models.Q:
        return super()._open() & self._unsucceeded()

    @property
    def is_succeeded(self) -> bool:
        """Whether another one has come in its place."""
        return self.rotated_at is not None

    def successors(self) -> models.QuerySet[Any]:
        """Return what has come in its place, read where it is written."""
        rows: models.QuerySet[Any] = type(self)._base_manager.using(router.db_for_write(type(self), instance=self))
        if self.user_path is not None and "__" not in self.user_path:  # for that is the index there is
            owner: Any = self._meta.get_field(self.user_path)
            rows = rows.filter(models.Q((owner.attname, getattr(self, owner.attname))))
        return rows.filter(rotated_from=self.pk)

    def is_rehash_due(self, parsed: ParsedSecret) -> bool:
        """Say whether the secret `parsed`, by which this row was found, is to have another digest from now on."""
        # From the cache it comes without its digest, and only if that is the right one.
        first = parsed.digests[0]
        return bool(self.__dict__.get("digest", first) != first)

    def rehash(self, parsed: ParsedSecret) -> bool:
        """Keep the first digest of `parsed` in the place of the one the row was found by; False if another one has.

        One conditional UPDATE, so that nothing else of the row is written back, a revocation above all.
        """
        using = router.db_for_write(type(self), instance=self)
        changed = self._change(models.Q(digest=self.digest), using, digest=parsed.digest, pepper=parsed.pepper)
        if changed:
            self.digest, self.pepper = parsed.digest, parsed.pepper
        return bool(changed)

    def revoke(self, reason: str = "revoked") -> bool:
        """End this credential for good and tell `credential_revoked`. See RevocableModel.revoke().

        What has come in its place since this instance was read ends with it: whoever revokes it means that, too. An
        instance that knows of its rotation ends alone, as does the old secret once nobody needs it any more.
        """
        was_succeeded = self.is_succeeded
        with transaction.atomic(using=router.db_for_write(type(self), instance=self)):
            changed = super().revoke(reason)
            if changed and not was_succeeded and self._is_succeeded_by_now():
                self._revoke_successors(reason)
        if changed:
            credential_revoked.send_robust(sender=type(self), credential=self, reason=reason)
        return changed

    def _revoke_successors(self, reason: str) -> None:
        """End what has come in its place, and in the place of that."""
        for successor in self.successors().order_by("pk"):
            was_succeeded = successor.is_succeeded
            successor.revoke(reason)
            if was_succeeded:
                successor._revoke_successors(reason)

    def _is_succeeded_by_now(self) -> bool:
        rows = type(self)._base_manager.using(router.db_for_write(type(self), instance=self))
        return rows.filter(pk=self.pk).exclude(self._unsucceeded()).exists()
