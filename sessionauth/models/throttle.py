"""LoginThrottle: how often somebody tried, counted in the database."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class LoginThrottle(models.Model):
    """One counter: of an account's consecutive failures, or of a rate where no cache can count it.

    The key is a digest of what is counted. A name that nobody has gets a row like any other, so that nothing tells it
    from an account.
    """

    key = models.CharField(max_length=64, editable=False)
    #: The account, where the name on the form led to one; for lists and for unlocking, never for counting.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name=_("user"),
        null=True,
        related_name="sessionauth_%(class)s_set",
        related_query_name="sessionauth_%(class)s",
        db_index=False,
        db_constraint=False,  # see LoginSession.user
    )
    #: What is counted: "lockout", or the name of a rate.
    rule = models.CharField(_("rule"), max_length=40, editable=False)
    count = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    changed_at = models.DateTimeField(_("last attempt"), default=timezone.now, editable=False)
    #: No attempt is looked at before.
    blocked_until = models.DateTimeField(_("waits until"), null=True, editable=False)
    #: The last attempt that fitted in may still be under way until then, and may yet be a right one.
    pending_until = models.DateTimeField(null=True, editable=False)
    #: The end of a rate's window; the row means nothing afterwards.
    expires_at = models.DateTimeField(_("expires"), null=True, editable=False)
    #: Counts the times it was locked or unlocked, so that a link in an old mail unlocks nothing.
    generation = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("login throttle")
        verbose_name_plural = _("login throttles")
        constraints: ClassVar = [models.UniqueConstraint(fields=["key"], name="sessionauth_loginthrottle_key")]
        indexes: ClassVar = [
            models.Index(fields=["user"], name="sessionauth_throttle_user"),
            models.Index(fields=["changed_at"], name="sessionauth_throttle_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.count}"

    def __repr__(self) -> str:
        return f"<LoginThrottle {self.pk} {self.rule} {self.count}>"
