"""Sessions of somebody who was deactivated, deleted, or got a new password: over, with every engine, and for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model, update_session_auth_hash
from django.contrib.auth.hashers import make_password
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone

from sessionauth import logout_everywhere, signals
from sessionauth.models import LoginSession, RememberToken
from tests.attacks.browsers import COOKIE, cookie_of, engine, old_session, row_of, sign_in, user_of  # noqa: F401
from tests.project.ways_urls import urlpatterns as project

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.attacks.test_account_changes"),
    pytest.mark.usefixtures("engine"),
]

WAYS = [("wsgi", "/tell/"), ("asgi", "/atell/")]
NEW = "another horse, another battery"


def change_password(request):
    """What Django's PasswordChangeView does."""
    user = request.user
    user.set_password(NEW)
    user.save()
    update_session_auth_hash(request, user)
    return HttpResponse()


urlpatterns = [*project, path("change/", change_password)]


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def browser(alice, password):
    return sign_in(alice, password)


def remember(user):
    expires = timezone.now() + timedelta(days=1)
    return RememberToken.objects.create(user=user, selector="s", digest="d", expires_at=expires)


def set_active(user, value, how):
    if how == "save":
        user.is_active = value
        user.save()
    elif how == "update_fields":
        user.is_active = value
        user.save(update_fields=["is_active"])
    else:
        get_user_model()._base_manager.filter(pk=user.pk).update(is_active=value)


@pytest.mark.parametrize("how", ["save", "update_fields"])
@pytest.mark.parametrize(("way", "view"), WAYS)
def test_deactivated__ends_what_nobody_has_used_meanwhile(way, view, how, alice, browser):
    """Reactivation brings nothing back: not a session, not one from before the app, not a remembered browser."""
    earlier, token = old_session(alice), remember(alice)
    set_active(alice, False, how)
    set_active(alice, True, how)
    assert [user_of(cookie, way, view) for cookie in (cookie_of(browser), earlier)] == [None, None]
    token.refresh_from_db()
    assert (token.revoked_reason, row_of(alice).revoked_reason) == ("deactivated", "deactivated")


@pytest.mark.parametrize(("way", "view"), WAYS)
def test_deactivated__by_update_ends_what_is_used_meanwhile(way, view, alice, browser, password):
    unused = cookie_of(sign_in(alice, password))
    earlier = old_session(alice)
    set_active(alice, False, "update")
    assert [user_of(cookie, way, view) for cookie in (cookie_of(browser), earlier)] == [None, None]
    logout_everywhere(alice)  # what the documentation asks of whoever calls update()
    set_active(alice, True, "update")
    assert [user_of(cookie, way, view) for cookie in (cookie_of(browser), earlier, unused)] == [None] * 3


def test_deactivated__is_told_once(alice, browser):
    told = []

    def note(**kwargs):
        told.append(kwargs["reason"])

    signals.logged_out_everywhere.connect(note)
    try:
        set_active(alice, False, "save")
        alice.save()
    finally:
        signals.logged_out_everywhere.disconnect(note)
    assert told == ["deactivated"]


def test_deleted__ends_at_once_and_takes_the_rows_along(alice, browser):
    earlier = old_session(alice)
    remember(alice)
    alice.delete()
    assert [user_of(cookie) for cookie in (cookie_of(browser), earlier)] == [None, None]
    assert (LoginSession.objects.count(), RememberToken.objects.count()) == (0, 0)


@pytest.mark.parametrize(("way", "view"), WAYS)
def test_new_password__ends_the_others_and_their_rows_and_keeps_this_one(way, view, alice, browser, password):
    other, earlier, token = sign_in(alice, password), old_session(alice), remember(alice)
    user_of(earlier)
    stolen = cookie_of(browser)
    assert browser.post("/change/").status_code == 200
    live = LoginSession.objects.filter(revoked_at=None)
    assert [row.pk for row in live] == [LoginSession.objects.order_by("pk")[0].pk]
    token.refresh_from_db()
    assert token.revoked_reason == "password changed"
    cookies = (cookie_of(browser), cookie_of(other), earlier, stolen)
    assert [user_of(cookie, way, view) for cookie in cookies] == ["alice", None, None, None]


def test_new_password__in_a_session_from_before_the_app_keeps_it(alice):
    browser = Client()
    browser.cookies[COOKIE] = old_session(alice)
    user_of(cookie_of(browser))
    assert browser.post("/change/").status_code == 200
    assert [user_of(cookie_of(browser)) for _ in range(2)] == ["alice"] * 2
    assert LoginSession.objects.filter(revoked_at=None).count() == 1


def test_new_password__set_elsewhere_ends_all(alice, browser):
    alice.set_password(NEW)
    alice.save()
    assert row_of(alice).revoked_reason == "password changed"
    assert user_of(cookie_of(browser)) is None


def test_new_password__written_past_the_model_ends_all_at_their_next_request(alice, browser):
    get_user_model()._base_manager.filter(pk=alice.pk).update(password=make_password(NEW))
    assert user_of(cookie_of(browser)) is None
    assert row_of(alice).revoked_reason == "password changed"


def test_same_password__hashed_anew_ends_nothing(alice, browser, password, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", settings.PASSWORD_HASHERS[0]]
    assert alice.check_password(password)
    assert row_of(alice).revoked_at is None


@pytest.mark.parametrize("fields", [["last_login"], None])
def test_saved__otherwise_costs_no_query_and_ends_nothing(fields, alice, browser, django_assert_num_queries):
    with django_assert_num_queries(1):
        alice.save(update_fields=fields)
    assert row_of(alice).revoked_at is None
