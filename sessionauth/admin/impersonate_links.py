"""Leads from people in the admin to the page that asks whether to act as them; nothing begins here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.auth import REDIRECT_FIELD_NAME, get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sessionauth import base_user
from sessionauth.admin.actions import actions_of, takes_actions
from sessionauth.admin.lists import LOOK
from sessionauth.conf import settings
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import rules
from sessionauth.impersonation.middleware import is_installed
from sessionauth.impersonation.stage import stage_of

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = object

ACTION = "sessionauth_impersonate"
#: Extends the template that would have been rendered, whichever that is.
TEMPLATE = "sessionauth/admin/impersonate_link.html"


class ImpersonateAdminMixin(Base):
    """Gives an admin a column, a link and an action that lead to acting as somebody.

    The admin of users has it without being told. For models that are about a user, put it first among the bases and
    say in `get_impersonation_target()` which one. Shown are the links to whoever may impersonate at all, and of each
    user to whoever may impersonate that one, as far as that shows without asking the database for each row.
    """

    @property
    def media(self) -> forms.Media:
        """Add the look of the column and the link, where there can be any."""
        is_there = settings.IMPERSONATION_ADMIN and is_installed()
        return super().media + forms.Media(css=LOOK if is_there else {})

    def get_impersonation_target(self, obj: Any) -> Any | None:
        """Return the user that `obj` is about, None for nobody; by default `obj` itself.

        Asked for each row of the list: read along what it needs, with `list_select_related`.
        """
        return obj if isinstance(obj, get_user_model()) else None

    def has_impersonate_permission(self, request: HttpRequest) -> bool:
        """Say whether the visitor may impersonate at all, and this site knows where; for `permissions` of actions."""
        is_there = settings.IMPERSONATION_ADMIN and stage_of(request) is not None and bool(_page_of("x"))
        return is_there and rules.may_begin(request.user)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Add the column."""
        shown = super().get_list_display(request)
        if IS_POPUP_VAR in request.GET or not self.has_impersonate_permission(request):
            return shown
        return [*shown, self._column(request)]

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        """Add the action to those of the list."""
        actions = actions_of(super().get_actions, request, action_location)
        if not takes_actions(self, request, action_location) or not self.has_impersonate_permission(request):
            return actions
        return {ACTION: (impersonate, ACTION, impersonate.short_description)} | actions  # type: ignore[attr-defined]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """Add the link, beside those to the history and the like: outside of the form, which it has nothing to do with.

        A button of the form that stood above its fields would be what Enter in any of them presses.
        """
        response: Any = super().render_change_form(request, context, *args, **kwargs)
        row = context.get("original")
        is_page = row is not None and isinstance(response, SimpleTemplateResponse) and not response.is_rendered
        if not is_page or context.get("is_popup") or not self.has_impersonate_permission(request):
            return response
        target = self.get_impersonation_target(row)
        url = url_for(request, target) if target is not None and rules.allows(request, request.user, target) else ""
        if url:
            response.context_data = {
                **(response.context_data or {}),
                "sessionauth_parent_template": response.resolve_template(response.template_name),
                "sessionauth_impersonate_url": url,
            }
            response.template_name = TEMPLATE
        return response

    def _column(self, request: HttpRequest) -> Callable[[Any], str]:
        # Of its own for each request: whoever looks decides what is in it.
        @admin.display(description=_("Act as"))
        def sessionauth_impersonate(row: Any) -> str:
            target = self.get_impersonation_target(row)
            if target is None or not rules.may_show(request, request.user, target):
                return ""
            url = url_for(request, target)
            name = gettext("Act as %(name)s") % {"name": base_user.display_name(target)}
            words = gettext("Act as")
            return format_html('<a href="{}" aria-label="{}">{}</a>', url, name, words) if url else ""

        return sessionauth_impersonate


@admin.action(description=_("Act as the selected user"))
def impersonate(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
    """Go where it is asked whether to act as the one that was chosen."""
    chosen = list(rows[:2])
    if len(chosen) != 1:
        model_admin.message_user(request, gettext("Choose one user: nobody acts as several."), messages.ERROR)
        return None
    target = model_admin.get_impersonation_target(chosen[0])
    try:
        rules.check(request, request.user, target)
    except ImpersonationDenied as denial:
        model_admin.message_user(request, str(denial.public), messages.ERROR)
        return None
    return HttpResponseRedirect(url_for(request, target))


def url_for(request: HttpRequest, target: Any) -> str:
    """Return where it is asked whether to act as `target`, to come back to the page of `request` after the end."""
    page = _page_of(target.pk)
    back = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
    return f"{page}?{back}" if page else ""


def _page_of(key: Any) -> str:
    """Return the address of the page about the user `key`, "" where our pages are not among the URLs."""
    try:
        return reverse("sessionauth:impersonate", args=[key])
    except NoReverseMatch:
        return ""
