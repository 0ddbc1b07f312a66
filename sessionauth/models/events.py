"""AuthEvent: what happened, to whom, and from where; kept when the people are gone."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AuthEvent(models.Model):
    """One event of the trail. Written once; never holds a secret, a password or a session key."""

    created_at = models.DateTimeField(_("time"), default=timezone.now, editable=False)
    #: A stable name, such as "login_succeeded"; see `sessionauth.audit`.
    event = models.CharField(_("event"), max_length=40, editable=False)
    outcome = models.CharField(_("outcome"), max_length=10, blank=True, editable=False)
    #: A stable word that says why, such as "too_many_attempts".
    reason = models.CharField(_("reason"), max_length=100, blank=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("user"),
        null=True,
        related_name="sessionauth_%(class)s_set",
        related_query_name="sessionauth_%(class)s",
        db_index=False,
        db_constraint=False,  # see LoginSession.user
    )
    #: How the user was called then; for a failed login, the name that was posted.
    user_name = models.CharField(_("name"), max_length=150, blank=True, editable=False)
    #: The person who really acted, where it was not the user.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("actor"),
        null=True,
        related_name="sessionauth_%(class)s_acted_set",
        related_query_name="sessionauth_%(class)s_acted",
        db_index=False,
        db_constraint=False,
    )
    actor_name = models.CharField(_("actor's name"), max_length=150, blank=True, editable=False)
    #: How the request was recognised: the values of `auth.method`.
    method = models.CharField(_("method"), max_length=40, blank=True, editable=False)
    #: Which row it was about, such as "loginsession:12".
    subject = models.CharField(_("subject"), max_length=80, blank=True, editable=False)
    ip_address = models.GenericIPAddressField(_("address"), null=True, editable=False)
    user_agent = models.CharField(_("browser"), max_length=300, blank=True, editable=False)
    path = models.CharField(_("path"), max_length=200, blank=True, editable=False)
    #: Further facts by name; small, and nothing secret.
    data = models.JSONField(_("details"), default=dict, blank=True, editable=False)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="sessionauth_event_created"),
            models.Index(fields=["user", "created_at"], name="sessionauth_event_user"),
            models.Index(fields=["event", "created_at"], name="sessionauth_event_event"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.user_name}".strip()

    def __repr__(self) -> str:
        return f"<AuthEvent {self.pk} {self.event}>"
