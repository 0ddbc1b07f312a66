"""Unlocking an account by a link in a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext
from django.views.generic import FormView, TemplateView, View

from sessionauth import refusals
from sessionauth.exceptions import GuardUnavailable
from sessionauth.forms import UnlockForm
from sessionauth.guards import mails, unlock
from sessionauth.guards.counters import RETRY_AFTER, Unavailable
from sessionauth.views.page import FormPageMixin, PageMixin, json

if TYPE_CHECKING:
    UnlockBase = FormView[UnlockForm]
else:
    UnlockBase = FormView


class UnlockView(FormPageMixin, UnlockBase):
    """Sends the owner of a locked account a link; what it answers, and when, does not tell whether there is one."""

    is_open = True
    form_class = UnlockForm
    template_name = "sessionauth/unlock.html"
    email_template_name = "sessionauth/mail/unlock.txt"
    subject_template_name = "sessionauth/mail/unlock_subject.txt"
    success_url = reverse_lazy("sessionauth:unlock_sent")

    def act(self, form: UnlockForm) -> None:
        """Send the mail, if there is anybody to unlock."""
        mails.count(self.request)
        form.save(
            self.request,
            subject_template_name=self.subject_template_name,
            email_template_name=self.email_template_name,
        )

    def done(self, form: UnlockForm) -> HttpResponse:
        """Say what the page says."""
        detail = gettext("If there is such an account and it is locked, a mail is on its way to its owner.")
        return json({"detail": detail}, status=202)


class UnlockSentView(PageMixin, TemplateView):
    """Says that a mail is on its way, if there is anything to unlock."""

    is_open = True
    template_name = "sessionauth/unlock_sent.html"


class UnlockConfirmView(PageMixin, View):
    """The page at the link: it asks, and unlocks by POST alone, because machines open the links in mails."""

    is_open = True
    template_name = "sessionauth/unlock_confirm.html"

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Ask; whether the token is good shows only when it is used."""
        return render(request, self.template_name, {"is_used": False})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Unlock the account that the token names."""
        try:
            user: Any | None = unlock.redeem(token, request)
        except Unavailable:
            return refusals.denied(request, GuardUnavailable(retry_after=RETRY_AFTER), as_page=not self.answers_json)
        if self.answers_json:
            return self._told(user)
        if user is None:
            return render(request, self.template_name, {"is_used": True}, status=410)
        return redirect("sessionauth:unlock_done")

    def _told(self, user: Any | None) -> HttpResponse:
        if user is None:
            return refusals.problem(410, "used", gettext("The link has been used, or is too old."))
        return HttpResponse(status=204)


class UnlockDoneView(PageMixin, TemplateView):
    """Says that it is done."""

    is_open = True
    template_name = "sessionauth/unlock_done.html"
