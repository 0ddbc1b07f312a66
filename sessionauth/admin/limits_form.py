"""The form of a key or token: what it may do, from where, until when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sessionauth.admin import rights
from sessionauth.conf import settings
from sessionauth.credentials.states import owner_of
from sessionauth.models import AbstractCredential

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
ALL, ONLY = "all", "only"


class LinesField(forms.CharField):
    """A list of words, one a line."""

    widget = forms.Textarea(attrs={"rows": 3, "cols": 40, "class": "vLargeTextField", "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        """Return the list as lines."""
        return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        """Return the lines as a list."""
        if isinstance(value, list):
            return value
        return list(dict.fromkeys((super().to_python(value) or "").split()))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare lists, not lines."""
        return not self.disabled and self.to_python(data) != (initial or [])


class TicksField(forms.MultipleChoiceField):
    """Some of several words, in boxes to be ticked."""

    widget = forms.CheckboxSelectMultiple

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare sets: an empty list is as much as none."""
        return not self.disabled and set(map(str, initial or ())) != set(map(str, data or ()))


class LimitsForm(forms.ModelForm):  # type: ignore[type-arg]
    """The form of a credential in the admin.

    Scopes are ticked by what they mean; permissions, which are scopes too, are written below. `request` and `refusal`
    are set by the admin: who fills it in, and what issuing was refused for.
    """

    request: HttpRequest
    may_issue_for_others: bool = False
    refusal: str = ""

    extent = forms.ChoiceField(
        label=_("It may do"),
        choices=[(ALL, _("all that its owner may")), (ONLY, _("only the following"))],
        widget=forms.RadioSelect,
        required=False,
    )
    scopes = TicksField(label=_("Scopes"), required=False)
    permissions = LinesField(
        label=_("Permissions"),
        required=False,
        help_text=_("Scopes that are permissions, such as app.change_thing, one a line."),
    )
    methods = TicksField(
        label=_("Methods"),
        required=False,
        choices=[(name, name) for name in METHODS],
        help_text=_("The HTTP methods it may be used with. None ticked: all. GET, HEAD and OPTIONS: it only reads."),
    )
    networks = LinesField(
        label=_("Networks"),
        required=False,
        help_text=_("Addresses and networks it may be used from, such as 192.0.2.0/24, one a line. Empty: any."),
    )
    origins = LinesField(
        label=_("Origins"),
        required=False,
        help_text=_("Sites whose pages may use it, such as https://app.example.org, one a line. Empty: any."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row: AbstractCredential = self.instance
        self._had = row.granted
        if "scopes" in self.fields:
            self._offer_scopes(self._had)
        if "expires_at" in self.fields:
            self._name_the_parts(self.fields["expires_at"].widget)
        if "methods" in self.fields and isinstance(row.methods, list):
            known = [*METHODS, *(name for name in map(str, row.methods) if name not in METHODS)]
            self.fields["methods"].choices = [(name, name) for name in known]  # type: ignore[attr-defined]

    def _name_the_parts(self, widget: Any) -> None:
        """Name the two fields of a moment, which Django's admin does in text that only eyes can put together."""
        for part, words in zip(getattr(widget, "widgets", ()), (_("Date"), _("Time")), strict=False):
            part.attrs["aria-label"] = words

    def _offer_scopes(self, granted: Iterable[str] | None) -> None:
        boxes: Any = self.fields["scopes"]
        boxes.choices = [
            (name, format_html("{} <small>({})</small>", words, name)) for name, (words, _) in settings.SCOPES.items()
        ]
        if self.instance._state.adding:
            # What is forgotten is not granted, where there is anything to tick.
            self.initial.setdefault("extent", ONLY if settings.SCOPES else ALL)
            return
        self.initial["extent"] = ALL if granted is None else ONLY
        self.initial["scopes"] = sorted(name for name in granted or () if name in settings.SCOPES)
        self.initial["permissions"] = sorted(name for name in granted or () if name not in settings.SCOPES)

    def clean(self) -> dict[str, Any]:
        """Put scopes together, and say what issuing was refused for."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if self.refusal:
            raise ValidationError(self.refusal, code="refused")
        if "scopes" in self.fields:
            listed = [*found.get("scopes", ()), *found.pop("permissions", ())]
            if found.pop("extent", "") == ALL and listed:
                self.add_error("extent", gettext("All, or only what is ticked and written below: choose one."))
            found["scopes"] = None if self.data.get(self.add_prefix("extent")) == ALL else sorted(set(listed))
        return found

    def clean_methods(self) -> list[str] | None:
        """Return None for all; a row that may be used with none keeps that until something is ticked."""
        chosen: list[str] = self.cleaned_data["methods"]
        return chosen or ([] if self.instance.methods == [] else None)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors and (words := self._objection()):
            self.add_error(None, ValidationError(words, code="not_yours"))

    def _objection(self) -> str:
        row, admin = self.instance, self.request.user
        if not row._state.adding:
            # Whether it may be widened was asked before there were fields to do it with; but a key of nobody's lends
            # what it is given.
            return rights.objection(admin, row) if "scopes" in self.fields and owner_of(row) is None else ""
        owner = owner_of(row)
        if owner is not None and owner.pk != admin.pk and not self.may_issue_for_others:
            return gettext("You may issue for yourself alone.")
        return rights.objection(admin, row)
