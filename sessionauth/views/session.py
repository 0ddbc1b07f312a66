"""The session as a resource of JSON: who am I, sign in, sign out."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.generic import View

from sessionauth.login import logout
from sessionauth.request_state import state_of
from sessionauth.views.facts import facts_of
from sessionauth.views.login import LoginView, signed_out
from sessionauth.views.page import PageMixin, json


class SessionLoginView(LoginView):
    """The login page without the page."""

    answers_json = True


class SessionView(PageMixin, View):
    """Tells who is there and for how long, signs in and signs out.

    Asking is no use of the session, so that a page may ask how long it lasts without making it last. It sets the CSRF
    cookie, and tells the token that the other two need in X-CSRFToken.
    """

    is_open = True
    sessionauth_about_impersonation = True
    login_view: Any = SessionLoginView

    def get(self, request: HttpRequest) -> HttpResponse:
        """Tell who is there, how sure that is, and for how long."""
        state_of(request).is_passive = True
        return json(facts_of(request))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Sign in, as the login page does."""
        view = self.login_view()
        view.setup(request)
        answer: HttpResponse = view.post(request)
        return answer

    def delete(self, request: HttpRequest) -> HttpResponse:
        """Sign out, or stop acting as somebody else; who is not signed in is not either afterwards."""
        logout(request)
        return signed_out(request)
