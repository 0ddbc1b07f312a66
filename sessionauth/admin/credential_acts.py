"""Rotating and revoking in the admin: asked once more on a page of their own, then done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_variables

from sessionauth.admin import handing_out
from sessionauth.admin.credential_rights import CredentialRights
from sessionauth.conf import seconds, settings
from sessionauth.credentials.rotating import rotate
from sessionauth.credentials.rows import paged
from sessionauth.exceptions import CredentialConflict
from sessionauth.models.revocable import REASON_LENGTH

OVERLAPS = {
    0: _("no longer"),
    3600: _("for an hour"),
    86_400: _("for a day"),
    604_800: _("for a week"),
}


class RotateForm(forms.Form):
    """For how long the old secret stays good."""

    overlap = forms.TypedChoiceField(label=_("The old secret stays good"), coerce=int, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usual = int(seconds(settings.ROTATION_OVERLAP))
        words = {usual: _("for %(hours)d hours") % {"hours": usual // 3600}} | OVERLAPS
        field: Any = self.fields["overlap"]
        field.choices = sorted(words.items())
        field.initial = usual


class RevokeForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("Kept with it, such as “found in a repository”."),
    )


class CredentialActs(CredentialRights):
    """The half of `CredentialAdmin` that rotates and revokes."""

    actions: Any = ("rotate_chosen", "revoke_chosen")

    def get_urls(self) -> list[Any]:
        """Add the two pages of a row; their addresses hold its key alone."""
        return [self._url("rotate", self.rotate_view), self._url("revoke", self.revoke_view), *super().get_urls()]

    def _url(self, act: str, view: Any) -> URLPattern:
        name = f"{self.opts.app_label}_{self.opts.model_name}_{act}"
        url: URLPattern = path(f"<path:object_id>/{act}/", self.admin_site.admin_view(view), name=name)
        return url

    def url_of(self, row: Any, page: str = "change") -> str:
        """Return the address of a page about `row`."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=(quote(row.pk),), current_app=self.admin_site.name)

    def _row(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row of an address. Raises Http404 for none, and PermissionDenied for who may not look at it."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        return row

    @method_decorator(csrf_protect)
    @method_decorator(sensitive_variables("secret"))
    def rotate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for how long the old secret stays good, then show the new one."""
        row = self._row(request, object_id)
        if not self.has_permission_to("rotate", request):
            raise PermissionDenied
        if words := self._why_not(request, row):
            self.message_user(request, words, messages.ERROR)
            return HttpResponseRedirect(self.url_of(row))
        if (refusal := handing_out.unready(request)) is not None:
            return refusal
        form = RotateForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self._page(request, "rotate", form, original=row, title=gettext("Rotate"), subtitle=str(row))
        try:
            new, secret = rotate(row, overlap=timedelta(seconds=form.cleaned_data["overlap"]))
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
        if not row.is_usable:
            return gettext("What has ended is not rotated. Issue another.")
        return self.objection(request, row)

    @method_decorator(csrf_protect)
    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once more, then revoke."""
        row = self._row(request, object_id)
        if not self.has_revoke_permission(request):
            raise PermissionDenied
        form = RevokeForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            words = {"rows": [row], "count": 1, "original": row, "title": gettext("Revoke"), "subtitle": str(row)}
            return self._page(request, "revoke", form, **words)
        self._revoke(request, [row], form.cleaned_data["reason"])
        return HttpResponseRedirect(self.url_of(row))

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
        rows = rows.filter(revoked_at=None)
        form = RevokeForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            self._revoke(request, paged(rows), form.cleaned_data["reason"])
            return None
        carried = [(name, value) for name in _CARRIED for value in request.POST.getlist(name)]
        words = {"rows": rows[:20], "count": rows.count(), "carried": carried, "title": gettext("Revoke")}
        return self._page(request, "revoke", form, **words)

    def _revoke(self, request: HttpRequest, rows: Any, reason: str) -> None:
        count = 0
        for row in rows:
            if row.revoke(reason or "admin"):
                count += 1
                self.log_change(request, row, gettext("Revoked."))
        told = ngettext("%(count)d was revoked.", "%(count)d were revoked.", count) % {"count": count}
        self.message_user(request, told, messages.SUCCESS if count else messages.WARNING)

    def _page(self, request: HttpRequest, act: str, form: forms.Form, **words: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "form": form,
            "media": self.media + form.media,
            "has_view_permission": self.has_view_permission(request),
            **words,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"sessionauth/admin/{act}.html", context)


#: What the page that asks once more carries along: which rows, and that it is about revoking.
_CARRIED = ("action", "select_across", "index", ACTION_CHECKBOX_NAME)
