"""RememberToken: one browser that may sign in again without a password."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessionauth.models.revocable import REASON_LENGTH, RevocableModel
from sessionauth.signals import credential_revoked


class RememberToken(RevocableModel):
    """One remembered browser: a selector to find it by, and the digest of a validator that changes with each use."""

    #: Lookup path to the user whom it stands for, as credentials have one.
    user_path: ClassVar[str] = "user"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name=_("user"),
        related_name="sessionauth_%(class)s_set",
        related_query_name="sessionauth_%(class)s",
        db_index=False,
        db_constraint=False,  # see LoginSession.user
    )
    selector = models.CharField(max_length=22, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    #: The digest before the last rotation.
    previous_digest = models.CharField(max_length=64, blank=True, editable=False)
    #: True once the browser has shown that it got the value of the last rotation.
    confirmed = models.BooleanField(default=False, editable=False)
    #: Digest of the user's session auth hash when it was issued: a new password ends it, however it was set.
    session_digest = models.CharField(max_length=64, editable=False)
    #: Path of the backend that verified the user; it is the backend of restored sessions.
    backend = models.CharField(max_length=255, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    rotated_at = models.DateTimeField(_("rotated"), null=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), editable=False)
    ip_address = models.GenericIPAddressField(_("address"), null=True, editable=False)
    user_agent = models.CharField(_("browser"), max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = _("remembered browser")
        verbose_name_plural = _("remembered browsers")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["selector"], name="sessionauth_remembertoken_selector"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "revoked_at"], name="sessionauth_remember_user"),
            models.Index(fields=["expires_at"], name="sessionauth_remember_expires"),
        ]

    _not_saved_again: ClassVar = RevocableModel._not_saved_again | {
        "selector",
        "digest",
        "previous_digest",
        "confirmed",
        "rotated_at",
        "last_used_at",
    }

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at <= timezone.now()

    def revoke(self, reason: str = "revoked") -> bool:
        """Forget this browser, and sign it out: the sessions that began with or from it end, too.

        See RevocableModel.revoke(). Tells `credential_revoked`.
        """
        changed = super().revoke(reason)
        if changed:
            using = router.db_for_write(type(self), instance=self)
            # By user as well, for that is the index there is.
            born = self.login_sessions.using(using).filter(user_id=self.user_id, revoked_at=None)
            born.update(revoked_at=self.revoked_at, revoked_reason=reason[:REASON_LENGTH])
            credential_revoked.send_robust(sender=type(self), credential=self, reason=reason)
        return changed

    def __str__(self) -> str:
        return f"{self.user_id}, {self.created_at:%Y-%m-%d %H:%M}"

    def __repr__(self) -> str:
        return f"<RememberToken {self.pk} of user {self.user_id}>"
