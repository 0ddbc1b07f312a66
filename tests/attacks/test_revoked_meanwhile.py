"""A session that is ended while a request with it is under way stays ended, whatever that request writes."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.urls import path

from sessionauth.models import LoginSession
from tests.attacks.browsers import cookie_of, engine, sign_in, user_of  # noqa: F401
from tests.project.ways_urls import urlpatterns as project

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__), pytest.mark.usefixtures("engine")]


def writes_meanwhile(request):
    """Load the session, have it ended from elsewhere, and save it."""
    assert request.user.is_authenticated
    LoginSession.objects.get(user=request.user).revoke("from elsewhere")
    request.session["cart"] = ["book"]
    return HttpResponse()


urlpatterns = [*project, path("writes/", writes_meanwhile)]


def test_revoked_between_load_and_save__stays_revoked(make_user, password):
    browser = sign_in(make_user("alice"), password)
    before = cookie_of(browser)
    assert browser.get("/writes/").status_code == 200
    assert [user_of(cookie) for cookie in (before, cookie_of(browser))] == [None, None]
    assert LoginSession.objects.get().revoked_reason == "from elsewhere"
