"""What the pages about acting as somebody else have in common."""

from __future__ import annotations

from typing import Any

from django.conf import settings as django_settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext

from sessionauth import impersonators, refusals
from sessionauth.access import needs_confirmation
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation.stage import stage_of
from sessionauth.views.impersonation.forms import ReasonForm
from sessionauth.views.login import NextMixin
from sessionauth.views.page import FormPageMixin, PageMixin

#: Codes of what is in the way as things are, whoever asks.
CONFLICTS = frozenset({"nested", "not_running"})
#: Codes that are the name of a field as well.
FIELDS = frozenset({"reason", "reference"})


class AboutMixin(PageMixin):
    """A page about acting as somebody else: open meanwhile, however far that goes, and not there without it all."""

    sessionauth_about_impersonation = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer, where ImpersonationMiddleware is installed."""
        if stage_of(request) is None:
            raise Http404("ImpersonationMiddleware is not in MIDDLEWARE." if django_settings.DEBUG else "")
        return super().dispatch(request, *args, **kwargs)


class ActMixin(AboutMixin, FormPageMixin, NextMixin):
    """A page that changes who one is or how far it goes: a form, its act, and every way to refuse it."""

    form_class: Any = ReasonForm

    def form_valid(self, form: Any) -> HttpResponse:
        """Do it, and go on by a GET."""
        try:
            response = super().form_valid(form)
        except ImpersonationDenied as denial:
            return self.refused(form, denial)
        if response.status_code == 302:
            response.status_code = 303
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add where to go on, and back."""
        own = {
            "next": self.get_redirect_url(),
            "redirect_field_name": self.redirect_field_name,
            "status_url": impersonators.page_of("impersonation"),
        }
        return super().get_context_data(**own, **kwargs)

    def refused(self, form: Any, denial: ImpersonationDenied) -> HttpResponse:
        """Say what is in the way: at its field, by its status, or as nobody's business."""
        if denial.code == "stale":
            return needs_confirmation(self.request)
        if denial.code in CONFLICTS:
            return self.told(denial, 409)
        if denial.code in FIELDS:
            form.add_error(denial.code if denial.code in form.fields else None, str(denial.public))
            return self.form_invalid(form)
        if not denial.says_why:
            return self.not_found(form)
        if self.answers_json:
            return self.told(denial, denial.status)
        form.add_error(None, str(denial.public))
        return self.shown_again(form, denial.status)

    def told(self, denial: ImpersonationDenied, status: int) -> HttpResponse:
        """Say what is in the way, without a form."""
        if self.answers_json:
            return refusals.problem(status, denial.code, str(denial.public))
        return impersonators.page(self.request, str(denial.public), status)

    def not_found(self, form: Any = None) -> HttpResponse:
        """Say that there is nobody: word for word the same for those who are not there and those who are not for you.

        Raises Http404 where a page says so.
        """
        says = gettext("There is nobody here whom you could act as.")
        if self.answers_json:
            return refusals.problem(404, "not_found", says)
        raise Http404(says)

    def shown_again(self, form: Any, status: int) -> HttpResponse:
        """Show the form with its errors."""
        response = self.form_invalid(form)
        response.status_code = status
        return response
