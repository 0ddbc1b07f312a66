"""Forms of accounts: signing up, asking for a sign-in link, and issuing a key."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from django import forms
from django.conf import settings
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import Group
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.models import LoginLink, User
from invoices.models import Customer
from sessionauth import mail

if TYPE_CHECKING:
    UserCreationBase = BaseUserCreationForm[User]
else:
    UserCreationBase = BaseUserCreationForm

CUSTOMERS = "Customers"


class SignUpForm(UserCreationBase):
    """Opens an account for a new customer."""

    class Meta:
        model = User
        fields = ("email", "name")
        widgets = {
            "name": forms.TextInput({"autocomplete": "name"}),
            "email": forms.EmailInput({"autocomplete": "email"}),
        }
        labels = {"name": "Your name or company"}

    def clean_email(self) -> str:
        """Bring the address into the one form that `unique` compares."""
        return User.objects.normalize_email(self.cleaned_data["email"])

    def save(self, commit: bool = True) -> User:
        """Save the user as a customer. `commit` must be True: the customer needs a saved user."""
        user = super().save(commit=False)
        with transaction.atomic():
            user.save()
            user.groups.add(Group.objects.get_or_create(name=CUSTOMERS)[0])
            Customer.objects.create(name=user.name, user=user)
        return user


class LinkForm(forms.Form):
    """Asks where to send a sign-in link."""

    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput({"autocomplete": "email"}))

    def save(self, request: HttpRequest) -> None:
        """Send the link, aside of the answer: how long that takes tells nobody whether there is such an account."""
        mail.aside(partial(self._write, request))

    def _write(self, request: HttpRequest) -> None:
        user = User.objects.filter(email=User.objects.normalize_email(self.cleaned_data["email"])).first()
        if user is not None and user.is_active and mail.is_due("login_link", user.pk):
            link = request.build_absolute_uri(reverse("accounts:link_sign_in", args=[LoginLink.issue(user)]))
            text = f"This link signs you in, once, within ten minutes:\n\n{link}\n"
            EmailMessage("Your sign-in link", text, to=[user.email]).send()


class KeyForm(forms.Form):
    """What a new key is for, and what it may do."""

    LIFETIMES = (("7", "7 days"), ("30", "30 days"), ("365", "a year"), ("", "until it is revoked"))

    name = forms.CharField(max_length=100, help_text="What it is for, such as “Nightly export”.")
    kind = forms.ChoiceField(
        choices=(("token", "Access token, sent as Authorization: Bearer"), ("key", "API key, sent as X-Api-Key")),
        initial="token",
        widget=forms.RadioSelect,
    )
    restricted = forms.BooleanField(
        label="Only for the scopes below", required=False, help_text="Without any tick it may do all that you may."
    )
    scopes = forms.MultipleChoiceField(choices=[], required=False, widget=forms.CheckboxSelectMultiple)
    lifetime = forms.ChoiceField(choices=LIFETIMES, required=False, initial="30", label="Valid for")

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Offer the scopes that the settings declare."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = [(name, f"{name}: {text.lower()}") for name, (text, _) in settings.SESSIONAUTH_SCOPES.items()]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> None:
        """Refuse a restriction to nothing: a forgotten tick is likelier than the wish for a key that opens no door."""
        super().clean()
        if self.cleaned_data.get("restricted") and not self.cleaned_data.get("scopes") and "scopes" not in self.errors:
            self.add_error("scopes", "Tick what it may do.")

    @property
    def granted(self) -> list[str] | None:
        """The scopes of the new credential; None for all that its owner may, if nothing at all was ticked."""
        return self.cleaned_data["scopes"] or None

    @property
    def expires_at(self) -> datetime | None:
        """When the new credential ends."""
        days = self.cleaned_data["lifetime"]
        return timezone.now() + timedelta(days=int(days)) if days else None
