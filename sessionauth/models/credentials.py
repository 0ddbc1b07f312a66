"""The credentials of programs: tokens that act for a person, keys of a service, and the bases to build others on."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.apps import apps
from django.conf import settings as django_settings
from django.db import models, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessionauth.conf import settings
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.models import binding
from sessionauth.models.base import AbstractCredential


class AbstractAccessToken(AbstractCredential):
    """Base of tokens that act for a user. A subclass adds the user, or names the way to it in `user_path`."""

    kind: ClassVar[str] = "pat"

    @classmethod
    def limit(cls) -> int | None:
        """Return SESSIONAUTH_MAX_TOKENS."""
        return settings.MAX_TOKENS

    @classmethod
    def takes_a_place(cls, moment: datetime) -> models.Q:
        """See AbstractCredential.takes_a_place(). What can be refreshed will be back in its place."""
        refreshable = models.Q(revoked_at=None, refreshed_at=None, refresh_expires_at__gt=moment)
        return super().takes_a_place(moment) | refreshable

    @classmethod
    def _unsucceeded(cls) -> models.Q:
        return super()._unsucceeded() & models.Q(refreshed_at=None)

    is_personal = models.BooleanField(
        _("personal"),
        default=True,
        editable=False,
        help_text=_("Whether it was made by hand and lasts, rather than being bound to a login."),
    )
    #: Digest of the user's session auth hash where it is bound to a login: a new password ends it, however it was set.
    session_digest = models.CharField(max_length=64, blank=True, editable=False)
    #: All tokens that were got by refreshing from one login.
    family = models.UUIDField(null=True, editable=False)
    refresh_digest = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001 (unique, or none)
    refresh_expires_at = models.DateTimeField(_("refreshable until"), null=True, editable=False)
    #: When the next token was got with the refresh token: it is good for one only.
    refreshed_at = models.DateTimeField(_("refreshed"), null=True, editable=False)

    _not_saved_again: ClassVar = AbstractCredential._not_saved_again | {
        "family",
        "is_personal",
        "refresh_digest",
        "refresh_expires_at",
        "refreshed_at",
        "session_digest",
    }

    @property
    def is_succeeded(self) -> bool:
        """Whether another one has come in its place."""
        return super().is_succeeded or self.refreshed_at is not None

    def owner_failure(self) -> str | None:
        """See AbstractCredential.owner_failure(). Bound to a login it ends with the password of that."""
        code = super().owner_failure()
        if code is None and not (self.is_personal and not self.session_digest):
            return None if binding.is_bound(self.session_digest, self.get_user()) else "password_changed"
        return code

    def refresh_failure(self) -> str | None:
        """Return why its refresh token must not be taken, None if it may; "refreshed" for one that was taken before."""
        if self.revoked_at is not None:
            return "revoked"
        if self.refresh_expires_at is None or self.refresh_expires_at <= timezone.now():
            return "expired"
        return self.owner_failure() or (None if self.refreshed_at is None else "refreshed")

    class Meta(AbstractCredential.Meta):
        abstract = True
        constraints: ClassVar = [
            *AbstractCredential.Meta.constraints,
            models.UniqueConstraint(fields=["refresh_digest"], name="%(app_label)s_%(class)s_refresh"),
        ]


class AbstractAPIKey(AbstractCredential):
    """Base of keys that belong to whom the subclass says: an organisation, a device.

    A subclass gives its own `kind`, the second word of its secrets, and says in `user_path` which user it acts as::

        class OrganisationKey(AbstractAPIKey):
            kind = "org"
            user_path = "organisation__service_user"  # or None: it authenticates the request, but nobody
            organisation = models.ForeignKey(Organisation, models.CASCADE)
    """

    kind: ClassVar[str] = "key"

    @classmethod
    def limit(cls) -> int | None:
        """Return SESSIONAUTH_MAX_KEYS."""
        return settings.MAX_KEYS

    class Meta(AbstractCredential.Meta):
        abstract = True


class AccessToken(AbstractAccessToken):
    """A token with which a program acts for a person."""

    user = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name=_("user"),
        related_name="sessionauth_%(class)s_set",
        related_query_name="sessionauth_%(class)s",
        db_index=False,
        db_constraint=False,  # see LoginSession.user
    )

    class Meta(AbstractAccessToken.Meta):
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")
        indexes: ClassVar = [models.Index(fields=["user"], name="sessionauth_accesstoken_user")]


class APIKey(AbstractAPIKey):
    """A key of a user's program, or of a service that is no user at all."""

    user = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name=_("user"),
        null=True,
        blank=True,
        related_name="sessionauth_%(class)s_set",
        related_query_name="sessionauth_%(class)s",
        db_index=False,
        db_constraint=False,  # see LoginSession.user
        help_text=_("Empty for the key of a service that acts for nobody."),
    )

    class Meta(AbstractAPIKey.Meta):
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        indexes: ClassVar = [models.Index(fields=["user"], name="sessionauth_apikey_user")]


class ImpersonationToken(AbstractAccessToken):
    """A token with which somebody acts as another: it and the row of that end together.

    Made by `sessionauth.impersonation.tokens.issue()`, and good for nothing without such a row.
    """

    kind: ClassVar[str] = "imp"

    #: Whom it acts as.
    user = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name=_("target"),
        related_name="sessionauth_%(class)s_set",
        related_query_name="sessionauth_%(class)s",
        db_index=False,
        db_constraint=False,  # see LoginSession.user
    )

    class Meta(AbstractAccessToken.Meta):
        verbose_name = _("impersonation token")
        verbose_name_plural = _("impersonation tokens")
        #: Nobody issues, rotates or deletes one by hand; who may change it may revoke it.
        default_permissions: ClassVar[Any] = ("view", "change")
        indexes: ClassVar = [models.Index(fields=["user"], name="sessionauth_impersontoken_user")]

    @classmethod
    def limit(cls) -> int | None:
        """Return None: an actor has one at a time."""
        return None

    def owner_failure(self) -> str | None:
        """See AbstractCredential.owner_failure()."""
        return "unknown" if self.impersonation_id is None else super().owner_failure()

    def revoke(self, reason: str = "revoked") -> bool:
        """End it, and what it was issued for. See AbstractCredential.revoke()."""
        changed = super().revoke(reason)
        if changed and (running := self._running()) is not None:
            running.end()
        return changed

    def _running(self) -> Any | None:
        """Return its row, None if that is gone."""
        model: Any = self._meta.get_field("impersonation").related_model
        using = router.db_for_write(model)
        return model._base_manager.using(using).filter(pk=self.impersonation_id).first()


#: The kind of refresh tokens, which no table has: one that is shown as a credential is ours, and wrong.
REFRESH_KIND = "ref"


class Installed(FromSettings):
    """What INSTALLED_APPS bring."""

    @derived
    def models(self) -> dict[str, type[AbstractCredential]]:
        """See models_by_kind()."""
        return _models_by_kind()


_installed = Installed()


def models_by_kind() -> dict[str, type[AbstractCredential]]:
    """Return every credential model of the project by the kind of its secrets."""
    return _installed.models


def _models_by_kind() -> dict[str, type[AbstractCredential]]:
    found = [model for model in apps.get_models() if issubclass(model, AbstractCredential) and not model._meta.proxy]
    # A project's model that forgot to take a kind of its own must not put ours out of service: ours come last.
    ours: list[type[AbstractCredential]] = [AccessToken, APIKey, ImpersonationToken]
    return {model.kind: model for model in [*(one for one in found if one not in ours), *ours]}
