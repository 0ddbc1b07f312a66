"""The trail: what happened, in sentences."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sessionauth.admin import overview
from sessionauth.admin.lists import ChoiceFilter
from sessionauth.admin.records import RecordAdmin, people_called, person
from sessionauth.audit import Event
from sessionauth.audit.events import DENIED, FAILURE, SUCCESS
from sessionauth.models import AuthEvent
from sessionauth.sessions import browsers

OUTCOMES = {
    SUCCESS: pgettext_lazy("outcome", "success"),
    FAILURE: pgettext_lazy("outcome", "failure"),
    DENIED: pgettext_lazy("outcome", "denied"),
}
DAYS = {"1": _("Past day"), "7": _("Past 7 days"), "30": _("Past 30 days")}
#: How far back addresses are looked for: by the index on the time, for they have none.
ADDRESS_DAYS = 30


class OutcomeFilter(ChoiceFilter):
    """By how it went."""

    title = _("outcome")
    parameter_name = "outcome"
    words = OUTCOMES

    def narrowed(self, rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        """Return the rows that went so."""
        return rows.filter(outcome=chosen)


class EventFilter(ChoiceFilter):
    """By what happened; the choices are those that there are, not those that are found by reading the table."""

    title = _("event")
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return what can be chosen."""
        return [(event.value, sentence(event)) for event in Event]

    def narrowed(self, rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        """Return the rows of the chosen event."""
        return rows.filter(event=chosen)


class TimeFilter(ChoiceFilter):
    """By when; a hierarchy of dates would have to look at every row to name the years."""

    title = _("time")
    parameter_name = "days"
    words = DAYS

    def narrowed(self, rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        """Return the rows of the last days."""
        return rows.filter(created_at__gte=_ago(int(chosen)))


@admin.register(AuthEvent)
class AuthEventAdmin(RecordAdmin):
    """Events, the latest first; they can be looked at and nothing else."""

    people = ("user", "actor")
    list_display = ("created_at", "what", "how", "owner", "by", "device", "ip_address")
    list_filter = (TimeFilter, OutcomeFilter, EventFilter)
    list_display_links = ("what",)
    ordering = ("-created_at", "-pk")
    search_help_text = _(
        "The name of a user, or how it begins; an address, or the name of who is gone: of the last 30 days."
    )
    fields: ClassVar[Any] = (
        *("created_at", "what", "event", "how", "reason", "owner", "by", "method", "subject"),
        *("device", "user_agent", "ip_address", "path", "details"),
    )

    change_list_template = "sessionauth/admin/event_list.html"

    def get_urls(self) -> list[Any]:
        """Add the security overview."""
        view = self.admin_site.admin_view(self.overview_view)
        return [path("overview/", view, name="sessionauth_authevent_overview"), *super().get_urls()]

    def overview_view(self, request: HttpRequest) -> HttpResponse:
        """Show the security overview."""
        return overview.show(self, request)

    def found_by(self, term: str) -> Q:
        """Return the condition of rows about whoever is called so; where nobody is, whoever was, or that address."""
        if found := people_called(term):
            return Q(user_id__in=found)
        lately = Q(user_name=term) | (Q(ip_address=term) if _is_address(term) else Q())
        return Q(lately, created_at__gte=_ago(ADDRESS_DAYS))

    def named(self, row: AuthEvent) -> str:
        """Return what happened, to whom and when."""
        return " ".join(filter(None, (sentence(row.event), self.owner(row))))

    @admin.display(description=_("event"), ordering="event")
    def what(self, row: AuthEvent) -> str:
        """Return what happened as a sentence."""
        return sentence(row.event)

    @admin.display(description=_("outcome"))
    def how(self, row: AuthEvent) -> str:
        """Return how it went."""
        return str(OUTCOMES.get(row.outcome, row.outcome))

    @admin.display(description=_("user"))
    def owner(self, row: AuthEvent) -> str:
        """Return to whom it happened, as they were called then."""
        return row.user_name or person(row, "user")

    @admin.display(description=_("by"))
    def by(self, row: AuthEvent) -> str:
        """Return who did it, where it was somebody else."""
        return row.actor_name or person(row, "actor")

    @admin.display(description=_("device"))
    def device(self, row: AuthEvent) -> str:
        """Return browser and system, nothing where there was no request."""
        return browsers.words(row.user_agent) if row.user_agent else ""

    @admin.display(description=_("details"))
    def details(self, row: AuthEvent) -> str:
        """Return the further facts."""
        return json.dumps(row.data, ensure_ascii=False, indent=1) if row.data else ""


def sentence(name: str) -> str:
    """Return what is said of the event `name`, less what is said of its details; of one that is not known, the name."""
    known = next((event for event in Event if event.value == name), None)
    return name if known is None else translation.gettext(known.says).partition("; ")[0].rstrip(".") + "."


def _ago(days: int) -> Any:
    return timezone.now() - timedelta(days=days)


def _is_address(term: str) -> bool:
    try:
        validate_ipv46_address(term)
    except ValidationError:
        return False
    return True
