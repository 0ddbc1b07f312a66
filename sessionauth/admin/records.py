"""What the admin of every record has in common: looked at by many, found by people, written by nobody."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sessionauth import accounts
from sessionauth.admin.ending import Ending, EndingActs
from sessionauth.admin.lists import BoundedList
from sessionauth.admin.pages import is_page_of
from sessionauth.sessions import browsers

#: Of so many people whose names begin alike the rows are shown.
MOST_PEOPLE = 100


class RecordAdmin(BoundedList):
    """Shows rows that the app alone writes. They are evidence: pruned when they are old, and gone with their users."""

    #: Fields that name people, read along: a query each, however many rows, wherever the people live.
    people: ClassVar[tuple[str, ...]] = ("user",)
    ordering: ClassVar[Any] = ("-pk",)
    sortable_by: ClassVar[Any] = ()
    search_fields: ClassVar[Any] = ("user",)
    search_help_text: ClassVar[Any] = _("The name of a user, or how it begins.")
    change_form_template: ClassVar[Any] = "sessionauth/admin/record.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows with the people they name.

        No join: users may live in another database, and a row must not go out of sight with its user.
        """
        return super().get_queryset(request).prefetch_related(*self.people)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return all that is shown."""
        return self.get_fields(request, obj)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Return the rows of whoever is called so: their index finds them, not a look at every row."""
        term = search_term.strip()
        return (queryset.filter(self.found_by(term)) if term else queryset), False

    def found_by(self, term: str) -> Q:
        """Return the condition of rows that `term` finds."""
        return Q(user_id__in=people_called(term))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds a row."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes a row; who has the permission may act on it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes a row by hand; with its user, who is deleted elsewhere, it goes."""
        return obj is not None and not is_page_of(self, request)

    def may_act(self, request: HttpRequest) -> bool:
        """Say whether the visitor may do something about these rows."""
        return super().has_change_permission(request)

    def named(self, row: Any) -> str:
        """Return what `row` is called on pages about it."""
        return str(row)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """Name the row in words."""
        if context.get("original") is not None:
            context["subtitle"] = self.named(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("user"))
    def owner(self, row: Any) -> str:
        """Return whom the row is about."""
        return person(row, "user") or gettext("gone")

    @admin.display(description=_("device"))
    def device(self, row: Any) -> str:
        """Return browser and system."""
        return browsers.words(row.user_agent)


class EndableAdmin(RecordAdmin, EndingActs):
    """Records that stand for something which can be ended: by whoever may change them."""

    ending: Ending

    def has_ended(self, row: Any) -> bool:
        """Say whether there is nothing to end."""
        return bool(row.is_revoked)

    def has_revoke_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the visitor may end `obj`, or anything at all."""
        return self.may_act(request) and (obj is None or not self.has_ended(obj))

    def named(self, row: Any) -> str:
        """Return whose it is, which browser, and from where."""
        return ", ".join(filter(None, (self.owner(row), self.device(row), row.ip_address)))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """Say whether the page leads to ending it."""
        row = context.get("original")
        if row is not None and self.has_revoke_permission(request, row):
            context["ending"] = self.ending
        return super().render_change_form(request, context, *args, **kwargs)


def person(row: Any, field: str) -> str:
    """Return what the user in `field` of `row` is called, "" for nobody and for who is gone."""
    try:
        user = getattr(row, field)
    except ObjectDoesNotExist:
        return ""
    return "" if user is None else str(user)


def people_called(term: str) -> list[Any]:
    """Return the keys of users whose name begins with `term`, or who sign in by it; of many, some."""
    users = get_user_model()
    called = Q((f"{users.USERNAME_FIELD}__startswith", term))
    for field in accounts.login_fields():
        called |= Q((field, term))
    if "\0" in term:
        return []
    return list(users._base_manager.filter(called).values_list("pk", flat=True)[:MOST_PEOPLE])
