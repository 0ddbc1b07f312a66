"""The old password on pages of Django's: as many tries as at the login, on each of them."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path

from sessionauth.exceptions import LoginDenied
from sessionauth.models import AuthEvent
from tests.project.urls import urlpatterns as project

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

urlpatterns = [
    path("ours/", include("sessionauth.urls")),
    path("stock/", auth_views.PasswordChangeView.as_view(success_url="/untouched/")),
    path("office/", admin.site.urls),
    *project,
]
PAGES = ["/office/password_change/", "/stock/", "/ours/password/"]
NEW = "correct horse battery staple 9"


@pytest.fixture(autouse=True)
def _guards(settings):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 3


@pytest.fixture
def staff(make_user):
    return make_user("sue", is_staff=True, is_superuser=True)


def refuse_in_silence(request, user):
    raise LoginDenied("")


def sent(old):
    return {"old_password": old, "new_password1": NEW, "new_password2": NEW}


def failures():
    return AuthEvent.objects.filter(event="confirmation_failed").count()


@pytest.mark.parametrize("page", PAGES)
def test_old_password__the_right_one(page, client, staff, password):
    client.force_login(staff)
    assert client.post(page, sent(password)).status_code in (302, 303)
    staff.refresh_from_db()
    assert staff.check_password(NEW)
    assert failures() == 0


@pytest.mark.parametrize("page", PAGES)
def test_old_password__is_counted_once_each_time_and_refused_in_the_end(page, client, staff, password):
    client.force_login(staff)
    assert [client.post(page, sent("wrong")).status_code for _ in range(3)] == [200] * 3
    assert failures() == 3
    assert client.post(page, sent(password)).status_code == 429
    staff.refresh_from_db()
    assert staff.check_password(password)


@pytest.mark.parametrize("page", PAGES[:2])
def test_old_password__under_asgi(page, async_client, staff, password):
    async_client.force_login(staff)

    def post(old):
        return async_to_sync(async_client.post)(page, sent(old))

    assert [post("wrong").status_code for _ in range(3)] == [200] * 3
    answer = post(password)
    assert answer.status_code == 429
    assert "Retry-After" in answer
    staff.refresh_from_db()
    assert staff.check_password(password)


def test_old_password__of_a_refusal_that_may_not_be_told(client, staff, password, settings):
    settings.SESSIONAUTH_LOGIN_GUARDS = [f"{__name__}.refuse_in_silence"]
    client.force_login(staff)
    answer = client.post(PAGES[0], sent(password))
    assert answer.status_code == 200
    assert "old_password" in answer.context["form"].errors
    staff.refresh_from_db()
    assert staff.check_password(password)


def test_old_password__of_a_form_without_one(client, staff):
    client.force_login(staff)
    for data in ({}, {"old_password": ""}, {"old_password": ["a", "b"]}, {"old_password": "\0"}):
        assert client.post(PAGES[0], data).status_code == 200


def test_old_password__of_nobody(client):
    assert client.post(PAGES[1], sent("wrong")).status_code == 302
    assert failures() == 0


def test_old_password__without_our_backend_is_djangos_alone(client, staff, password, settings):
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    client.force_login(staff)
    assert [client.post(PAGES[0], sent("wrong")).status_code for _ in range(4)] == [200] * 4
    assert failures() == 0
    assert client.post(PAGES[0], sent(password)).status_code == 302
