"""What a new key or token is for, what it may do, and how long the old one lasts that it replaces."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sessionauth import http, scopes
from sessionauth.conf import seconds, settings
from sessionauth.forms import EndSessionsForm, PasswordField
from sessionauth.models import limits
from sessionauth.models.base import NAME_LENGTH

Choices = tuple[tuple[str, str | Promise], ...]

MOST_NETWORKS = 50
HOUR, DAY = 3600, 24 * 3600


class NetworksField(forms.CharField):
    """Addresses and networks, one a line."""

    def clean(self, value: Any) -> list[str]:
        """Return them as a list. Raises ValidationError that names the first that is none."""
        words: list[str] = super().clean(value).replace(",", " ").split()
        if len(words) > MOST_NETWORKS:
            raise ValidationError(_("These are too many."), code="too_many")
        limits.clean_networks(words)
        return words


class IssueForm(EndSessionsForm):
    """A new key or token."""

    KINDS: ClassVar[Choices] = (
        ("token", _("Access token: a program acts for you")),
        ("key", _("API key: for a service or a script")),
    )
    LIFETIMES: ClassVar[Choices] = (
        ("7", _("7 days")),
        ("30", _("30 days")),
        ("90", _("90 days")),
        ("365", _("One year")),
        ("never", _("No end")),
    )
    ACCESS: ClassVar[Choices] = (("chosen", _("Only what is ticked here")), ("all", _("Everything that you may")))

    name = forms.CharField(
        label=_("Name"), max_length=NAME_LENGTH, help_text=_("What it is for, such as “Nightly export”.")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS, initial="token", widget=forms.RadioSelect)
    lifetime = forms.ChoiceField(label=_("Valid for"), choices=LIFETIMES, initial="30")
    access = forms.ChoiceField(label=_("What it may do"), choices=ACCESS, initial="chosen", widget=forms.RadioSelect)
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=[], required=False, widget=forms.CheckboxSelectMultiple
    )
    read_only = forms.BooleanField(label=_("It may only read"), required=False)
    networks = NetworksField(
        label=_("Only from these addresses"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=_("Addresses or networks such as 192.0.2.0/24, one a line. Empty for everywhere."),
    )
    password = PasswordField()

    field_order = ("name", "kind", "lifetime", "access", "scopes", "read_only", "networks", "password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the scopes that the person holds."""
        super().__init__(*args, **kwargs)
        user = self.request.user
        held = [scope for scope in scopes.declared() if scopes.holds(user, scope.name)]
        offered: Any = self.fields["scopes"]
        offered.choices = [(scope.name, scope.description) for scope in held]

    def clean(self) -> None:
        """Refuse a restriction to nothing: a forgotten tick is likelier than the wish for a key that opens no door."""
        super().clean()
        access, ticked = self.cleaned_data.get("access"), self.cleaned_data.get("scopes")
        if access == "chosen" and not ticked and "scopes" not in self.errors:
            self.add_error("scopes", ValidationError(_("Tick what it may do."), code="required"))
        if access == "all" and ticked:
            message = _("Either everything, or only what is ticked.")
            self.add_error("scopes", ValidationError(message, code="contradiction"))

    @property
    def wanted(self) -> dict[str, Any]:
        """The fields of the new credential."""
        data = self.cleaned_data
        days = data["lifetime"]
        return {
            "name": data["name"],
            "scopes": data["scopes"] if data["access"] == "chosen" else None,
            "expires_at": None if days == "never" else timezone.now() + timedelta(days=int(days)),
            "methods": list(http.READING) if data["read_only"] else None,
            "networks": data["networks"],
        }


class OverlapField(forms.TypedChoiceField):
    """How long the old secret stays good, a timedelta: SESSIONAUTH_ROTATION_OVERLAP, or one of the usual spans."""

    def __init__(self, **kwargs: Any) -> None:
        label = _("The old secret stays good for")
        super().__init__(label=label, coerce=_seconds, choices=_overlaps, initial=_usual_overlap, **kwargs)


def _seconds(number: str) -> timedelta:
    return timedelta(seconds=int(number))


def _usual_overlap() -> int:
    return int(seconds(settings.ROTATION_OVERLAP))


def _overlaps() -> list[tuple[int, str]]:
    return [(span, _span(span)) for span in sorted({0, HOUR, DAY, 7 * DAY, _usual_overlap()})]


class RotateForm(EndSessionsForm):
    """How long the old secret stays good."""

    overlap = OverlapField()
    password = PasswordField()

    field_order = ("overlap", "password")


def _span(span: int) -> str:
    """Return `span`, a number of seconds, in words."""
    if not span:
        return gettext("no time: it ends at once")
    if span % DAY == 0:
        return ngettext("%(number)d day", "%(number)d days", span // DAY) % {"number": span // DAY}
    if span % HOUR == 0:
        return ngettext("%(number)d hour", "%(number)d hours", span // HOUR) % {"number": span // HOUR}
    return ngettext("%(number)d second", "%(number)d seconds", span) % {"number": span}


class RenameForm(forms.Form):
    """Another name."""

    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH)
