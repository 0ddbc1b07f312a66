"""Signing in and out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string

from sessionauth import base_user, http, refusals
from sessionauth.authenticators import get_auth
from sessionauth.conf import settings
from sessionauth.forms import LoginForm
from sessionauth.impersonation import service
from sessionauth.login import LoginManager, logout
from sessionauth.refusals import pop_next
from sessionauth.views.facts import facts_of
from sessionauth.views.page import FormPageMixin, PageMixin, json


class NextMixin(auth_views.RedirectURLMixin):
    """Goes where the visitor was going, if that is on this site and not this very page."""

    request: HttpRequest

    def get_redirect_url(self, *args: Any) -> str:
        """Return where a form or the address says to go on, "" for nowhere or elsewhere."""
        wanted = super().get_redirect_url(*args)
        return "" if wanted and urlsplit(wanted).path == self.request.path else str(wanted)

    def get_success_url(self) -> str:
        """Return where to go on; the way kept in the session comes after that in the address, and is used up."""
        kept = pop_next(self.request)
        return self.get_redirect_url() or kept or str(self.get_default_redirect_url())


class LoginView(FormPageMixin, NextMixin, auth_views.LoginView):
    """Django's login page, guarded, with a box to be remembered.

    A JSON object with `username`, `password` and, if so wished, `remember` is taken as well.
    """

    is_open = True
    form_class = LoginForm
    #: Who checks and signs in: `LoginView.as_view(manager=LoginManager(guards=[…]))` asks further guards here.
    manager = LoginManager()
    template_name = "sessionauth/login.html"

    def get_form(self, form_class: Any = None) -> LoginForm:
        """Let the form ask `manager`."""
        form: LoginForm = super().get_form(form_class)  # type: ignore[assignment]
        form.manager = self.manager
        return form

    def act(self, form: LoginForm) -> None:
        """Sign the owner of the password in."""
        user, remember = form.get_user(), form.cleaned_data.get("remember", False)
        self.manager.sign_in(
            self.request, user, remember=remember, method=self.manager.method_of(user, form.cleaned_data)
        )

    def done(self, form: LoginForm) -> HttpResponse:
        """Tell the client who it is now."""
        return json(facts_of(self.request))

    def wrong(self, form: LoginForm) -> HttpResponse:
        """Tell wrong credentials by a 401 without a challenge that browsers would open a dialog for."""
        if form.has_error("username") or form.has_error("password"):
            return super().wrong(form)
        challenge = http.challenge("Session", {"realm": settings.REALM})
        return refusals.problem(401, "invalid_login", " ".join(map(str, form.non_field_errors())), [challenge])


def signed_out(request: HttpRequest) -> HttpResponse:
    """Return the JSON answer after logout(): nothing, or who is still there, if it only ended an impersonation."""
    return json(facts_of(request)) if service.signed_out(request) else HttpResponse(status=204)


class LogoutView(PageMixin, auth_views.LogoutView):
    """Signs out, by POST alone; asked by a browser with a page, else with nothing but a status."""

    is_open = True
    template_name = "sessionauth/logged_out.html"
    #: What a GET shows along with its 405: a button.
    question_template_name = "sessionauth/logout.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign out, or stop acting as somebody else: of that ImpersonationMiddleware tells people."""
        logout(request)
        if self.answers_json:
            return signed_out(request)
        target = self.get_success_url()
        if target != request.get_full_path():
            return HttpResponseRedirect(target)
        return self.get(request, *args, **kwargs)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Give somebody who typed the address or followed a link a button, in the place of an empty page."""
        refusal = super().http_method_not_allowed(request, *args, **kwargs)
        if request.method == "GET" and not self.answers_json:
            auth = get_auth(request)
            context = self.get_context_data(auth=auth, actor_name=base_user.display_name(auth.actor))
            refusal.content = render_to_string(self.question_template_name, context, request)
        return refusal
