"""The list of keys and tokens: what it shows, finds and counts, also of a million."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import router
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from sessionauth.admin.lists import BoundedList, ChoiceFilter
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows with their owners."""
        return with_owners(super().get_queryset(request))

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Return the filters: the state, and for tokens whether they are personal."""
        own = list(super().get_list_filter(request))
        kinds = ["is_personal"] if issubclass(self.model, AbstractAccessToken) else []
        return own or [StateFilter, *kinds]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Return what is searched; names of owners where they live in the same database."""
        return [*super().get_search_fields(request)] or ["hint", "name", *self._names_of_owners()]

    def _names_of_owners(self) -> Iterator[str]:
        user, path = get_user_model(), self.model.user_path
        if path is not None and router.db_for_read(user) == router.db_for_read(self.model):
            yield f"{path}__{user.USERNAME_FIELD}"

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
