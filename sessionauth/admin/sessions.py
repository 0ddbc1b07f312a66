"""Where people are signed in and remembered, and ending it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from sessionauth.admin.ending import Ending
from sessionauth.admin.lists import ChoiceFilter
from sessionauth.admin.records import EndableAdmin
from sessionauth.models import LoginSession, RememberToken
from sessionauth.sessions import registry, timeouts

ACTIVE, OVER, ENDED = "active", "expired", "revoked"


class StateFilter(ChoiceFilter):
    """By what has become of it."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return what can be chosen."""
        return list(model_admin.states.items())

    def narrowed(self, rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        """Return the rows in the chosen state."""
        alive = _live(rows.model)
        if chosen == ACTIVE:
            return rows.filter(alive)
        if chosen == OVER:
            return rows.filter(revoked_at=None).exclude(alive)
        return rows.filter(revoked_at__isnull=False)


def _live(model: Any) -> Q:
    return timeouts.live() if model is LoginSession else Q(revoked_at=None, expires_at__gt=timezone.now())


class BrowserAdmin(EndableAdmin):
    """Browsers, signed in or remembered."""

    list_filter = (StateFilter,)
    #: What the states are called.
    states: dict[str, Any]

    @admin.display(description=_("state"))
    def state(self, row: Any) -> str:
        """Return what has become of it."""
        if row.is_revoked:
            return str(self.states[ENDED])
        is_over = not timeouts.is_live(row) if isinstance(row, LoginSession) else row.is_expired
        return str(self.states[OVER if is_over else ACTIVE])


@admin.register(LoginSession)
class LoginSessionAdmin(BrowserAdmin):
    """Signed-in browsers; whoever may change them may sign them out."""

    states = {ACTIVE: _("signed in"), OVER: _("over"), ENDED: _("signed out")}
    list_display = ("owner", "device", "ip_address", "state", "created_at", "last_seen_at", "is_remembered")
    fields: ClassVar[Any] = (
        *("owner", "device", "user_agent", "ip_address", "state", "created_at", "authenticated_at", "last_seen_at"),
        *("is_remembered", "restored", "earlier", "revoked_at", "revoked_reason"),
    )
    actions: Any = ("sign_out",)
    ending = Ending(
        _("Sign out"),
        ngettext_lazy(
            "This browser is signed out with its next request, and remembered no longer.",
            "These %(count)d browsers are signed out with their next requests, and remembered no longer.",
            "count",
        ),
        ngettext_lazy("%(count)d browser was signed out.", "%(count)d browsers were signed out.", "count"),
        _("Signed out."),
        _("Kept with it, such as “lost laptop”."),
    )

    def end(self, row: LoginSession, reason: str) -> bool:
        """Sign the browser out and forget it."""
        return registry.revoke(row, reason)

    @admin.action(description=_("Sign out"), permissions=["revoke"])
    def sign_out(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        """Ask once more, then sign out those that were chosen."""
        return self.end_chosen(request, rows)

    @admin.display(description=_("remembered"), boolean=True)
    def is_remembered(self, row: LoginSession) -> bool:
        """Say whether it began with or from a remembered browser."""
        return row.remember_token_id is not None


@admin.register(RememberToken)
class RememberTokenAdmin(BrowserAdmin):
    """Remembered browsers; whoever may change them may have them forgotten."""

    states = {ACTIVE: _("remembered"), OVER: _("expired"), ENDED: _("forgotten")}
    list_display = ("owner", "device", "ip_address", "state", "created_at", "last_used_at", "expires_at")
    fields: ClassVar[Any] = (
        *("owner", "device", "user_agent", "ip_address", "state", "created_at", "last_used_at", "rotated_at"),
        *("expires_at", "revoked_at", "revoked_reason"),
    )
    actions: Any = ("forget",)
    ending = Ending(
        _("Forget"),
        ngettext_lazy(
            "This browser is remembered no longer, and signed out with its next request.",
            "These %(count)d browsers are remembered no longer, and signed out with their next requests.",
            "count",
        ),
        ngettext_lazy("%(count)d browser was forgotten.", "%(count)d browsers were forgotten.", "count"),
        _("Forgotten."),
        _("Kept with it, such as “lost laptop”."),
    )

    @admin.action(description=_("Forget"), permissions=["revoke"])
    def forget(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        """Ask once more, then forget those that were chosen."""
        return self.end_chosen(request, rows)
