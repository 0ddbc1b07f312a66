"""Rotating and revoking in the admin: asked once more on a page of their own, then done."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_variables

from sessionauth.admin import handing_out
from sessionauth.admin.credential_rights import CredentialRights
from sessionauth.admin.ending import EndingActs
from sessionauth.credentials.rotating import rotate
from sessionauth.exceptions import CredentialConflict, NotToBeRotated
from sessionauth.views.keys.forms import OverlapField


class RotateForm(forms.Form):
    """For how long the old secret stays good."""

    overlap = OverlapField(widget=forms.RadioSelect)


class CredentialActs(CredentialRights, EndingActs):
    """The half of `CredentialAdmin` that rotates and revokes."""

    actions: Any = ("rotate_chosen", "revoke_chosen")

    def get_urls(self) -> list[Any]:
        """Add the page that rotates a row."""
        return [self.page_of_row("rotate", self.rotate_view), *super().get_urls()]

    @method_decorator(csrf_protect)
    @method_decorator(sensitive_variables("secret"))
    def rotate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for how long the old secret stays good, then show the new one."""
        row = self.row_of(request, object_id)
        if not self.has_permission_to("rotate", request):
            raise PermissionDenied
        if words := self._why_not(request, row):
            self.message_user(request, words, messages.ERROR)
            return HttpResponseRedirect(self.url_of(row))
        if (refusal := handing_out.unready(request)) is not None:
            return refusal
        form = RotateForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self.page(request, "rotate", form, original=row, title=gettext("Rotate"), subtitle=str(row))
        try:
            new, secret = rotate(row, overlap=form.cleaned_data["overlap"])
        except CredentialConflict as conflict:
            self.message_user(request, str(conflict.public), messages.ERROR)
            return HttpResponseRedirect(self.url_of(row))
        self.log_change(request, row, gettext("Rotated."))
        self.log_addition(request, new, gettext("Issued in the place of %(old)s.") % {"old": row.hint})
        return handing_out.show(self, request, new, secret, old=row)

    def _why_not(self, request: HttpRequest, row: Any) -> str:
        """Say why `row` is not rotated, whatever the visitor chooses."""
        if row.rotated_at is not None:
            return gettext("It was rotated before: rotate the one that came in its place.")
        if row.impersonation_id is not None:
            return str(NotToBeRotated.public)
        if not row.is_usable:
            return gettext("What has ended is not rotated. Issue another.")
        return self.objection(request, row)

    @admin.action(description=_("Rotate"), permissions=["rotate"])
    def rotate_chosen(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        """Go to the page that rotates the one that was chosen."""
        chosen = list(rows[:2])
        if len(chosen) == 1:
            return HttpResponseRedirect(self.url_of(chosen[0], "rotate"))
        self.message_user(request, gettext("Choose one: a secret is shown on a page of its own."), messages.ERROR)
        return None

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke_chosen(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        """Ask once more, then revoke those that were chosen."""
        return self.end_chosen(request, rows)
