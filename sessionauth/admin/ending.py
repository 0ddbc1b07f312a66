"""Ending what can be revoked: asked once more on a page of its own, then done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.csrf import csrf_protect

from sessionauth.admin import handing_out
from sessionauth.admin.lists import BoundedList
from sessionauth.credentials.rows import paged
from sessionauth.models.revocable import REASON_LENGTH

#: What the page that asks once more carries along: which rows, and what is to be done to them.
CARRIED = ("action", "select_across", "index", ACTION_CHECKBOX_NAME)


@dataclass(frozen=True, slots=True)
class Ending:
    """What ending a row is called; `asked` and `told` take its number, `noted` goes into the history.

    `reason` says what is kept as the reason, "" where nobody is asked for one.
    """

    title: Any
    asked: Any
    told: Any
    noted: Any
    reason: Any = ""


REVOKING = Ending(
    _("Revoke"),
    ngettext_lazy(
        "Revoking it is final: its next request is refused.",
        "Revoking these %(count)d is final: their next requests are refused.",
        "count",
    ),
    ngettext_lazy("%(count)d was revoked.", "%(count)d were revoked.", "count"),
    _("Revoked."),
    _("Kept with it, such as “found in a repository”."),
)


class RevokeForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


class EndingActs(BoundedList):
    """Ends rows, one from its own page or many from the list; what that is called is `ending`."""

    ending = REVOKING

    def end(self, row: Any, reason: str) -> bool:
        """End `row` for good, and say whether it had not ended before."""
        return bool(row.revoke(reason))

    def open_among(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of `rows` that nobody has ended."""
        return rows.filter(revoked_at=None)

    def named(self, row: Any) -> str:
        """Return what `row` is called on these pages."""
        return str(row)

    def has_revoke_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the visitor may end `obj`, or anything at all."""
        raise NotImplementedError

    def get_urls(self) -> list[Any]:
        """Add the page that ends a row; its address holds the row's key alone."""
        return [self.page_of_row("revoke", self.revoke_view), *super().get_urls()]

    def page_of_row(self, act: str, view: Any) -> URLPattern:
        """Return the URL of `view`, which does `act` to a row."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_{act}"
        url: URLPattern = path(f"<path:object_id>/{act}/", self.admin_site.admin_view(view), name=name)
        return url

    def url_of(self, row: Any, page: str = "change") -> str:
        """Return the address of a page about `row`."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=(quote(row.pk),), current_app=self.admin_site.name)

    def row_of(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row of an address. Raises Http404 for none, and PermissionDenied for who may not look at it."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        return row

    @method_decorator(csrf_protect)
    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once more, then end the row of an address."""
        row = self.row_of(request, object_id)
        if not self.has_revoke_permission(request):
            raise PermissionDenied
        if (refusal := handing_out.unready_to_end(request)) is not None:
            return refusal
        form = self._form(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self._asking(request, form, [row], 1, original=row, subtitle=self.named(row))
        self._end_all(request, [row], form.cleaned_data.get("reason", ""))
        return HttpResponseRedirect(self.url_of(row))

    def end_chosen(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        """Ask once more, then end those that were chosen on the list."""
        if (refusal := handing_out.unready_to_end(request)) is not None:
            return refusal
        rows = self.open_among(rows)
        form = self._form(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            self._end_all(request, paged(rows), form.cleaned_data.get("reason", ""))
            return None
        carried = [(name, value) for name in CARRIED for value in request.POST.getlist(name)]
        return self._asking(request, form, rows[:20], rows.count(), carried=carried)

    def _form(self, sent: Any) -> forms.Form:
        if not self.ending.reason:
            return forms.Form(sent)
        form = RevokeForm(sent)
        form.fields["reason"].help_text = self.ending.reason
        return form

    def _end_all(self, request: HttpRequest, rows: Iterable[Any], reason: str) -> None:
        count = 0
        for row in rows:
            if self.end(row, reason or "admin"):
                count += 1
                self.log_change(request, row, str(self.ending.noted))
        told = self.ending.told % {"count": count}
        self.message_user(request, told, messages.SUCCESS if count else messages.WARNING)

    def _asking(self, request: HttpRequest, form: forms.Form, rows: Any, count: int, **words: Any) -> HttpResponse:
        names = [self.named(row) for row in rows]
        words |= {"title": self.ending.title, "asked": self.ending.asked % {"count": count}}
        return self.page(request, "revoke", form, names=names, count=count, **words)

    def page(self, request: HttpRequest, act: str, form: forms.Form, **words: Any) -> HttpResponse:
        """Return the page that asks for what `act` needs to know; `words` go to the template."""
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
