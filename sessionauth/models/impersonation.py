"""Impersonation: one person acting as another, from the start to the end; kept when the people are gone."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any, ClassVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import models, router, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessionauth.models.credentials import models_by_kind
from sessionauth.models.managers import CredentialQuerySet
from sessionauth.models.writing import best_effort
from sessionauth.request_state import current
from sessionauth.signals import impersonation_ended

#: How long a reason may be, in characters.
REASON_LENGTH = 500
REFERENCE_LENGTH = 100
#: Why what was issued meanwhile was revoked.
OVER = "impersonation ended"


class Impersonation(models.Model):
    """One impersonation: who acts as whom, why, how far and for how long.

    The row is the truth: a session only holds its key, and each request asks the row again. It ends once, by one
    conditional UPDATE, with a reason, and outlives the people in it.
    """

    class Mode(models.TextChoices):
        """How far it goes."""

        READ = "read", _("read only")
        WRITE = "write", _("read and write")

    class Transport(models.TextChoices):
        """What carries it from request to request."""

        SESSION = "session", _("session")
        HEADER = "header", _("header")
        TOKEN = "token", _("token")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("actor"),
        null=True,
        editable=False,
        related_name="sessionauth_%(class)s_acted_set",
        related_query_name="sessionauth_%(class)s_acted",
        db_index=False,
        db_constraint=False,  # see LoginSession.user
    )
    #: How the actor was called when it began.
    actor_name = models.CharField(_("actor's name"), max_length=150, blank=True, editable=False)
    target = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("target"),
        null=True,
        editable=False,
        related_name="sessionauth_%(class)s_set",
        related_query_name="sessionauth_%(class)s",
        db_index=False,
        db_constraint=False,
    )
    target_name = models.CharField(_("target's name"), max_length=150, blank=True, editable=False)
    #: Why, in the actor's words.
    reason = models.CharField(_("reason"), max_length=REASON_LENGTH, blank=True, editable=False)
    #: A ticket or the like.
    reference = models.CharField(_("reference"), max_length=REFERENCE_LENGTH, blank=True, editable=False)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode, default=Mode.READ, editable=False)
    transport = models.CharField(
        _("transport"), max_length=10, choices=Transport, default=Transport.SESSION, editable=False
    )
    started_at = models.DateTimeField(_("started"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"), editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    #: A stable word, such as "released" or "expired".
    end_reason = models.CharField(_("end"), max_length=40, blank=True, editable=False)
    ip_address = models.GenericIPAddressField(_("address"), null=True, editable=False)
    user_agent = models.CharField(_("browser"), max_length=300, blank=True, editable=False)
    #: Digests of both session auth hashes: a new password of either ends it, however it was set.
    actor_digest = models.CharField(max_length=64, editable=False)
    target_digest = models.CharField(max_length=64, editable=False)
    #: The actor's browser, whose sign-in carries it: what was issued meanwhile is asked for it, since no session comes
    #: with that. None where the sign-in has no row, or nothing of a session carries it.
    login_session = models.ForeignKey(
        "sessionauth.LoginSession",
        models.DO_NOTHING,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    #: Digest of the credential and the target, where a program says in a header as whom it acts: there is one row for
    #: both at a time. It stays after the end, until the next one begins.
    window = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001 (unique, or none)
    #: The target's session for this time alone, as signed text; emptied at the end.
    session_data = models.TextField(blank=True, editable=False)

    class Meta:
        verbose_name = _("impersonation")
        verbose_name_plural = _("impersonations")
        # Evidence: nobody adds, changes or deletes it by hand.
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("impersonate", "Can impersonate users"),
            ("impersonate_staff", "Can impersonate staff"),
            ("impersonate_write", "Can change things while impersonating"),
            ("end_impersonation", "Can end impersonations"),
        ]
        constraints: ClassVar = [models.UniqueConstraint(fields=["window"], name="sessionauth_impersonate_window")]
        indexes: ClassVar = [
            models.Index(fields=["started_at"], name="sessionauth_impersonate_begun"),
            models.Index(fields=["actor", "started_at"], name="sessionauth_impersonate_actor"),
            models.Index(fields=["target", "started_at"], name="sessionauth_impersonate_target"),
            models.Index(fields=["ended_at", "expires_at"], name="sessionauth_impersonate_open"),
            # What the admin finds and filters them by.
            models.Index(fields=["mode", "started_at"], name="sessionauth_impersonate_mode"),
            models.Index(fields=["transport", "started_at"], name="sessionauth_impersonate_by"),
            models.Index(fields=["reference"], name="sessionauth_impersonate_ticket"),
            models.Index(fields=["actor_name"], name="sessionauth_impersonate_who"),
            models.Index(fields=["target_name"], name="sessionauth_impersonate_whom"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} → {self.target_name}, {self.started_at:%Y-%m-%d %H:%M}"

    def __repr__(self) -> str:
        return f"<Impersonation {self.pk} of {self.target_id} by {self.actor_id}>"

    @property
    def is_read_only(self) -> bool:
        """Whether nothing may be changed."""
        return self.mode != self.Mode.WRITE

    @property
    def is_by_header(self) -> bool:
        """Whether a program says at each request anew as whom it acts: there is nothing then that could be idle."""
        return self.transport == self.Transport.HEADER

    @property
    def has_ended(self) -> bool:
        """Whether somebody or something has ended it, or its time is over."""
        return self.ended_at is not None or self.expires_at <= timezone.now()

    def change(self, **values: Any) -> bool:
        """Write `values` into this row unless it has ended by then, by one UPDATE, and say whether it had not."""
        using = router.db_for_write(type(self), instance=self)
        rows = type(self)._base_manager.using(using).filter(pk=self.pk, ended_at=None)
        if not rows.update(**values):
            return False
        for name, value in values.items():
            setattr(self, name, value)
        return True

    def end(self, reason: str = "revoked") -> bool:
        """End it for good, from the target's next request on; `reason` is a stable word that is kept.

        Of several at once one does it. Return False if it had ended before. What was issued meanwhile is revoked. Tells
        `impersonation_ended`.
        """
        with transaction.atomic(using=router.db_for_write(type(self), instance=self)):
            changed = self.change(ended_at=timezone.now(), end_reason=reason[:40], session_data="")
            if changed and self.target_id is not None and not self.is_by_header:
                self._revoke_issued()
        if changed:
            facts = {"request": current(), "impersonation": self, "reason": reason}
            impersonation_ended.send_robust(sender=type(self), **facts)
        return changed

    def _revoke_issued(self) -> None:
        """Revoke what was issued meanwhile; it is not accepted any more in any case, so that trouble stops nothing."""
        for model in models_by_kind().values():
            using = router.db_for_write(model)
            best_effort(partial(_revoke_all, CredentialQuerySet(model).using(using).issued_during(self)), using)

    async def aend(self, reason: str = "revoked") -> bool:
        """See end()."""
        return await sync_to_async(self.end)(reason)


def _revoke_all(issued: models.QuerySet[Any]) -> None:
    for row in issued.filter(revoked_at=None).order_by("pk"):
        row.revoke(OVER)
