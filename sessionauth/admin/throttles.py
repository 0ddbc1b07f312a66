"""Accounts and names that have to wait, and letting them try again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from sessionauth.admin.pages import is_page_of
from sessionauth.guards import unlock
from sessionauth.models import LoginThrottle

if TYPE_CHECKING:
    ThrottleAdmin = admin.ModelAdmin[LoginThrottle]
else:
    ThrottleAdmin = admin.ModelAdmin


@admin.register(LoginThrottle)
class LoginThrottleAdmin(ThrottleAdmin):
    """Shows counters; they are made by logins alone. Whoever may change them may unlock."""

    list_display = ("user", "rule", "count", "changed_at", "blocked_until", "expires_at")
    list_filter = ("rule",)
    list_select_related = ("user",)
    ordering = ("-changed_at",)
    actions = ("unlock",)
    fields = readonly_fields = list_display

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds a counter."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LoginThrottle | None = None) -> bool:
        """Nobody deletes one: an old link of a mail would unlock the next that takes its place.

        With its user, who is deleted elsewhere, it goes.
        """
        return obj is not None and not is_page_of(self, request)

    @admin.action(description=_("Let them try again now"), permissions=["change"])
    def unlock(self, request: HttpRequest, rows: QuerySet[LoginThrottle]) -> None:
        """Unlock the accounts of `rows`, or where they are nobody's, these counters."""
        count = sum(unlock.unlock_row(row) for row in rows)
        text = ngettext("%(count)d wait or lock was ended.", "%(count)d waits or locks were ended.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)
