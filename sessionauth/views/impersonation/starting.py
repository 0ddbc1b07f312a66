"""The pages to begin: one that asks about somebody, one that asks whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.views.generic import FormView

from sessionauth import base_user, http
from sessionauth.access import needs_confirmation
from sessionauth.authenticators import get_auth
from sessionauth.conf import settings
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import back, beginning, rules, service
from sessionauth.mixins import LoginRequiredMixin
from sessionauth.models import Impersonation
from sessionauth.views.impersonation import facts, targets
from sessionauth.views.impersonation.forms import ImpersonateForm, ImpersonateStartForm
from sessionauth.views.impersonation.page import ActMixin
from sessionauth.views.page import json

if TYPE_CHECKING:
    FormBase = FormView[Any]
else:
    FormBase = FormView

#: The field that says where one goes first, as the target.
TO = "to"


class StartView(ActMixin, LoginRequiredMixin, FormBase):
    """Base of the two: who may come, and what happens when they have said why."""

    row: Impersonation

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask."""
        return self.stop_at_the_door() or super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Begin."""
        return self.stop_at_the_door() or super().post(request, *args, **kwargs)

    def stop_at_the_door(self) -> HttpResponse | None:
        """Refuse, before anybody is looked for, those who may act as nobody at all, or not now.

        Who is asked for a permission here has it for all that follows, so that nobody is looked for at another cost.
        """
        auth = get_auth(self.request)
        if auth.is_impersonating:
            return self.told(ImpersonationDenied("nested", beginning.NESTED), 409)
        if not rules.may_begin(auth.user):
            return self.not_found()
        if settings.IMPERSONATION_FRESH and not auth.is_fresh:
            return needs_confirmation(self.request)
        return None

    def begin(self, target: Any, form: Any) -> None:
        """Begin to act as `target`, None for nobody; and remember the way back."""
        data = form.cleaned_data
        self.row = service.start(self.request, target, reason=form.why, reference=data.get("reference", ""))
        self.row.target = target
        back.keep(self.request, self.get_redirect_url())

    def done(self, form: Any) -> HttpResponse:
        """Tell the client who it is from the next request on, and where to go first."""
        return json(facts.told(self.request, self.row, next=self.get_success_url()), status=201)

    def get_success_url(self) -> str:
        """Go where the form or the address says, else where SESSIONAUTH_IMPERSONATION_START_URL does."""
        first = self.first_page()
        return first or resolve_url(settings.IMPERSONATION_START_URL or django_settings.LOGIN_REDIRECT_URL)

    def first_page(self) -> str:
        """Return where the form or the address says to go, "" for nowhere or elsewhere."""
        wanted = self.request.POST.get(TO, self.request.GET.get(TO, ""))
        return wanted if wanted and http.is_safe_url(self.request, wanted) else ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what will be possible, and where to go first."""
        terms = facts.terms(get_auth(self.request).actor)
        return super().get_context_data(terms=terms, first_url=self.first_page(), **kwargs)


class ImpersonateView(StartView):
    """Asks whether to act as the user in the address, and begins by POST alone.

    `next` is where to come back to after the end, `to` where to go first. A JSON object with `reason` and `reference`
    is taken as well, and GET tells clients of JSON what will be possible.
    """

    form_class = ImpersonateForm
    template_name = "sessionauth/impersonate.html"

    @cached_property
    def target(self) -> Any | None:
        """The user in the address, None for nobody."""
        return targets.by_key(self.request, self.kwargs["pk"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask, if it would be allowed."""
        return self.stop_at_the_door() or self.without_hope() or self.asked()

    def asked(self) -> HttpResponse:
        """Return the question."""
        if self.answers_json:
            return json({"target": facts.person(self.target), **facts.terms(self.request.user)})
        return self.render_to_response(self.get_context_data())

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the form again, to those who may see whom it is about."""
        return (None if self.answers_json else self.without_hope()) or super().form_invalid(form)

    def without_hope(self) -> HttpResponse | None:
        """Return the answer if it is not allowed, whatever the reason given."""
        try:
            rules.check(self.request, self.request.user, self.target)
        except ImpersonationDenied as denial:
            return self.told(denial, denial.status) if denial.says_why else self.not_found()
        return None

    def act(self, form: Any) -> None:
        """Begin."""
        self.begin(self.target, form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whom it is about."""
        name = base_user.display_name(self.target)
        return super().get_context_data(target=self.target, target_name=name, **kwargs)


class ImpersonateStartView(StartView):
    """Asks whom to act as: somebody by a name that they sign in with, or by their key; and begins by POST alone.

    A JSON object with `user` is taken as well.
    """

    form_class = ImpersonateStartForm
    template_name = "sessionauth/impersonate_start.html"

    def get_initial(self) -> dict[str, Any]:
        """Begin with the name in the address, if there is one."""
        return {"user": self.request.GET.get("user", "")}

    def act(self, form: Any) -> None:
        """Begin."""
        self.begin(targets.by_words(self.request, form.cleaned_data["user"]), form)

    def not_found(self, form: Any = None) -> HttpResponse:
        """Say so at the field, where there is one."""
        if form is None or self.answers_json:
            return super().not_found()
        form.add_error("user", gettext("There is nobody here whom you could act as."))
        return self.shown_again(form, 404)
