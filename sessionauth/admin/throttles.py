"""Accounts and names that have to wait, and letting them try again."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sessionauth.admin import handing_out
from sessionauth.admin.lists import ChoiceFilter
from sessionauth.admin.records import RecordAdmin
from sessionauth.guards import unlock
from sessionauth.guards.lockout import RULE, limit
from sessionauth.models import LoginThrottle

#: How a counter keeps somebody out: for a time, or until it is unlocked.
WAITING, LOCKED = "waiting", "locked"
STATES = {WAITING: _("has to wait"), LOCKED: _("locked")}


class StateFilter(ChoiceFilter):
    """By whether somebody is kept out."""

    title = _("state")
    parameter_name = "state"
    words = STATES

    def narrowed(self, rows: QuerySet[LoginThrottle], chosen: str) -> QuerySet[LoginThrottle]:
        """Return the counters that keep somebody out so."""
        if chosen == WAITING:
            return rows.filter(blocked_until__gt=timezone.now())
        return rows.filter(rule=RULE, count__gte=limit())


@admin.register(LoginThrottle)
class LoginThrottleAdmin(RecordAdmin):
    """Shows counters; they are made by logins alone. Whoever may change them may unlock."""

    never_asked = (*RecordAdmin.never_asked, "key")  # a digest as well
    list_display = ("owner", "rule", "count", "state", "changed_at", "blocked_until")
    list_filter = (StateFilter,)
    ordering = ("-changed_at",)
    actions: Any = ("unlock",)
    fields: ClassVar[Any] = (*list_display, "expires_at")

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        """Say whether the visitor may unlock."""
        return self.may_act(request)

    @admin.display(description=_("user"))
    def owner(self, row: LoginThrottle) -> str:
        """Return whose attempts are counted; of a name that nobody has no more is known than its digest."""
        if row.user_id is None:
            return gettext("a name that nobody has, or an address")
        return super().owner(row)

    @admin.display(description=_("state"))
    def state(self, row: LoginThrottle) -> str:
        """Return whether it keeps somebody out."""
        if row.rule == RULE and row.count >= limit():
            return str(STATES[LOCKED])
        waits = row.blocked_until is not None and row.blocked_until > timezone.now()
        return str(STATES[WAITING]) if waits else gettext("counting")

    @admin.action(description=_("Let them try again now"), permissions=["unlock"])
    def unlock(self, request: HttpRequest, rows: QuerySet[LoginThrottle]) -> HttpResponse | None:
        """Unlock the accounts of `rows`, or where they are nobody's, these counters."""
        if (refusal := handing_out.unready_to_end(request)) is not None:
            return refusal
        count = sum(unlock.unlock_row(row) for row in rows)
        text = ngettext("%(count)d wait or lock was ended.", "%(count)d waits or locks were ended.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)
        return None
