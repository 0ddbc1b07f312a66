"""What every credential has in common: a row that stands for a secret and holds only its digest."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models, router
from django.db.models.manager import BaseManager
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from sessionauth import crypto, scopes
from sessionauth.conf import seconds, settings
from sessionauth.exceptions import InvalidCredential
from sessionauth.models.revocable import RevocableModel
from sessionauth.signals import credential_issued, credential_revoked


class CredentialQuerySet(models.QuerySet[Any]):
    """Questions about many credentials at once."""

    def usable(self) -> Self:
        """Return those that are neither revoked nor expired."""
        now = timezone.now()
        return self.filter(revoked_at=None).filter(models.Q(expires_at=None) | models.Q(expires_at__gt=now))


class CredentialManager(models.Manager.from_queryset(CredentialQuerySet)):  # type: ignore[misc]
    """Issues credentials and finds them again by their secret."""

    @sensitive_variables("secret")
    def issue(
        self,
        *,
        name: str = "",
        scopes: Collection[str] | None = None,
        expires_at: datetime | None = None,
        **fields: Any,
    ) -> tuple[Any, str]:
        """Make a credential and return `(row, secret)`; the secret exists nowhere else and cannot be had again.

        `name` is a label for lists. `scopes` restricts the credential: None for all that its owner may, an empty list
        for nothing. `expires_at` is the moment it ends, None for never. `fields` go to the model, `user` above all.

        Raises ValidationError for a scope that means nothing here, or a value its field refuses, and TypeError for a
        string where a list of scopes belongs.
        """
        secret = crypto.new_secret(settings.KEY_BRAND, self.model.kind, settings.KEY_ENVIRONMENT)
        if isinstance(scopes, str):
            raise TypeError(f"scopes must be a list of scopes, not one string: [{scopes!r}]")
        row = self.model(
            name=name,
            scopes=None if scopes is None else sorted(set(scopes)),
            expires_at=expires_at,
            digest=crypto.digest(secret),
            hint=crypto.hint(secret),
            **fields,
        )
        row.clean_scopes()
        # Foreign keys are left to the database: validating them here costs a query each.
        row.clean_fields(exclude={field.name for field in row._meta.fields if field.is_relation})
        # The database is named, because Django's routers would follow the user's.
        row.save(force_insert=True, using=self._db or router.db_for_write(self.model))
        credential_issued.send_robust(sender=self.model, credential=row)
        return row, secret

    async def aissue(self, **fields: Any) -> tuple[Any, str]:
        """See issue()."""
        issued: tuple[Any, str] = await sync_to_async(self.issue)(**fields)
        return issued

    def lookup(self, parsed: crypto.ParsedSecret, users: models.QuerySet[Any] | None = None) -> Any:
        """Return the row of a secret, joined with its user: one query by the unique index, whatever the number of rows.

        `users` limits whose credentials are found, beyond what the user model's default manager shows.
        Raises InvalidCredential when there is none, or it is not to be used any more.

        The row is read where it is written: a replica that lags would show a revoked credential as good.
        """
        rows = self.using(self._db or router.db_for_write(self.model)).filter(digest=parsed.digest).order_by()
        visible = [] if self.model.user_path is None else list(_visible_users(users))
        is_joined = self.model.user_path is not None and router.db_for_write(get_user_model()) == rows.db
        try:
            row = (self._joined(rows, visible) if is_joined else rows).get()
        except self.model.DoesNotExist:
            raise InvalidCredential("unknown") from None
        if (code := row.failure()) is not None:
            raise InvalidCredential(code)
        if not is_joined and (user := row.get_user()) is not None:
            _must_be_in(visible, user)
        return row

    def _joined(self, rows: models.QuerySet[Any], visible: Iterable[models.QuerySet[Any]]) -> models.QuerySet[Any]:
        path = self.model.user_path
        rows = rows.select_related(path)
        for shown in visible:
            rows = rows.filter(models.Q(**{f"{path}__isnull": True}) | models.Q(**{f"{path}__in": shown}))
        return rows


def _visible_users(users: models.QuerySet[Any] | None) -> Iterable[models.QuerySet[Any]]:
    """Return the querysets in which a credential's user must be.

    A join goes round the user model's default manager, so a manager with a `get_queryset` of its own (soft deletion,
    tenants) has to be asked as well; Django's own shows everybody and is spared.
    """
    manager = get_user_model()._default_manager
    if type(manager).get_queryset is not BaseManager.get_queryset:
        yield manager.get_queryset().order_by()
    if users is not None:
        yield users.order_by()


def _must_be_in(visible: Iterable[models.QuerySet[Any]], user: Any) -> None:
    """Ask for each of `visible` whether it shows `user`, who lives in another database than the credential."""
    if not all(shown.using(user._state.db).filter(pk=user.pk).exists() for shown in visible):
        raise InvalidCredential("unknown")


class AbstractCredential(RevocableModel):
    """A secret's row: who issued it for what, how long it lasts, whether it still counts. Never the secret."""

    #: The second word of the secrets, which picks the table; unique among all credential models of a project.
    kind: ClassVar[str]
    #: Lookup path to the user whom the credential stands for, None if it never stands for one.
    user_path: ClassVar[str | None] = "user"

    digest = models.CharField(max_length=64, editable=False)
    hint = models.CharField(_("secret"), max_length=60, editable=False)
    name = models.CharField(_("name"), max_length=100, blank=True, help_text=_("What it is for."))
    scopes = models.JSONField(
        _("scopes"),
        null=True,
        blank=True,
        default=None,
        help_text=_("A list of scopes; empty for nothing, null for all that the owner may."),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    objects = CredentialManager()

    class Meta:
        abstract = True
        # A constraint rather than unique=True: PostgreSQL would add a second, unused index for LIKE.
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["digest"], name="%(app_label)s_%(class)s_digest"),
        ]

    _not_saved_again: ClassVar = RevocableModel._not_saved_again | {"digest", "hint", "last_used_at"}

    def __str__(self) -> str:
        return f"{self.name} ({self.hint})" if self.name else self.hint

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.pk} {self.hint}>"

    def save(self, **kwargs: Any) -> None:
        """Save the row. Raises TypeError for a new one that was not made by `issue()`: it would have no secret."""
        if self._state.adding and not self.digest:
            raise TypeError(f"{type(self).__name__} rows are made by {type(self).__name__}.objects.issue(…)")
        super().save(**kwargs)

    def clean(self) -> None:
        """Raise ValidationError for scopes that mean nothing here."""
        super().clean()
        self.clean_scopes()

    def clean_scopes(self) -> None:
        """Raise ValidationError unless `scopes` is None or a list of known scopes."""
        if self.scopes is None:
            return
        if not isinstance(self.scopes, list) or not all(isinstance(scope, str) for scope in self.scopes):
            raise ValidationError({"scopes": _("Scopes must be a list of strings.")}, code="invalid")
        if strange := scopes.unknown(self.scopes):
            message = _("Unknown scopes: %(scopes)s. Declare them in SESSIONAUTH_SCOPES, or name permissions.")
            error = ValidationError(message, code="unknown_scope", params={"scopes": ", ".join(strange)})
            raise ValidationError({"scopes": error})

    def get_user(self) -> Any | None:
        """Return the user whom this credential stands for, None if it is nobody's."""
        value: Any = self
        for name in (self.user_path or "").split("__") if self.user_path else ():
            value = getattr(value, name) if value is not None else None
        return None if value is self else value

    @property
    def granted(self) -> frozenset[str] | None:
        """The scopes it is restricted to, None for all of its owner's; what is no list of scopes grants nothing."""
        if self.scopes is None:
            return None
        listed = self.scopes if isinstance(self.scopes, list) else ()
        return frozenset(scope for scope in listed if isinstance(scope, str))

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def is_usable(self) -> bool:
        """Whether it is neither revoked nor expired, and its user, if any, is active."""
        return self.failure() is None

    def failure(self) -> str | None:
        """Return why it must not be used, None if it may."""
        if self.revoked_at is not None:
            return "revoked"
        if self.is_expired:
            return "expired"
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

    def is_touch_due(self) -> bool:
        """Say whether `touch()` would write, from the row in hand."""
        interval = settings.LAST_USED_INTERVAL
        if interval is None:
            return False
        return self.last_used_at is None or (timezone.now() - self.last_used_at).total_seconds() > seconds(interval)

    def touch(self) -> None:
        """Note that it was used: one conditional UPDATE, so that of parallel requests one writes."""
        interval = settings.LAST_USED_INTERVAL
        if interval is not None:
            moment = timezone.now()
            due = models.Q(last_used_at=None) | models.Q(last_used_at__lt=moment - timedelta(seconds=seconds(interval)))
            rows = type(self)._base_manager.using(router.db_for_write(type(self), instance=self))
            rows.filter(due, pk=self.pk).update(last_used_at=moment)

    def revoke(self, reason: str = "revoked") -> bool:
        """End this credential for good and tell `credential_revoked`. See RevocableModel.revoke()."""
        changed = super().revoke(reason)
        if changed:
            credential_revoked.send_robust(sender=type(self), credential=self, reason=reason)
        return changed
