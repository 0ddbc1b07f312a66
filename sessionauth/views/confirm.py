"""Proving again who one is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.views.generic import FormView

from sessionauth.authenticators import get_auth
from sessionauth.forms import ConfirmLoginForm
from sessionauth.login import confirm_login
from sessionauth.mixins import LoginRequiredMixin
from sessionauth.views.facts import facts_of
from sessionauth.views.login import NextMixin
from sessionauth.views.page import FormPageMixin, has_password, json

if TYPE_CHECKING:
    ConfirmBase = FormView[ConfirmLoginForm]
else:
    ConfirmBase = FormView


class ConfirmLoginView(FormPageMixin, NextMixin, LoginRequiredMixin, ConfirmBase):
    """Asks for the password of whoever is signed in, and makes the session fresh; nobody else can come in this way.

    A JSON object with `password` is taken as well.
    """

    form_class = ConfirmLoginForm
    template_name = "sessionauth/confirm_login.html"

    def get_default_redirect_url(self) -> str:
        """Return where to go on if nothing says where."""
        return resolve_url(self.next_page or django_settings.LOGIN_REDIRECT_URL)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Give the form the request."""
        return super().get_form_kwargs() | {"request": self.request}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add who is asked, where to go on, and whether there is a password to ask for."""
        own = {
            "display_name": get_auth(self.request).display_name,
            "next": self.get_redirect_url(),
            "redirect_field_name": self.redirect_field_name,
            "has_password": has_password(self.request),
        }
        return super().get_context_data(**own, **kwargs)

    def act(self, form: ConfirmLoginForm) -> None:
        """Make the session fresh, under a new key."""
        confirm_login(self.request, method="password")

    def done(self, form: ConfirmLoginForm) -> HttpResponse:
        """Tell the client how fresh it is now."""
        return json(facts_of(self.request))
