"""The list of one's browsers, in words, and how to end what stands on it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from sessionauth.middleware import AuthenticationMiddleware
from sessionauth.models import APIKey, LoginSession, RememberToken
from sessionauth.sessions import devices, kept, registry
from sessionauth.sessions.devices import devices_of, logout_others, revoke_device
from tests.contracts import MODEL_BACKEND

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def request_(rf, alice):
    """A request from the browser in which Alice is signed in."""
    return request_of(rf, alice)


def request_of(rf, user, agent=FIREFOX):
    request = rf.get("/", HTTP_USER_AGENT=agent, REMOTE_ADDR="192.0.2.7")
    request.session = SessionStore()
    AuthenticationMiddleware(lambda request: None).process_request(request)
    login(request, user, MODEL_BACKEND)
    request.session.save()
    return request


def again(rf, request):
    """The next request of the same browser."""
    later = rf.get("/", HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="192.0.2.7")
    later.session = SessionStore(request.session.session_key)
    AuthenticationMiddleware(lambda request: None).process_request(later)
    return later


def enter(user, **fields):
    return LoginSession.objects.create(user=user, sid=registry.new_sid(), **fields)


def remember(user, **fields):
    expires = timezone.now() + timedelta(days=1)
    selector = registry.new_sid()[:22]
    return RememberToken.objects.create(user=user, selector=selector, **{"expires_at": expires, **fields})


def ago(**delta):
    return timezone.now() - timedelta(**delta)


def test_list__names_browsers_and_places_this_one_first(request_, alice, django_assert_num_queries):
    enter(alice, user_agent=SAFARI, ip_address="2001:db8::1", last_seen_at=ago(hours=2))
    enter(alice, user_agent="", ip_address=None, last_seen_at=ago(hours=1))
    with django_assert_num_queries(1):
        found = devices_of(request_)
    assert [(one.name, one.place, one.is_current) for one in found] == [
        ("Firefox on Linux", "192.0.2.7, in your network", True),
        ("Unknown browser", "", False),
        ("Safari on iOS", "2001:db8::1, in another network", False),
    ]
    assert async_to_sync(devices.adevices_of)(request_) == found


def test_list__without_networks_only_has_the_address(request_, alice, settings):
    settings.SESSIONAUTH_FINGERPRINT_IP_PREFIX = None
    assert [one.place for one in devices_of(request_)] == ["192.0.2.7"]


def test_list__leaves_out_what_has_ended_or_run_out_and_is_anybody_elses(request_, alice, make_user, settings):
    settings.SESSIONAUTH_IDLE_TIMEOUT, settings.SESSIONAUTH_ABSOLUTE_TIMEOUT = 1000, 5000
    enter(alice, revoked_at=timezone.now())
    enter(alice, last_seen_at=ago(seconds=1001))
    enter(alice, created_at=ago(seconds=5001))
    enter(alice, created_at=ago(days=9), authenticated_at=ago(seconds=5001))
    enter(make_user("bob"))
    still = enter(alice, created_at=ago(days=9), authenticated_at=ago(seconds=4000), last_seen_at=ago(seconds=900))
    assert {one.pk for one in devices_of(request_)} == {LoginSession.objects.get(user_agent=FIREFOX).pk, still.pk}


def test_list__leaves_out_what_django_has_forgotten(request_, alice, settings):
    settings.SESSION_COOKIE_AGE = 500
    enter(alice, last_seen_at=ago(seconds=501))
    assert len(devices_of(request_)) == 1


def test_list__has_remembered_browsers_once_whether_signed_in_or_not(request_, alice):
    busy, idle, gone, lapsed = (
        remember(alice),
        remember(alice),
        remember(alice, revoked_at=timezone.now()),
        remember(alice, expires_at=ago(seconds=1)),
    )
    for token in (busy, idle, gone, lapsed):
        for age in (3, 2):
            enter(alice, remember_token=token, revoked_at=ago(hours=age), last_seen_at=ago(hours=age))
    now = enter(alice, remember_token=busy, last_seen_at=ago(hours=1))
    last = LoginSession.objects.filter(remember_token=idle).latest("last_seen_at")
    found = devices_of(request_)[1:]
    assert [(one.pk, one.is_signed_in, one.is_remembered) for one in found] == [
        (now.pk, True, True),
        (last.pk, False, True),
    ]


def test_list__tells_no_secret(request_, alice):
    told = repr(devices_of(request_))
    secrets = [request_.session.session_key, *LoginSession.objects.values_list("sid", flat=True)]
    assert not any(secret in told for secret in secrets)


def test_revoke__ends_one_of_ones_own_and_forgets_it(request_, alice):
    token = remember(alice)
    row, other = enter(alice, remember_token=token), enter(alice)
    assert (revoke_device(request_, row.pk), revoke_device(request_, row.pk)) == (True, False)
    token.refresh_from_db()
    assert (LoginSession.objects.get(pk=row.pk).revoked_reason, token.is_revoked) == ("ended by its owner", True)
    assert not LoginSession.objects.get(pk=other.pk).is_revoked


def test_revoke__of_a_browser_that_is_only_remembered(request_, alice):
    token = remember(alice)
    row = enter(alice, remember_token=token, revoked_at=timezone.now())
    assert async_to_sync(devices.arevoke_device)(request_, row.pk) is True
    token.refresh_from_db()
    assert token.is_revoked


def test_revoke__of_a_browser_that_has_come_back_meanwhile(request_, alice):
    token = remember(alice)
    before = enter(alice, remember_token=token, revoked_at=timezone.now())
    now = enter(alice, remember_token=token)
    assert revoke_device(request_, before.pk)
    assert LoginSession.objects.get(pk=now.pk).is_revoked


def test_revoke__never_touches_anybody_elses(request_, make_user):
    row = enter(make_user("bob"))
    assert (revoke_device(request_, row.pk), revoke_device(request_, 0)) == (False, False)
    assert not LoginSession.objects.get(pk=row.pk).is_revoked


def test_logout_others__keeps_this_one_and_its_remembering(rf, request_, alice, make_user):
    own, other = remember(alice), remember(alice)
    LoginSession.objects.filter(user=alice).update(remember_token=own)
    rows = [enter(alice), enter(alice, remember_token=other)]
    bobs = enter(make_user("bob"))
    request_ = again(rf, request_)
    assert request_.user == alice
    assert logout_others(request_) == 2
    assert [one.is_current for one in devices_of(request_)] == [True]
    assert LoginSession.objects.filter(pk__in=[row.pk for row in rows], revoked_at=None).count() == 0
    assert [token.is_revoked for token in RememberToken.objects.order_by("pk")] == [False, True]
    assert not LoginSession.objects.get(pk=bobs.pk).is_revoked
    assert async_to_sync(devices.alogout_others)(request_) == 0


def test_logout_others__from_a_session_older_than_the_app_ends_those_it_shares_a_row_with(rf, alice):
    request = request_of(rf, alice)
    LoginSession.objects.all().delete()
    request.session[kept.KEY] = {}
    request.session.save()
    registry.keep_earlier(alice.pk, registry.earlier_sid(str(alice.pk), alice.get_session_auth_hash()))
    request = again(rf, request)
    logout_others(request)
    assert LoginSession.objects.get(earlier=True).is_revoked
    request.session.save()
    assert [(one.is_current, one.is_earlier) for one in devices_of(again(rf, request))] == [(True, False)]


def test_programs__see_the_list_and_end_all_and_touch_no_session(rf, alice):
    enter(alice)
    request = rf.get("/", HTTP_X_API_KEY=APIKey.objects.issue(user=alice)[1])
    request.session = SessionStore()
    AuthenticationMiddleware(lambda request: None).process_request(request)
    assert [one.is_current for one in devices_of(request)] == [False]
    assert logout_others(request) == 1
    assert (request.session.accessed, request.session.modified) == (False, False)


@pytest.mark.parametrize("user", [AnonymousUser(), object()], ids=["nobody", "no model"])
def test_others__have_no_devices(user, rf):
    request = rf.get("/")
    request.session, request.user = SessionStore(), user
    assert (devices_of(request), revoke_device(request, 1), logout_others(request)) == ([], False, 0)
