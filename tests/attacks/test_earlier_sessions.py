"""Sessions from before the app: nobody is signed out, all of a user's are one row, and that row can be revoked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import Client

from sessionauth import logout_everywhere
from sessionauth.models import LoginSession
from sessionauth.sessions import kept, registry
from tests.attacks.browsers import COOKIE, cookie_of, engine, old_session, row_of, sign_in, store, user_of  # noqa: F401
from tests.contracts import MODEL_BACKEND

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls"), pytest.mark.usefixtures("engine")]

BACKENDS = [MODEL_BACKEND, "sessionauth.backends.SessionAuthBackend"]
WAYS = [("wsgi", "/tell/"), ("asgi", "/atell/")]


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("way", "view"), WAYS)
def test_seen__stays_signed_in_and_has_one_row_with_the_others(way, view, backend, alice, engine):  # noqa: F811
    cookies = [old_session(alice, backend), old_session(alice, backend, cart=1)]
    before = [store(cookie).load() for cookie in cookies]
    assert [user_of(cookie, way, view) for cookie in cookies * 2] == ["alice"] * 4
    row = LoginSession.objects.get()
    assert (row.user, row.earlier, row.is_revoked) == (alice, True, False)
    after = [store(cookie).load() for cookie in cookies]
    # Bound to the browser on first use, as long as the session is on the server.
    bound = [data.pop(kept.KEY, {}).keys() for data in after]
    assert (after, bound) == (before, [set() if engine.endswith("_cookies") else {"fp"}] * 2)


@pytest.mark.parametrize(("way", "view"), WAYS)
def test_revoke__ends_all_of_them_and_no_newer_one(way, view, alice, password):
    cookies = [old_session(alice), old_session(alice)]
    newer = cookie_of(sign_in(alice, password))
    user_of(cookies[0])
    registry.revoke(LoginSession.objects.get(earlier=True), "lost")
    assert [user_of(cookie, way, view) for cookie in (*cookies, newer)] == [None, None, "alice"]


@pytest.mark.parametrize("end", [registry.revoke_all, logout_everywhere])
@pytest.mark.parametrize(("way", "view"), WAYS)
def test_revoke_all__ends_one_that_was_never_seen(way, view, end, alice):
    cookie = old_session(alice)
    end(alice, "lost")
    assert user_of(cookie, way, view) is None
    assert LoginSession.objects.filter(user=alice, revoked_at=None).count() == 0


def test_revoke_all__for_any_reason_that_fits_nowhere(alice):
    cookie = old_session(alice)
    registry.revoke_all(alice, "x" * 1000)
    assert user_of(cookie) is None


def test_revoke_all__ends_those_of_an_older_secret_key(alice, settings):
    cookie = old_session(alice)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10
    registry.revoke_all(alice)
    assert user_of(cookie) is None


def test_revoke_all__may_spare_them(alice, password):
    cookie = old_session(alice)
    user_of(cookie)
    newer = cookie_of(sign_in(alice, password))
    registry.revoke_all(alice, "lost", keep=LoginSession.objects.get(earlier=True))
    assert (user_of(cookie), user_of(newer)) == ("alice", None)


def test_revoke_all__spares_nobody_elses(alice, make_user):
    cookie = old_session(make_user("bob"))
    registry.revoke_all(alice)
    assert user_of(cookie) == "bob"


@pytest.mark.parametrize("is_seen", [True, False])
def test_secret_key__rotation_revives_nothing_that_was_revoked(is_seen, alice, settings):
    cookie = old_session(alice)
    if is_seen:
        user_of(cookie)
    registry.revoke_all(alice)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10
    assert user_of(cookie) is None


def test_secret_key__rotation_keeps_everybody(alice, settings):
    browser = Client()
    browser.cookies[COOKIE] = old_session(alice)
    browser.get("/tell/")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10
    assert browser.get("/tell/").json()["user"] == "alice"
    settings.SECRET_KEY_FALLBACKS = []
    assert browser.get("/tell/").json()["user"] == "alice"


def test_password_change__ends_them(alice):
    cookie = old_session(alice)
    user_of(cookie)
    alice.set_password("another")
    alice.save()
    assert user_of(cookie) is None
    assert row_of(alice).is_revoked


@pytest.mark.parametrize("is_seen", [True, False])
@pytest.mark.parametrize("backend", BACKENDS)
def test_deactivated__is_out_and_stays_out(backend, is_seen, alice):
    cookie = old_session(alice, backend)
    if is_seen:
        user_of(cookie)
    users = get_user_model().objects.filter(pk=alice.pk)
    users.update(is_active=False)
    assert user_of(cookie) is None
    users.update(is_active=True)
    assert user_of(cookie) is None


def test_sid__of_the_shared_row_in_a_session_is_that_row(alice):
    """Nobody writes it there; whoever could would sign nobody in whom the session hash does not."""
    cookie = old_session(alice)
    user_of(cookie)
    sid = LoginSession.objects.get().sid
    assert user_of(old_session(alice, _sessionauth={"sid": sid})) == "alice"
    registry.revoke_all(alice)
    assert user_of(old_session(alice, _sessionauth={"sid": sid})) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("count", [40])
def test_first_requests__in_parallel_make_one_row(count, alice, engine):  # noqa: F811
    cookies = [old_session(alice) for _ in range(count)]
    start = Barrier(8)

    def first(cookie):
        try:
            start.wait(20)
            return user_of(cookie)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(first, cookies)) == ["alice"] * count
    assert LoginSession.objects.count() == 1
    registry.revoke(LoginSession.objects.get())
    assert {user_of(cookie) for cookie in cookies} == {None}
