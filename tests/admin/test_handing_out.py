"""Who may see a new secret now."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory

from sessionauth import get_auth
from sessionauth.admin import handing_out
from sessionauth.models import APIKey
from sessionauth.user_token import LoginState
from sessionauth.views.tickets import FIELD, SPENT
from tests.admin.asking import browser_of, form_of

pytestmark = pytest.mark.django_db

KEYS = "/admin/sessionauth/apikey/"


@pytest.fixture
def root(make_user):
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def token(root, monkeypatch):
    """Return what sets who asks."""

    def put(**changed):
        request = RequestFactory().get("/")
        request.user = root
        monkeypatch.setattr(handing_out, "get_auth", lambda request: replace(get_auth(request), **changed))
        return request

    return put


def test_unready__is_nobody_who_signed_in_in_another_way(token):
    assert handing_out.unready(token()) is None


@pytest.mark.parametrize("state", [LoginState.PROGRAM, LoginState.IMPERSONATOR])
def test_unready__are_programs_and_who_impersonates(state, token, root):
    request = token(state=state, original_user_token=get_auth(token()) if state is LoginState.IMPERSONATOR else None)
    with pytest.raises(PermissionDenied):
        handing_out.unready(request)


@pytest.mark.parametrize("middleware", ["django.contrib.auth.middleware.AuthenticationMiddleware"])
def test_add__works_under_djangos_own_middleware(middleware, root, settings):
    ours = "sessionauth.middleware.AuthenticationMiddleware"
    settings.MIDDLEWARE = [middleware if one == ours else one for one in settings.MIDDLEWARE]
    browser = browser_of(root)
    answer = browser.post(f"{KEYS}add/", form_of(browser, f"{KEYS}add/", user=root.pk))
    assert answer.status_code == 200
    assert APIKey.objects.count() == 1


@pytest.mark.parametrize("ticket", ["", "x" * 5000, "\0", "y"])
def test_form__with_a_ticket_that_is_none_issues_nothing(root, ticket):
    browser: Client = browser_of(root)
    data = form_of(browser, f"{KEYS}add/", user=root.pk)
    answer = browser.post(f"{KEYS}add/", data | {FIELD: ticket})
    assert answer.context["errors"] == [[str(SPENT)]]
    assert not APIKey.objects.exists()
