"""Flask-Login's recipe against cookies in an API, which there takes a session interface of one's own.

Here there is nothing to do: a request that is known by a key or token never touches the session.
"""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.http import JsonResponse
from django.urls import path

from sessionauth.decorators import login_required
from sessionauth.models import LoginSession
from sessionauth.testing import AuthClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@login_required
def orders(request):
    return JsonResponse({"orders": [], "of": request.user.get_username()})


urlpatterns = [path("api/orders/", orders)]


@pytest.fixture
def kim(django_user_model):
    return django_user_model.objects.create_user("kim")


@pytest.mark.parametrize("method", ["api_key", "bearer"])
def test_the_api_sets_no_cookie_and_stores_no_session(kim, method, django_assert_num_queries):
    program = AuthClient(enforce_csrf_checks=True)
    program.force_login(kim, method=method)
    for ask in (program.get, program.post):
        answer = ask("/api/orders/")
        assert answer.json() == {"orders": [], "of": "kim"}
        assert "Set-Cookie" not in answer.headers
        assert not answer.cookies
    assert Session.objects.count() == LoginSession.objects.count() == 0
    with django_assert_num_queries(1):
        program.get("/api/orders/")


def test_the_same_view_serves_browsers_with_cookies(kim):
    browser = AuthClient(enforce_csrf_checks=True)
    browser.force_login(kim)
    assert browser.get("/api/orders/").status_code == 200
    assert browser.post("/api/orders/").status_code == 403  # a cookie alone proves no intent


def test_a_key_beside_a_cookie_leaves_the_session_alone(kim, django_user_model):
    browser = AuthClient()
    browser.force_login(kim)
    browser.force_login(django_user_model.objects.create_user("lea"), method="api_key")
    answer = browser.get("/api/orders/")
    assert answer.json()["of"] == "lea"
    assert not answer.wsgi_request.session.accessed
    browser.defaults.pop(browser.credential_header)
    assert browser.get("/api/orders/").json()["of"] == "kim"
