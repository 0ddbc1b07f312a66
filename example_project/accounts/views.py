"""Pages of accounts: signing in, up and out, and who one is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import CreateView

from accounts.forms import SignUpForm
from accounts.models import User
from accounts.who_am_i import describe
from demo.people import PEOPLE, Person
from sessionauth import get_auth, logout_everywhere
from sessionauth.decorators import auth_method_required, login_required
from sessionauth.mixins import AnonymousRequiredMixin
from sessionauth.sessions import registry

if TYPE_CHECKING:
    SignUpBase = CreateView[User, SignUpForm]
else:
    SignUpBase = CreateView


class SignIn(LoginView):
    """Django's own login page in the look of this site."""

    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True
    area = "customer"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the accounts of the demo, whose passwords are public."""
        return super().get_context_data(area=self.area, people=self._people(), **kwargs)

    def _people(self) -> tuple[Person, ...]:
        return tuple(
            person for person in PEOPLE if settings.SHOW_PASSWORDS and (self.area != "staff" or person.is_colleague)
        )


class SignUp(AnonymousRequiredMixin, SignUpBase):
    """Open an account. Who has one and is signed in is sent on."""

    form_class = SignUpForm
    template_name = "accounts/sign_up.html"

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        """Save the account and sign its owner in."""
        login(self.request, form.save())
        return redirect(settings.LOGIN_REDIRECT_URL)


@require_safe
def who_am_i(request: HttpRequest) -> HttpResponse:
    """Show `request.auth` in full, to everybody."""
    return render(request, "accounts/who_am_i.html", {"sections": describe(get_auth(request))})


@require_POST
@login_required
@auth_method_required("session")
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """Sign the user out of every browser, this one included."""
    logout_everywhere(request.user)
    logout(request)
    messages.success(request, "You are signed out of every browser.")
    return redirect("accounts:sign_in")


@require_POST
@login_required
@auth_method_required("session")
def end_session(request: HttpRequest) -> HttpResponse:
    """End this browser's session by the flag on its row alone: its cookie stays, and opens nothing any more."""
    row = get_auth(request).credential
    if row is not None:
        registry.revoke(row, "ended by its owner")
    return redirect("accounts:who_am_i")
