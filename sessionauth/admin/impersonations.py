"""Who acted as whom: evidence to look at, and the switch that ends it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import quote
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from sessionauth.admin.ending import Ending
from sessionauth.admin.lists import NEVER_ASKED, ChoiceFilter
from sessionauth.admin.records import EndableAdmin, people_called
from sessionauth.credentials.rows import every_model, rows
from sessionauth.impersonation import service
from sessionauth.models import Impersonation
from sessionauth.sessions import browsers
from sessionauth.signals import impersonation_started

END = "sessionauth.end_impersonation"
RUNNING, OVER, ENDED = "running", "over", "ended"
STATES = {RUNNING: _("running"), OVER: _("over"), ENDED: _("ended")}
#: Of so many of the latest rows the actors can be chosen, and so many of them.
LATEST, MOST_ACTORS = 500, 20


class StateFilter(ChoiceFilter):
    """By what has become of it."""

    title = _("state")
    parameter_name = "state"
    words = STATES

    def narrowed(self, rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        """Return the rows in the chosen state."""
        if chosen == RUNNING:
            return rows.filter(service.running())
        if chosen == OVER:
            return rows.filter(ended_at=None).exclude(service.running())
        return rows.filter(ended_at__isnull=False)


class ActorFilter(ChoiceFilter):
    """By who acted; to choose from are those who did so lately, for all that ever did would take reading the table."""

    title = _("actor")
    parameter_name = "actor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return what can be chosen."""
        latest = Impersonation._base_manager.exclude(actor=None).order_by("-started_at")
        found = dict(latest.values_list("actor_id", "actor_name")[:LATEST])
        return sorted([(str(key), name) for key, name in found.items()][:MOST_ACTORS], key=lambda one: one[1])

    def narrowed(self, rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        """Return the rows of the chosen actor."""
        return rows.filter(actor_id=chosen)


@admin.register(Impersonation)
class ImpersonationAdmin(EndableAdmin):
    """Impersonations, the latest first; they can be looked at, and ended with the permission `end_impersonation`."""

    people = ()
    ordering = ("-started_at", "-pk")
    list_display = ("started_at", "who", "whom", "state", "mode", "transport", "reason", "reference", "last_seen_at")
    list_display_links = ("started_at",)
    list_filter = (StateFilter, "mode", "transport", ActorFilter)
    search_help_text = _("The name of a user on either side, or how it begins; or a reference.")
    never_asked = (*NEVER_ASKED, "actor_digest", "target_digest", "session_data", "window")
    fields: ClassVar[Any] = (
        *("who", "whom", "state", "mode", "transport", "reason", "reference", "started_at", "last_seen_at"),
        *("expires_at", "ended_at", "end_reason", "issued", "device", "user_agent", "ip_address"),
    )
    actions: Any = ("end_impersonations",)
    ending = Ending(
        _("End impersonation"),
        ngettext_lazy(
            "It ends with its next request; the person stays signed in as themself.",
            "These %(count)d end with their next requests; the people stay signed in as themselves.",
            "count",
        ),
        ngettext_lazy("%(count)d impersonation was ended.", "%(count)d impersonations were ended.", "count"),
        _("Ended."),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows without the sessions in them."""
        return super().get_queryset(request).defer("session_data")

    def found_by(self, term: str) -> Q:
        """Return the condition of rows with whoever is called so on either side; where nobody is, whoever was."""
        if found := people_called(term):
            return Q(actor_id__in=found) | Q(target_id__in=found)
        if "\0" in term:
            return Q(pk__in=())
        return Q(reference=term) | Q(actor_name=term) | Q(target_name=term)

    def open_among(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of `rows` that nobody has ended."""
        return rows.filter(ended_at=None)

    def has_ended(self, row: Impersonation) -> bool:
        """Say whether `row` has ended."""
        return row.ended_at is not None

    def may_act(self, request: HttpRequest) -> bool:
        """Say whether the visitor may end them; there is no permission to change them, of which nobody has any use."""
        return bool(request.user.has_perm(END))

    def end(self, row: Impersonation, reason: str) -> bool:
        """End it, as something that was revoked."""
        return row.end("revoked")

    def named(self, row: Any) -> str:
        """Return who acted as whom, and since when."""
        return str(row)

    @admin.action(description=_("End impersonation"), permissions=["revoke"])
    def end_impersonations(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        """Ask once more, then end those that were chosen."""
        return self.end_chosen(request, rows)

    @admin.display(description=_("actor"))
    def who(self, row: Impersonation) -> str:
        """Return who acted, with the way to their page."""
        return self._linked(row.actor_id, row.actor_name)

    @admin.display(description=_("target"))
    def whom(self, row: Impersonation) -> str:
        """Return as whom, with the way to their page."""
        return self._linked(row.target_id, row.target_name)

    @admin.display(description=_("state"))
    def state(self, row: Impersonation) -> str:
        """Return what has become of it."""
        if row.ended_at is not None:
            return str(STATES[ENDED])
        return str(STATES[RUNNING if service.is_running(row) else OVER])

    @admin.display(description=_("issued meanwhile"))
    def issued(self, row: Impersonation) -> str:
        """Return the keys and tokens that end with it; the one that carries it is among them."""
        found = (one for model in every_model() for one in rows(model).issued_during(row))
        return ", ".join(f"{one._meta.verbose_name} {one}" for one in found)

    @admin.display(description=_("device"))
    def device(self, row: Impersonation) -> str:
        """Return browser and system."""
        return browsers.words(row.user_agent) if row.user_agent else ""

    def _linked(self, key: Any, name: str) -> str:
        users = get_user_model()
        if key is None or not self.admin_site.is_registered(users):
            return name
        page = f"admin:{users._meta.app_label}_{users._meta.model_name}_change"
        try:
            url = reverse(page, args=(quote(key),), current_app=self.admin_site.name)
        except NoReverseMatch:
            return name
        return format_html('<a href="{}">{}</a>', url, name or key)


def note_in_history(*, impersonation: Impersonation, **kwargs: Any) -> None:
    """Receive `impersonation_started`: the history of the target tells of it.

    Of those by a header it does not, which begin anew all the time: the trail does.
    """
    if impersonation.is_by_header or impersonation.target is None or impersonation.actor_id is None:
        return
    words = gettext("Somebody began to act as this user: %(reason)s") % {"reason": impersonation.reason or "–"}
    LogEntry.objects.log_actions(impersonation.actor_id, [impersonation.target], CHANGE, words, single_object=True)


def connect() -> None:
    """Have the history told."""
    impersonation_started.connect(note_in_history, dispatch_uid="sessionauth.admin.impersonations")
