"""The seeds' tests of signing in and out, asked of every way in and of every session engine."""

from __future__ import annotations

import pytest
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from sessionauth import LoginDenied, LoginManager, TooManyAttempts
from sessionauth.models import LoginSession
from tests.conformance.web import Web

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.conformance.sign_in_urls")]

#: The login pages: ours, Django's functions, its form, and the admin's.
PAGES = ["/ours/login/", "/aours/login/", "/django/login/", "/login/", "/admin/login/"]
OURS = ["/ours/login/", "/aours/login/"]
#: Those that differ in what reaches the session; asked with every engine.
ROADS = ["/ours/login/", "/aours/login/", "/django/login/", "/admin/login/"]
EXITS = ["/ours/logout/", "/aours/logout/", "/django/logout/"]


@pytest.fixture
def web(request, db):
    """One browser; over ASGI where the page under test is async."""
    given = getattr(request.node, "callspec", None)
    return Web(asgi=given is not None and any("/aours/" in str(value) for value in given.params.values()))


@pytest.fixture
def alice(make_user):
    return make_user("alice", is_staff=True)


@pytest.fixture
def bob(make_user):
    return make_user("bob", is_staff=True)


@pytest.fixture
def sign_in(web, password):
    """`sign_in("/login/", alice)`: fill in a login form."""

    def go(path, user, secret=password, **fields):
        return web.post(path, {"username": user.get_username(), "password": secret, **fields})

    return go


def cookie(web):
    return web.cookies["sessionid"].value


def replay(web, value):
    """Say who a copy of the cookie `value` is."""
    other = Web(asgi=web.asgi)
    other.cookies["sessionid"] = value
    return other.who()


# imia's login


@pytest.mark.parametrize("page", ROADS)
def test_I32_login(web, sign_in, alice, page, engine):
    assert sign_in(page, alice).status_code == 302
    assert web.session["_auth_user_id"] == str(alice.pk)
    assert web.who() == "alice"


@pytest.mark.parametrize("page", OURS)
def test_I34_invalid_credentials(web, sign_in, alice, page, engine):
    answer = sign_in(page, alice, "wrong")
    assert (answer.status_code, answer.content) == (400, b"Wrong name or password.")
    assert web.who() is None


@pytest.mark.parametrize("way_out", EXITS)
def test_I35_logout(web, sign_in, alice, way_out, engine):
    sign_in("/ours/login/", alice)
    assert web.post(way_out).status_code == 302
    assert dict(web.session.items()) == {}
    assert web.who() is None


@pytest.mark.parametrize("page", ROADS)
def test_I36_regenerates_session_id(web, sign_in, alice, page, engine):
    web.post("/cart/", {"cart": "book"})
    before = cookie(web)
    web.get("/cart/")
    assert cookie(web) == before
    sign_in(page, alice)
    assert cookie(web) != before


@pytest.mark.parametrize("page", ROADS)
def test_I37_keep_session_data_for_user(web, sign_in, alice, page, engine):
    sign_in("/ours/login/", alice)
    web.post("/cart/", {"cart": "book"})
    sign_in(page, alice)
    assert web.get("/cart/").json()["cart"] == "book"


@pytest.mark.parametrize("page", ROADS)
def test_I38_clears_session_if_reused_from_another_user(web, sign_in, alice, page, engine, password):
    """The same key of another person: their password hash is another."""
    sign_in("/ours/login/", alice)
    web.post("/cart/", {"cart": "book"})
    before = cookie(web)
    alice.set_password("another password of hers")
    alice.save()
    sign_in(page, alice, "another password of hers")
    assert web.who() == "alice"
    assert cookie(web) != before
    assert web.get("/cart/").json()["cart"] is None


# Flask-Login's


def test_F10_login_user(web, alice):
    assert web.post("/given/login/", {"username": "alice"}).json() == {"fresh": True}
    assert web.get("/who/").json()["user"] == "alice"


def test_F11_login_user_not_fresh(web, alice):
    assert web.post("/given/login/", {"username": "alice", "fresh": "0"}).json() == {"fresh": False}
    assert web.get("/who/").json() == {"user": "alice", "method": "session", "state": "stale", "fresh": False}


@pytest.mark.parametrize("page", PAGES)
def test_F12_signal_of_a_login(sign_in, alice, heard, page):
    with heard(user_logged_in) as calls:
        sign_in(page, alice)
    assert [call["user"] for call in calls] == [alice]


@pytest.mark.parametrize("page", PAGES)
def test_F13_inactive(web, sign_in, make_user, page):
    carol = make_user("carol", is_active=False, is_staff=True)
    sign_in(page, carol)
    assert web.who() is None
    assert web.post("/given/login/", {"username": "carol"}).status_code == 403
    assert web.who() is None


def test_F14_inactive_by_force(web, make_user, settings):
    """Ours: not offered as an argument; a backend may decide that they may."""
    make_user("carol", is_active=False)
    with pytest.raises(TypeError):
        LoginManager().login(None, "carol", "x", force=True, remember="no")
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.AllowAllUsersModelBackend"]
    assert web.post("/given/login/", {"username": "carol"}).json() == {"fresh": True}
    assert web.who() == "carol"


@pytest.mark.parametrize("way_out", EXITS)
def test_F17_logout(web, alice, way_out):
    web.force_login(alice)
    response = web.post(way_out)
    assert web.request_of(response).user.is_anonymous


@pytest.mark.parametrize("way_out", EXITS)
def test_F18_signal_of_a_logout(web, alice, heard, way_out):
    web.force_login(alice)
    with heard(user_logged_out) as calls:
        web.post(way_out)
    assert [call["user"] for call in calls] == [alice]


@pytest.mark.parametrize("way_out", ["/ours/logout/", "/aours/logout/"])
def test_F19_logout_from_half_a_session(web, alice, heard, way_out):
    web.force_login(alice)
    with heard(user_logged_out) as calls:
        assert web.post(way_out, {"lost": "1"}).status_code == 302
    assert [call["user"] for call in calls] == [alice]
    assert web.who() is None


@pytest.mark.parametrize("page", PAGES)
def test_F30_a_login_lasts(web, sign_in, alice, page):
    sign_in(page, alice)
    assert (web.who(), web.who("/awho/")) == ("alice", "alice")


@pytest.mark.parametrize("way_out", EXITS)
def test_F31_a_logout_lasts(web, alice, way_out):
    web.force_login(alice)
    web.post(way_out)
    assert (web.who(), web.who("/awho/")) == (None, None)


def test_F32_a_user_who_is_gone(web, alice):
    web.force_login(alice)
    alice.delete()
    assert web.who() is None


@pytest.mark.parametrize("page", PAGES)
def test_F33_a_plain_login_is_fresh_and_not_remembered(web, sign_in, alice, page):
    sign_in(page, alice)
    assert web.get("/who/").json() == {"user": "alice", "method": "session", "state": "fresh", "fresh": True}
    assert set(web.cookies) <= {"sessionid", "csrftoken", *(name for name in web.cookies if "device" in name)}
    del web.cookies["sessionid"]
    assert web.who() is None


# starlite-sessions'


@pytest.mark.parametrize("page", OURS)
def test_S3_authentication_over_every_engine(web, sign_in, alice, page, engine):
    assert web.program("/secret/").status_code == 401
    sign_in(page, alice)
    assert web.program("/secret/").content == b"secret of alice"
    web.post("/ours/logout/")
    assert web.program("/secret/").status_code == 401


# Untested upstream


def before_login(who, web, sign_in, alice, bob):
    if who == "anonymous":
        web.post("/cart/", {"cart": "book"})
    else:
        sign_in("/ours/login/", alice if who == "same user" else bob)


@pytest.mark.parametrize("who", ["anonymous", "same user", "other user"])
@pytest.mark.parametrize("page", ROADS)
def test_4_4_2_a_known_key_is_dead_after_the_login(web, sign_in, alice, bob, page, who, engine):
    before_login(who, web, sign_in, alice, bob)
    known = cookie(web)
    sign_in(page, alice)
    assert web.who() == "alice"
    assert cookie(web) != known
    assert replay(web, known) is None


@pytest.mark.parametrize("page", ["/ours/confirm/", "/aours/confirm/"])
def test_4_4_2_a_known_key_is_dead_after_a_confirmation(web, sign_in, alice, page, engine, password):
    """Ours: signed cookies are the session itself; of those the older copy stays good, and as stale as it was."""
    sign_in("/given/login/", alice, fresh="0")
    known = cookie(web)
    assert web.post(page, {"password": password}).status_code == 302
    assert web.get("/who/").json()["fresh"] is True
    assert cookie(web) != known
    if not engine.endswith("_cookies"):
        assert replay(web, known) is None
    else:
        other = Web(asgi=web.asgi)
        other.cookies["sessionid"] = known
        assert other.get("/who/").json()["fresh"] is False


@pytest.mark.parametrize("way_out", EXITS)
def test_4_4_3_a_cookie_is_dead_after_the_logout(web, sign_in, alice, way_out, engine):
    """Ours: without the exception of signed cookies."""
    sign_in("/ours/login/", alice)
    known = cookie(web)
    web.post(way_out)
    assert replay(web, known) is None


class Slow(Exception):
    """A developer's own."""


@pytest.mark.parametrize("is_async", [False, True])
def test_4_4_12_guards(web, rf, alice, password, is_async):
    """Guards run after the password, sync and async ones alike, and their exception is what the caller catches."""
    asked = []

    def guard(request, user):
        asked.append(user)
        raise Slow

    async def aguard(request, user):
        guard(request, user)

    manager = LoginManager(guards=[aguard if is_async else guard])
    request = web.request_of(web.get("/who/"))
    assert not manager.login(request, "alice", "wrong")
    assert asked == []
    with pytest.raises(Slow):
        manager.login(request, "alice", password)
    assert asked == [alice]
    assert "_auth_user_id" not in request.session


def test_I33_login_guards(web, alice, password, heard):
    def guard(request, user):
        raise TooManyAttempts

    request = web.request_of(web.get("/who/"))
    with heard(user_login_failed) as calls, pytest.raises(TooManyAttempts) as caught:
        LoginManager().login(request, "alice", password, guards=[guard])
    assert isinstance(caught.value, LoginDenied)
    assert len(calls) == 1
    assert "_auth_user_id" not in request.session


@pytest.mark.parametrize("page", PAGES)
def test_4_4_24_login_and_login_again(web, sign_in, alice, page):
    """Whatever type of key the user has: the other settings projects run this, too."""
    for _ in range(2):
        sign_in(page, alice)
        assert web.who() == "alice"
        web.post("/cart/", {"cart": "book"})
    assert web.get("/cart/").json()["cart"] == "book"
    assert LoginSession.objects.filter(revoked_at=None).count() == 1


@pytest.mark.parametrize("page", ROADS)
def test_4_4_25_failed_login_leaves_the_old_session(web, sign_in, alice, bob, page, heard, engine):
    sign_in("/ours/login/", alice)
    before = cookie(web)
    with heard(user_login_failed) as calls:
        sign_in(page, bob, "wrong")
    assert [call["credentials"] for call in calls] == [{"username": "bob", "password": "*" * 20}]
    assert (web.who(), cookie(web)) == ("alice", before)


# What a login does with what was in the session


@pytest.mark.parametrize("page", ROADS)
def test_row_50_anonymous_data_is_kept(web, sign_in, alice, page, engine):
    web.post("/cart/", {"cart": "book"})
    sign_in(page, alice)
    assert web.get("/cart/").json() == {"cart": "book", "colour": "green"}


@pytest.mark.parametrize("page", ROADS)
def test_row_50_anonymous_data_is_flushed(web, sign_in, alice, page, engine, settings):
    settings.SESSIONAUTH_FLUSH_ON_LOGIN = True
    settings.SESSIONAUTH_PRESERVE_SESSION_KEYS = ["cart", "_auth_user_id", "_sessionauth"]
    web.post("/cart/", {"cart": "book"})
    sign_in(page, alice)
    assert web.get("/cart/").json() == {"cart": "book", "colour": None}
    assert web.who() == "alice"
    web.post("/cart/", {"cart": "pen"})
    sign_in(page, alice)
    assert web.get("/cart/").json() == {"cart": "pen", "colour": "green"}


@pytest.mark.parametrize("page", ROADS)
def test_row_50_the_same_users_data_is_no_anonymous_data(web, sign_in, alice, page, engine, settings):
    settings.SESSIONAUTH_FLUSH_ON_LOGIN = True
    sign_in("/ours/login/", alice)
    web.post("/cart/", {"cart": "pen"})
    sign_in(page, alice)
    assert web.get("/cart/").json() == {"cart": "pen", "colour": "green"}


@pytest.mark.parametrize("page", ROADS)
def test_row_50_what_survives_another_users_session(web, sign_in, alice, bob, page, engine, settings):
    settings.SESSIONAUTH_PRESERVE_SESSION_KEYS = ["cart", "_auth_user_id", "_sessionauth"]
    sign_in("/ours/login/", bob)
    web.post("/cart/", {"cart": "book"})
    sign_in(page, alice)
    assert web.who() == "alice"
    assert web.get("/cart/").json() == {"cart": "book", "colour": None}
    assert not LoginSession.objects.filter(user=bob, revoked_at=None).exists()


@pytest.mark.parametrize("page", ROADS)
def test_row_49_another_users_data_is_gone(web, sign_in, alice, bob, page, engine):
    sign_in("/ours/login/", bob)
    web.post("/cart/", {"cart": "book"})
    sign_in(page, alice)
    assert web.get("/cart/").json() == {"cart": None, "colour": None}


@pytest.mark.parametrize("forwarded", ["10.1.2.3", "10.1.2.3, 10.9.9.9"])
def test_F46_F47_forwarded_addresses(web, sign_in, alice, forwarded, settings):
    """Ours: without a trusted proxy the header is never read, so neither of its values signs anybody out."""
    settings.SESSIONAUTH_SESSION_PROTECTION = "strong"
    sign_in("/ours/login/", alice)
    for value in (forwarded, "192.0.2.77"):
        assert web.who(x_forwarded_for=value) == "alice"


@pytest.mark.parametrize("page", OURS)
def test_4_4_1_a_password_change_ends_the_other_sessions(web, sign_in, alice, page, engine, password):
    here, there = web, Web(asgi=web.asgi)
    there.post(page, {"username": "alice", "password": password})
    sign_in(page, alice)
    here.post("/new-password/", {"password": "another password of hers"})
    assert (here.who(), there.who()) == ("alice", None)


@pytest.mark.parametrize("page", OURS)
def test_4_4_6_strong_protection_leaves_the_remembered(web, sign_in, alice, page, engine, settings):
    settings.SESSIONAUTH_SESSION_PROTECTION = "strong"
    sign_in(page, alice, remember="yes")
    del web.cookies["sessionid"]
    assert [web.who() for _ in range(3)] == ["alice"] * 3
    assert web.get("/who/").json()["fresh"] is False
