"""The tokens with which people act as others: looked at, and revoked, which ends what they were issued for."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sessionauth.admin.credential_list import CredentialList, StateFilter
from sessionauth.admin.ending import REVOKING
from sessionauth.admin.records import EndableAdmin, people_called, person
from sessionauth.models import ImpersonationToken


@admin.register(ImpersonationToken)
class ImpersonationTokenAdmin(EndableAdmin, CredentialList):
    """Tokens of impersonations; whoever may change them may revoke them. Nobody issues or rotates one by hand."""

    people = ("user", "impersonation")
    list_display = ("hint", "whom", "acting", "state", "granted_scopes", "last_used_at", "expires_at")
    list_display_links: Any = ("hint",)
    list_filter = (StateFilter,)
    search_help_text = _("The name of a user, or how it begins; or the visible part of a token.")
    fields: ClassVar[Any] = (
        *("hint", "name", "whom", "acting", "state", "granted_scopes", "created_at", "last_used_at", "expires_at"),
        *("revoked_at", "revoked_reason"),
    )
    actions: Any = ("revoke_chosen",)
    ending = REVOKING

    def found_by(self, term: str) -> Q:
        """Return the condition of the tokens to act as whoever is called so; where nobody is, of the one shown so."""
        found = people_called(term)
        if found or "\0" in term:
            return Q(user_id__in=found)
        return Q(hint=term)

    def named(self, row: Any) -> str:
        """Return its name, and the part of it that can be seen."""
        return str(row)

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke_chosen(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        """Ask once more, then revoke those that were chosen."""
        return self.end_chosen(request, rows)

    @admin.display(description=_("target"))
    def whom(self, row: ImpersonationToken) -> str:
        """Return whom it acts as."""
        return person(row, "user") or gettext("gone")

    @admin.display(description=_("impersonation"))
    def acting(self, row: ImpersonationToken) -> str:
        """Return who acts as whom with it, and since when."""
        return person(row, "impersonation") or gettext("gone")
