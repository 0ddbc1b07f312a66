"""LoginSession: one signed-in browser."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessionauth.models.remember import RememberToken
from sessionauth.models.revocable import REASON_LENGTH, RevocableModel
from sessionauth.signals import session_revoked


class LoginSessionQuerySet(models.QuerySet["LoginSession"]):
    """Questions about many sign-ins at once."""

    def active(self) -> Self:
        """Return those that have not ended."""
        return self.filter(revoked_at=None)


class LoginSession(RevocableModel):
    """One signed-in browser, listed, timed and revocable whatever keeps the session itself.

    The row is found by a random `sid` that is stored in the session. The session key is nowhere, and a
    digest of it at most: a copy of this table opens no session.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name=_("user"),
        related_name="sessionauth_%(class)s_set",
        related_query_name="sessionauth_%(class)s",
        db_index=False,
        # No constraint in the database: users may live in another one, and must be deletable where our lines were taken
        # out and the tables stayed. A row whose user is gone is refused.
        db_constraint=False,
    )
    sid = models.CharField(max_length=43, editable=False)
    #: Digest of the session key, kept only by our own session engine, and by UPDATE alone.
    session_digest = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001 - unique where present
    #: True for the one row that stands for all of a user's sign-ins from before the app was installed.
    earlier = models.BooleanField(_("earlier sign-ins"), default=False, editable=False)
    created_at = models.DateTimeField(_("signed in"), default=timezone.now, editable=False)
    authenticated_at = models.DateTimeField(_("proved who they are"), null=True, editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now, editable=False)
    #: The remembered browser it began with or from; ended together with it.
    remember_token = models.ForeignKey(
        RememberToken,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="login_sessions",
        db_index=False,
        db_constraint=False,
    )
    #: True if it was restored from a remembered browser, without a password.
    restored = models.BooleanField(_("restored"), default=False, editable=False)
    ip_address = models.GenericIPAddressField(_("address"), null=True, editable=False)
    user_agent = models.CharField(_("browser"), max_length=300, blank=True, editable=False)

    objects = LoginSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("login session")
        verbose_name_plural = _("login sessions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sid"], name="sessionauth_loginsession_sid"),
            models.UniqueConstraint(fields=["session_digest"], name="sessionauth_loginsession_key"),
        ]
        indexes: ClassVar = [models.Index(fields=["user", "revoked_at"], name="sessionauth_loginsession_user")]

    _not_saved_again: ClassVar = RevocableModel._not_saved_again | {"sid", "session_digest", "last_seen_at"}

    def revoke(self, reason: str = "revoked") -> bool:
        """Sign this browser out, and forget it if it was remembered.

        See RevocableModel.revoke(). Tells `session_revoked`.
        """
        changed = super().revoke(reason)
        if changed and self.remember_token_id is not None:
            using = router.db_for_write(RememberToken, instance=self)
            remembered = RememberToken._base_manager.using(using).filter(pk=self.remember_token_id, revoked_at=None)
            remembered.update(revoked_at=self.revoked_at, revoked_reason=reason[:REASON_LENGTH])
        if changed:
            session_revoked.send_robust(sender=type(self), session=self, reason=reason)
        return changed

    def __str__(self) -> str:
        return f"{self.user_id}, {self.created_at:%Y-%m-%d %H:%M}"

    def __repr__(self) -> str:
        return f"<LoginSession {self.pk} of user {self.user_id}>"
