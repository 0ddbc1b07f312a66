"""The list of keys and tokens: what it shows, finds and counts, also of a million."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from sessionauth.admin.lists import BoundedList, ChoiceFilter
from sessionauth.admin.records import people_called
from sessionauth.credentials.states import State, in_state, owner_of, state_of, with_owners
from sessionauth.models import AbstractAccessToken, AbstractCredential

WORDS = {
    State.ACTIVE: _("active"),
    State.ROTATED: _("being replaced"),
    State.EXPIRED: _("expired"),
    State.REFRESHABLE: _("to be refreshed"),
    State.REVOKED: _("revoked"),
    State.INACTIVE: _("owner inactive"),
}
#: What takes a look at more than the row.
UNTOLD = (State.REFRESHABLE, State.INACTIVE)


class StateFilter(ChoiceFilter):
    """By what the row alone tells of its state."""

    title = _("state")
    parameter_name = "state"
    words = {str(state): words for state, words in WORDS.items() if state not in UNTOLD}

    def narrowed(self, rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        """Return the rows in the chosen state."""
        return rows.filter(in_state(State(chosen)))


class CredentialList(BoundedList):
    """The half of `CredentialAdmin` that only looks."""

    #: That it may show credentials, for the check W210.
    hands_out_secrets = True

    list_display: Any = ("hint", "name", "owner", "state", "granted_scopes", "last_used_at", "expires_at")
    list_display_links = ("hint", "name")
    sortable_by = ("name", "last_used_at", "expires_at")
    ordering = ("-pk",)
    search_help_text = _(
        "The name of its owner, or how that begins; where nobody is called so, a part of its own name."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows with their owners."""
        return with_owners(super().get_queryset(request))

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Return the filters: the state, and for tokens whether they are personal."""
        own = list(super().get_list_filter(request))
        kinds = ["is_personal"] if issubclass(self.model, AbstractAccessToken) else []
        return own or [StateFilter, *kinds]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Return what is searched where nobody is called so."""
        return [*super().get_search_fields(request)] or ["hint", "name"]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Return the rows of whoever is called so, which their index finds; where nobody is, those that are.

        A project's own `search_fields` are searched as Django does.
        """
        path, term = self.model.user_path, search_term.strip()
        people = people_called(term) if term and path is not None and not self.search_fields else []
        if people:
            return queryset.filter(**{f"{path}__in": people}), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description=_("owner"))
    def owner(self, row: AbstractCredential) -> str:
        """Return whom it acts for."""
        owner = owner_of(row)
        if owner is not None:
            return str(owner)
        return gettext("gone") if row.failure() == "unknown" else pgettext("owner of a key", "nobody")

    @admin.display(description=_("state"))
    def state(self, row: AbstractCredential) -> str:
        """Return whether it is good."""
        return str(WORDS[state_of(row)])

    @admin.display(description=_("scopes"))
    def granted_scopes(self, row: AbstractCredential) -> str:
        """Return what it may do."""
        granted = row.granted
        if granted is None and owner_of(row) is not None:
            return gettext("all of the owner’s")
        return ", ".join(sorted(granted or ())) or gettext("none")
