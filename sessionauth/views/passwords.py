"""Changing a password, and setting a new one by mail."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sessionauth import audit
from sessionauth.forms import PasswordChangeForm, PasswordResetForm
from sessionauth.guards import mails, unlock
from sessionauth.mixins import LoginRequiredMixin
from sessionauth.views.facts import facts_of
from sessionauth.views.page import FormPageMixin, PageMixin, has_password, json


class PasswordChangeView(FormPageMixin, LoginRequiredMixin, auth_views.PasswordChangeView):
    """Django's page; the old password is guarded like a login, and every other browser is signed out.

    A JSON object with the fields of the form is taken as well.
    """

    form_class = PasswordChangeForm
    template_name = "sessionauth/password_change.html"
    success_url = reverse_lazy("sessionauth:password_change_done")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Give the form the request."""
        return super().get_form_kwargs() | {"request": self.request}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whether there is an old password to ask for."""
        return super().get_context_data(has_password=has_password(self.request), **kwargs)

    def act(self, form: PasswordChangeForm) -> None:
        """Set the password, and keep this browser signed in."""
        form.save()
        update_session_auth_hash(self.request, form.user)

    def done(self, form: PasswordChangeForm) -> HttpResponse:
        """Tell the client who it still is."""
        return json(facts_of(self.request))


class PasswordChangeDoneView(PageMixin, LoginRequiredMixin, auth_views.PasswordChangeDoneView):
    """Says that it is done."""

    template_name = "sessionauth/password_change_done.html"


class PasswordResetView(FormPageMixin, auth_views.PasswordResetView):
    """Django's page; what it answers, and when, does not tell whether there is such an account."""

    is_open = True
    form_class = PasswordResetForm
    template_name = "sessionauth/password_reset.html"
    email_template_name = "sessionauth/mail/password_reset.txt"
    subject_template_name = "sessionauth/mail/password_reset_subject.txt"
    success_url = reverse_lazy("sessionauth:password_reset_sent")

    def act(self, form: PasswordResetForm) -> None:
        """Send the mail, and record that one was asked for, by the digest of its address alone: it is anybody's."""
        mails.count(self.request)
        audit.record(audit.Event.PASSWORD_RESET_ASKED, self.request, name=form.cleaned_data["email"])
        form.save(
            request=self.request,
            use_https=self.request.is_secure(),
            token_generator=self.token_generator,
            from_email=self.from_email,
            email_template_name=self.email_template_name,
            subject_template_name=self.subject_template_name,
            html_email_template_name=self.html_email_template_name,
            extra_email_context=self.extra_email_context,
        )

    def done(self, form: PasswordResetForm) -> HttpResponse:
        """Say what the page says."""
        return json({"detail": gettext("If there is an account with this address, a mail is on its way.")}, status=202)


class PasswordResetSentView(PageMixin, auth_views.PasswordResetDoneView):
    """Says that a mail is on its way, if there is such an account."""

    is_open = True
    template_name = "sessionauth/password_reset_sent.html"
    title = _("Look into your mail")


class PasswordResetConfirmView(PageMixin, auth_views.PasswordResetConfirmView):
    """Django's page at the link: takes a new password, ends every session, and unlocks the account."""

    is_open = True
    template_name = "sessionauth/password_reset_confirm.html"
    success_url = reverse_lazy("sessionauth:password_reset_complete")

    def form_valid(self, form: Any) -> HttpResponse:
        """Set the password; who can read the mail of an account may try again at once."""
        response = super().form_valid(form)
        unlock.unlock(self.user, self.request)
        return response


class PasswordResetCompleteView(PageMixin, auth_views.PasswordResetCompleteView):
    """Says that it is done, and where to sign in."""

    is_open = True
    template_name = "sessionauth/password_reset_complete.html"
