"""What all pages have in common: nothing is stored, forged or rolled back, and JSON is taken and answered."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from sessionauth import http, refusals
from sessionauth.exceptions import LoginDenied
from sessionauth.request_state import state_of
from sessionauth.views.json_body import Fields, WrongBody, fields_of, is_json


def outside_transactions(view: Any) -> Any:
    """Return `view`, outside ATOMIC_REQUESTS of any database."""
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view


class PageMixin:
    """Base of every page.

    The answer is never to be stored, a POST needs the CSRF token, and no view runs in a transaction of the request:
    what it counts or ends must not be taken back by what fails after it.
    """

    request: HttpRequest

    #: True for pages that are there for those who are not signed in, whatever else asks for a login.
    is_open = False

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, outside ATOMIC_REQUESTS of any database."""
        view = outside_transactions(super().as_view(**initkwargs))  # type: ignore[misc]
        return login_not_required(view) if cls.is_open else view

    @method_decorator(sensitive_post_parameters())
    @method_decorator(csrf_protect)
    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer, JSON that makes no sense with a 400."""
        try:
            response: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        except WrongBody as wrong:
            response = wrong.response
        # Some addresses carry a token. A form of this site needs the Referer, and nobody else does.
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the templates need, whatever context processors a project has."""
        context: dict[str, Any] = super().get_context_data(**{"request": self.request} | kwargs)  # type: ignore[misc]
        return context

    @property
    def answers_json(self) -> bool:
        """Whether the answer is JSON: the client sent some, or asked for anything but a page."""
        return is_json(self.request) or not http.wants_html(self.request)


class FormPageMixin(PageMixin):
    """A page with a form: filled in by a browser or by the members of a JSON object."""

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return what the form is made with; the fields of a JSON body in the place of POST."""
        kwargs: dict[str, Any] = super().get_form_kwargs()  # type: ignore[misc]
        if "data" in kwargs and is_json(self.request):
            kwargs["data"], kwargs["files"] = self.json_fields(), None
        return kwargs

    def json_fields(self) -> Fields:
        """Return the fields of a JSON body."""
        return fields_of(self.request)

    def form_valid(self, form: Any) -> HttpResponse:
        """Do what was asked, then redirect, so that a reload does not do it again."""
        try:
            self.act(form)
        except LoginDenied as denial:
            form.denied = denial
            form.add_error(None, str(denial.public) or gettext("You may not sign in here now."))
            return self.form_invalid(form)
        if self.answers_json:
            return self.done(form)
        return HttpResponseRedirect(str(self.get_success_url()))  # type: ignore[attr-defined]

    def act(self, form: Any) -> None:
        """Do what a valid form asks for."""
        raise NotImplementedError(f"{type(self).__name__}.act() is missing.")

    def done(self, form: Any) -> HttpResponse:
        """Return the JSON answer to a valid form."""
        return HttpResponse(status=204)

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the form again; a refusal by a guard has its own status, and says when to come back."""
        denial: LoginDenied | None = getattr(form, "denied", None)
        if denial is not None:
            # This page tells it: the middleware need not put an answer of its own in the place of it.
            state_of(self.request).denied = None
        if self.answers_json:
            return self.wrong(form) if denial is None or not denial.public else problem_of(denial)
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        return response if denial is None or not denial.public else _told_by_status(response, denial)

    def wrong(self, form: Any) -> HttpResponse:
        """Return the JSON answer to a form with errors."""
        errors = {name: [error["message"] for error in found] for name, found in form.errors.get_json_data().items()}
        return refusals.problem(400, "invalid", gettext("Some of it is wrong or missing."), errors=errors)


def problem_of(denial: LoginDenied) -> HttpResponse:
    """Return the JSON answer to an attempt that a guard refused."""
    return _told_by_status(refusals.problem(denial.status, denial.code, str(denial.public)), denial)


def _told_by_status(response: HttpResponse, denial: LoginDenied) -> HttpResponse:
    response.status_code = denial.status
    if denial.retry_after is not None:
        response["Retry-After"] = str(denial.retry_after)
    return response


def has_password(request: HttpRequest) -> bool:
    """Say whether the user of `request` has a password to be asked for."""
    ask = getattr(request.user, "has_usable_password", None)
    return bool(ask is not None and ask())


def json(document: dict[str, Any], status: int = 200) -> JsonResponse:
    """Return `document`, never to be stored."""
    return JsonResponse(document, status=status, headers={"Cache-Control": "no-store"})
