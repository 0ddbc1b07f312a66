"""Sessions that were idle or lasted too long, with every session engine; nothing that a browser says prolongs them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sessionauth.models import LoginSession, RememberToken
from tests.asking import Sent, ask
from tests.attacks.browsers import COOKIE, cookie_of, engine, old_session, row_of, sign_in, store, user_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls"), pytest.mark.usefixtures("engine")]

WAYS = [("wsgi", "/tell/"), ("asgi", "/atell/")]
IDLE, ABSOLUTE = 1000, 5000
LOADER = "tests.attacks.test_timeouts.loader"


class Clock:
    """`clock.pass_(10)`: ten seconds later."""

    def __init__(self, monkeypatch):
        self.now = timezone.now() + timedelta(seconds=1)  # columns have the real time as default
        monkeypatch.setattr(timezone, "now", lambda: self.now)

    def pass_(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def cookie(clock, alice, password):
    """A browser in which Alice has just signed in."""
    return cookie_of(sign_in(alice, password))


class Browser:
    """Asks, and keeps the cookie that it is given, as browsers do."""

    def __init__(self, cookie, way="wsgi", view="/tell/"):
        self.cookie, self.way, self.view = cookie, way, view

    def user(self, view=None):
        answer = ask(self.way, view or self.view, Sent(cookies={COOKIE: self.cookie}))
        if f"{COOKIE}=" in (answer.header("Set-Cookie") or ""):
            self.cookie = answer.header("Set-Cookie").partition("=")[2].partition(";")[0]
        return b"alice" in answer.body


@pytest.mark.parametrize(("way", "view"), WAYS)
def test_idle__ends_what_nobody_used_and_no_sooner(way, view, cookie, clock, settings, alice):
    settings.SESSIONAUTH_IDLE_TIMEOUT = IDLE
    for _ in range(4):
        clock.pass_(IDLE - 1)
        assert user_of(cookie, way, view) == "alice"
    clock.pass_(IDLE)
    assert [user_of(cookie, way, view) for _ in range(2)] == [None, None]
    assert row_of(alice).revoked_reason == "idle"


@pytest.mark.parametrize("interval", [None, 60, 10_000])
def test_idle__is_known_to_a_tenth_whatever_else_is_written_how_often(interval, cookie, clock, settings, alice):
    settings.SESSIONAUTH_IDLE_TIMEOUT, settings.SESSIONAUTH_LAST_USED_INTERVAL = IDLE, interval
    clock.pass_(IDLE / 10 + 1)
    user_of(cookie)
    assert row_of(alice).last_seen_at == clock.now
    clock.pass_(IDLE - 1)
    assert user_of(cookie) == "alice"


@pytest.mark.parametrize(("way", "view"), WAYS)
@pytest.mark.parametrize("passive", ["/tell/", "tell", "space:tell"])
def test_idle__is_not_prolonged_by_polling(way, view, passive, cookie, clock, settings):
    settings.SESSIONAUTH_IDLE_TIMEOUT = IDLE
    settings.SESSIONAUTH_PASSIVE_URLS = ["/other/", "/tell/", "/atell/"] if passive == "/tell/" else [passive]
    if passive != "/tell/":
        settings.ROOT_URLCONF = "tests.attacks.passive_urls"
        view = {"tell": "/named/", "space:tell": "/space/named/"}[passive]
    for _ in range(4):
        clock.pass_(IDLE / 4 - 1)
        assert user_of(cookie, way, view) == "alice"
    clock.pass_(IDLE / 4)
    assert user_of(cookie, way, view) is None


@pytest.mark.parametrize(("way", "view"), WAYS)
def test_absolute__ends_however_busy_it_is(way, view, cookie, clock, settings, alice):
    settings.SESSIONAUTH_ABSOLUTE_TIMEOUT = ABSOLUTE
    for _ in range(9):
        clock.pass_(ABSOLUTE / 10)
        assert user_of(cookie, way, view) == "alice"
    clock.pass_(ABSOLUTE / 10)
    assert [user_of(cookie, way, view) for _ in range(2)] == [None, None]
    assert row_of(alice).revoked_reason == "expired"


def test_confirmed_login__begins_both_times_again(alice, password, clock, settings):
    settings.SESSIONAUTH_IDLE_TIMEOUT, settings.SESSIONAUTH_ABSOLUTE_TIMEOUT = IDLE, ABSOLUTE
    settings.ROOT_URLCONF = "tests.attacks.passive_urls"
    browser = sign_in(alice, password)
    for _ in range(6):
        clock.pass_(IDLE - 1)
        assert browser.post("/confirm/").status_code == 200
    clock.pass_(IDLE)
    assert user_of(cookie_of(browser)) is None


@pytest.mark.parametrize(("preset", "idle", "absolute"), [("aal2", 3600, 86400), ("aal3", 900, 43200)])
def test_preset__sets_both(preset, idle, absolute, cookie, clock, settings):
    settings.SESSIONAUTH_SESSION_PRESET = preset
    passed = 0
    while passed + idle - 1 < absolute:
        clock.pass_(idle - 1)
        passed += idle - 1
        assert user_of(cookie) == "alice"
    clock.pass_(absolute - passed)
    assert user_of(cookie) is None


@pytest.mark.parametrize(("preset", "is_ended"), [(None, False), ("aal1", False), ("aal2", True), ("aal3", True)])
def test_preset__ends_the_remembered_browser_too_where_nist_says_so(
    preset,
    is_ended,
    cookie,
    clock,
    settings,
    alice,
    engine,  # noqa: F811
):
    settings.SESSIONAUTH_SESSION_PRESET, settings.SESSIONAUTH_IDLE_TIMEOUT = preset, 10
    token = RememberToken.objects.create(
        user=alice, selector="s", digest="d", expires_at=clock.now + timedelta(days=30)
    )
    LoginSession.objects.update(remember_token=token)
    clock.pass_(11)
    assert user_of(cookie) is None
    token.refresh_from_db()
    assert token.is_revoked is is_ended


@pytest.mark.parametrize(("way", "view"), WAYS)
def test_earlier__are_timed_each_by_itself(way, view, alice, clock, settings):
    """They share a row; that one of them is busy keeps no other alive, and neither does a copy of an old cookie."""
    settings.SESSIONAUTH_IDLE_TIMEOUT, settings.SESSIONAUTH_ABSOLUTE_TIMEOUT = IDLE, ABSOLUTE
    cookies = [old_session(alice, number=number) for number in range(3)]
    busy, idle, unseen = (Browser(cookie, way, view) for cookie in cookies)
    assert (busy.user(), idle.user()) == (True, True)
    for _ in range(2):
        clock.pass_(IDLE / 2)
        assert busy.user()
    assert (busy.user(), idle.user(), unseen.user()) == (True, False, False)
    assert [Browser(cookie, way, view).user() for cookie in cookies[1:]] == [False, False]
    while clock.now < LoginSession.objects.get().created_at + timedelta(seconds=ABSOLUTE - 500):
        clock.pass_(500)
        assert busy.user()
    clock.pass_(500)
    assert not busy.user()


def loader(request, session):
    return session.get("user") and _Stranger()


class _Stranger:
    is_authenticated = is_active = True

    def get_username(self):
        return "alice"


def test_no_row__is_timed_by_the_session_itself(clock, settings):
    settings.SESSIONAUTH_USER_LOADER = LOADER
    settings.SESSIONAUTH_IDLE_TIMEOUT, settings.SESSIONAUTH_ABSOLUTE_TIMEOUT = IDLE, ABSOLUTE
    session = store()
    session["user"] = 1
    session.save()
    browser = Browser(session.session_key)
    for _ in range(6):
        assert browser.user("/whoami/")
        clock.pass_(IDLE - 200)
    assert browser.user("/whoami/")
    clock.pass_(ABSOLUTE - 6 * (IDLE - 200))
    assert not browser.user("/whoami/")


def test_ended__stays_so_when_the_timeout_is_taken_back(cookie, clock, settings):
    settings.SESSIONAUTH_IDLE_TIMEOUT = IDLE
    clock.pass_(IDLE)
    assert user_of(cookie) is None
    settings.SESSIONAUTH_IDLE_TIMEOUT = None
    assert user_of(cookie) is None
