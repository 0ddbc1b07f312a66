"""Who is there, for templates."""

from __future__ import annotations

import pytest
from django.template import engines
from django.test import RequestFactory

from sessionauth.context_processors import request_auth
from sessionauth.models import AnonymousUser
from sessionauth.request_state import state_of
from sessionauth.user_token import LoginState, UserToken, replace


class Ada:
    is_authenticated = is_active = True
    first_name = "Ada"

    def get_display_name(self):
        return "Ada"


@pytest.fixture
def request_of_ada():
    request = RequestFactory().get("/")
    replace(request, UserToken(Ada(), LoginState.STALE, "session"))
    return request


def test_request_auth__names_auth_and_user(request_of_ada):
    text = "{{ auth }} {{ auth.method }} {{ current_user.first_name }} {% if auth %}in{% endif %}"
    template = engines["django"].from_string(text)
    assert template.render(request_auth(request_of_ada)) == "Ada session Ada in"


def test_request_auth__asks_nobody_until_a_template_does(rf):
    request = rf.get("/")
    context = request_auth(request)
    assert state_of(request).token is None
    assert context["current_user"] == AnonymousUser()
    assert state_of(request).token is not None
