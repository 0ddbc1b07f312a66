"""Forms of accounts: signing up, and asking for a sign-in link."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django import forms
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import Group
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse

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
