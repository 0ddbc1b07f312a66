"""Pages of accounts that sessionauth does not bring: signing up, in by a link, and who one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.generic import CreateView, FormView

from accounts.forms import LinkForm, SignUpForm
from accounts.models import User
from accounts.who_am_i import describe
from sessionauth import LoginDenied, LoginManager, get_auth, login_user
from sessionauth.decorators import auth_method_required, fresh_login_required, login_required
from sessionauth.mixins import AnonymousRequiredMixin
from sessionauth.sessions import registry
from sessionauth.views.facts import facts_of
from sessionauth.views.login import LoginView
from sessionauth.views.page import FormPageMixin, json

if TYPE_CHECKING:
    LinkBase = FormView[LinkForm]
    SignUpBase = CreateView[User, SignUpForm]
else:
    LinkBase = FormView
    SignUpBase = CreateView


class StaffSignIn(LoginView):
    """The login page of sessionauth once more, as the door of the staff."""

    next_page = "staff:desk"
    extra_context = {"area": "staff"}


class SignUp(FormPageMixin, AnonymousRequiredMixin, SignUpBase):
    """Open an account. Who has one and is signed in is sent on.

    The first base is that of the pages of sessionauth: a client of JSON may sign up as well.
    """

    form_class = SignUpForm
    template_name = "accounts/sign_up.html"
    success_url = reverse_lazy(settings.LOGIN_REDIRECT_URL)

    def act(self, form: SignUpForm) -> None:
        """Save the account and sign its owner in."""
        self.object = form.save()
        login_user(self.request, self.object, method="password")

    def done(self, form: SignUpForm) -> HttpResponse:
        """Tell the client who it is now."""
        return json(facts_of(self.request), status=201)


class AskForLink(LinkBase):
    """Sends a sign-in link to whoever has the address; the answer does not tell whether somebody has."""

    form_class = LinkForm
    template_name = "accounts/link.html"
    success_url = reverse_lazy("accounts:link")

    def form_valid(self, form: LinkForm) -> HttpResponse:
        """Send it."""
        form.save(self.request)
        messages.success(self.request, "If there is an account with this address, a link is on its way.")
        return super().form_valid(form)


@transaction.non_atomic_requests
@never_cache
@require_http_methods(["GET", "POST"])
def link_sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Sign the owner of a link in, by POST: programs that look through mails open every link in them."""
    if request.method == "GET":
        return render(request, "accounts/link_sign_in.html")
    try:
        auth = LoginManager().login(request, link=token)
    except LoginDenied as denial:
        return render(request, "accounts/link_sign_in.html", {"wrong": denial.public}, status=denial.status)
    if not auth:
        wrong = "It has been used before, or is too old."
        return render(request, "accounts/link_sign_in.html", {"wrong": wrong}, status=410)
    return redirect(settings.LOGIN_REDIRECT_URL)


@require_safe
def who_am_i(request: HttpRequest) -> HttpResponse:
    """Show `request.auth` in full, to everybody."""
    return render(request, "accounts/who_am_i.html", {"sections": describe(get_auth(request))})


@require_safe
@fresh_login_required
def bank_details(request: HttpRequest) -> HttpResponse:
    """Show where the money goes, to somebody who has proved a short while ago who they are."""
    return render(request, "accounts/bank_details.html")


@require_POST
@login_required
@auth_method_required("session")
def end_session(request: HttpRequest) -> HttpResponse:
    """End this browser's session by the flag on its row alone: its cookie stays, and opens nothing any more."""
    row = get_auth(request).credential
    if row is not None:
        registry.revoke(row, "ended by its owner")
    return redirect("accounts:who_am_i")
