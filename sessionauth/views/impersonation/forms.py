"""What is asked of somebody who begins to act as somebody else, or goes further: whom, why, by which ticket."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sessionauth.conf import settings
from sessionauth.forms import name_label
from sessionauth.impersonation import said
from sessionauth.models.impersonation import REASON_LENGTH, REFERENCE_LENGTH


def _words(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=REASON_LENGTH, widget=forms.Textarea(attrs={"rows": 3}), **options)


class ReasonForm(forms.Form):
    """Why. Which fields there are follows from the settings; whether it will do is for the act to say."""

    reason = _words(_("Reason"), help_text=_("It is kept, with your name."))
    details = _words(_("In your own words"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices, asked = list(settings.IMPERSONATION_REASON_CHOICES), settings.IMPERSONATION_REASON
        if choices and asked != "off":
            self.fields["reason"] = forms.ChoiceField(
                label=_("Reason"),
                choices=[(choice, choice) for choice in choices],
                help_text=_("It is kept, with your name."),
                widget=forms.RadioSelect,
            )
        else:
            del self.fields["details"]
        if asked == "off":
            del self.fields["reason"]
        elif asked == "optional":
            self.fields["reason"].required = False

    @property
    def why(self) -> str:
        """The reason as one text."""
        return said.joined(self.cleaned_data.get("reason", ""), self.cleaned_data.get("details", ""))


class ImpersonateForm(ReasonForm):
    """Why, and by which ticket."""

    reference = forms.CharField(label=_("Ticket"), max_length=REFERENCE_LENGTH)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = settings.IMPERSONATION_REFERENCE
        self.fields["reference"].required = asked == "required"
        if asked == "off":
            del self.fields["reference"]


class ImpersonateStartForm(ImpersonateForm):
    """Whom as well: by a name that they sign in with, or by their key."""

    user = forms.CharField(
        max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"})
    )

    field_order = ("user",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].label = name_label()
