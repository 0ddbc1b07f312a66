"""The arithmetic of idle and absolute time; what follows from it, the attacks tell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpResponse
from django.utils import timezone

from sessionauth.middleware import AuthenticationMiddleware
from sessionauth.models import APIKey, LoginSession
from sessionauth.request_state import state_of
from sessionauth.sessions import registry, timeouts
from sessionauth.sessions.timeouts import seconds_left
from tests.contracts import MODEL_BACKEND

pytestmark = pytest.mark.django_db

IDLE = "SESSIONAUTH_IDLE_TIMEOUT"
ABSOLUTE = "SESSIONAUTH_ABSOLUTE_TIMEOUT"
PRESET = "SESSIONAUTH_SESSION_PRESET"
INTERVAL = "SESSIONAUTH_LAST_USED_INTERVAL"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def set_(settings):
    def set_(**values):
        for name, value in values.items():
            setattr(settings, f"SESSIONAUTH_{name}", value)

    return set_


def ago(seconds):
    return timezone.now() - timedelta(seconds=seconds)


@pytest.mark.once
@pytest.mark.parametrize(
    ("values", "limits"),
    [
        ({}, (None, None)),
        ({"SESSION_PRESET": "aal1"}, (None, 30 * 86400)),
        ({"SESSION_PRESET": "aal2"}, (3600, 86400)),
        ({"SESSION_PRESET": "aal3"}, (900, 43200)),
        ({"SESSION_PRESET": "aal2", "IDLE_TIMEOUT": timedelta(minutes=5)}, (300, 86400)),
        ({"SESSION_PRESET": "aal2", "ABSOLUTE_TIMEOUT": 60}, (3600, 60)),
        ({"IDLE_TIMEOUT": 5, "ABSOLUTE_TIMEOUT": timedelta(days=1)}, (5, 86400)),
    ],
)
def test_limits__own_ones_win_over_the_preset(values, limits, set_):
    set_(**values)
    assert (timeouts.limits.idle, timeouts.limits.absolute) == limits


@pytest.mark.once
@pytest.mark.parametrize(
    ("values", "interval"),
    [
        ({}, 60),
        ({"LAST_USED_INTERVAL": None}, None),
        ({"IDLE_TIMEOUT": 100}, 10),
        ({"IDLE_TIMEOUT": 100, "LAST_USED_INTERVAL": None}, 10),
        ({"IDLE_TIMEOUT": 10_000}, 60),
    ],
)
def test_interval__is_at_most_a_tenth_of_the_idle_time(values, interval, set_):
    set_(**values)
    assert timeouts.limits.interval == interval


FIELDS = {
    "now": {},
    "revoked": {"revoked_at": timezone.now()},
    "idle": {"last_seen_at": ago(101)},
    "nearly idle": {"last_seen_at": ago(95)},
    "expired": {"created_at": ago(1001)},
    "confirmed": {"created_at": ago(5000), "authenticated_at": ago(900)},
    "confirmed too long ago": {"created_at": ago(5000), "authenticated_at": ago(1001)},
    "forgotten by Django": {"last_seen_at": ago(20 * 86400)},
    "earlier": {"earlier": True},
}


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
@pytest.mark.parametrize(
    "values",
    [{}, {"IDLE_TIMEOUT": 100}, {"ABSOLUTE_TIMEOUT": 1000}, {"LAST_USED_INTERVAL": None}, {"ABSOLUTE_TIMEOUT": 10**11}],
    ids=str,
)
def test_live__is_the_same_in_the_database_and_in_hand(values, fields, alice, set_):
    set_(**values)
    row = LoginSession.objects.create(user=alice, sid=registry.new_sid(), **fields)
    assert LoginSession.objects.filter(timeouts.live()).exists() is timeouts.is_live(row)


def request_of(rf, user, path="/page/"):
    request = rf.get(path)
    request.session = SessionStore()
    AuthenticationMiddleware(lambda request: HttpResponse()).process_request(request)
    login(request, user, MODEL_BACKEND)
    request.session.save()
    later = rf.get(path)
    later.session = SessionStore(request.session.session_key)
    AuthenticationMiddleware(lambda request: HttpResponse()).process_request(later)
    return later


def test_seconds_left__is_what_the_server_will_keep_to(rf, alice, set_):
    set_(IDLE_TIMEOUT=100, ABSOLUTE_TIMEOUT=1000, PASSIVE_URLS=["/poll/"])
    polls, page = request_of(rf, alice, "/poll/"), request_of(rf, alice)
    LoginSession.objects.update(last_seen_at=ago(40), authenticated_at=ago(300))
    assert [round(left) for left in seconds_left(polls)] == [60, 700]
    assert [round(left) for left in seconds_left(page)] == [100, 700]


def test_seconds_left__of_a_view_that_says_it_is_no_use(rf, alice, set_):
    set_(IDLE_TIMEOUT=100)
    request = request_of(rf, alice)
    LoginSession.objects.update(last_seen_at=ago(40))
    state_of(request).is_passive = True
    idle, absolute = seconds_left(request)
    assert (round(idle), absolute) == (60, None)
    idle, absolute = async_to_sync(timeouts.aseconds_left)(request)
    assert (round(idle), absolute) == (60, None)


def test_seconds_left__without_timeouts_or_without_a_session(rf, alice, set_):
    assert seconds_left(request_of(rf, alice)) == (None, None)
    set_(IDLE_TIMEOUT=100)
    stranger, program = rf.get("/"), rf.get("/", HTTP_X_API_KEY=APIKey.objects.issue(user=alice)[1])
    for request in (stranger, program):
        request.session = SessionStore()
        AuthenticationMiddleware(lambda request: HttpResponse()).process_request(request)
        assert seconds_left(request) == (None, None)


@pytest.mark.parametrize(
    ("own", "row", "expected"),
    [
        ({}, None, None),
        ({"auth_at": -99}, None, None),
        ({"auth_at": -1000}, None, "expired"),
        ({"since": -99}, None, None),
        ({"since": -101}, None, "idle"),
        ({"since": -101, "seen": -99}, None, None),
        ({"since": -500, "auth_at": -1}, None, None),
        ({"since": -1000, "seen": -1}, None, "expired"),
        ({"since": "x", "seen": [], "auth_at": None}, None, None),
    ],
)
def test_over__of_a_session_without_a_row(own, row, expected, set_):
    set_(IDLE_TIMEOUT=100, ABSOLUTE_TIMEOUT=1000)
    now = timezone.now().timestamp()
    kept = {name: now + value if isinstance(value, int) else value for name, value in own.items()}
    assert timeouts.over(kept, row) == expected


def test_touch__never_goes_back(alice, set_):
    row = LoginSession.objects.create(user=alice, sid=registry.new_sid(), last_seen_at=ago(-500))
    before = row.last_seen_at
    timeouts.touch(row)
    row.refresh_from_db()
    assert row.last_seen_at == before
