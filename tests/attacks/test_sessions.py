"""What a stolen, copied, forged or outlived session cookie is worth, with every session engine."""

from __future__ import annotations

import pytest
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model, login
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpResponse
from django.test import Client, RequestFactory

from sessionauth import logout_everywhere
from sessionauth.middleware import AuthenticationMiddleware
from sessionauth.models import LoginSession
from sessionauth.sessions import registry
from tests.asking import Sent, ask
from tests.attacks.browsers import (
    COOKIE,
    change,
    cookie_of,
    engine,  # noqa: F401 - a fixture
    row_of,
    sign_in,
    store,
    user_of,
)
from tests.contracts import MODEL_BACKEND, signed_in_browser

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls"), pytest.mark.usefixtures("engine")]

WAYS = [("wsgi", "/tell/"), ("asgi", "/atell/")]
BACKENDS = [MODEL_BACKEND, "sessionauth.backends.SessionAuthBackend"]
#: Where the row is a query of its own.
OWN = "tests.attacks.test_trouble.OwnBackend"
LOADER = "tests.attacks.test_trouble.loader"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def browser(alice, password):
    return sign_in(alice, password)


@pytest.mark.parametrize(("way", "view"), WAYS)
def test_revoke__signs_that_browser_out_on_its_next_request_and_no_other(way, view, alice, browser, password):
    other = sign_in(alice, password)
    cookies = [cookie_of(browser), cookie_of(other)]
    assert [user_of(cookie, way, view) for cookie in cookies] == ["alice", "alice"]
    registry.revoke(LoginSession.objects.earliest("pk"), "lost")
    assert [user_of(cookie, way, view) for cookie in cookies] == [None, "alice"]
    assert [user_of(cookie, way, view) for cookie in cookies] == [None, "alice"]


def test_revoke_all__may_spare_the_browser_in_hand(alice, browser, password):
    other = sign_in(alice, password)
    registry.revoke_all(alice, "lost", keep=row_of(alice))
    assert (user_of(cookie_of(browser)), user_of(cookie_of(other))) == (None, "alice")


def test_logout_everywhere__ends_every_browser(alice, browser, password):
    other = sign_in(alice, password)
    logout_everywhere(alice)
    assert (user_of(cookie_of(browser)), user_of(cookie_of(other))) == (None, None)
    assert user_of(cookie_of(sign_in(alice, password))) == "alice"


@pytest.mark.parametrize(("way", "view"), WAYS)
def test_logout__makes_a_copy_of_the_cookie_worthless(way, view, browser):
    stolen = cookie_of(browser)
    assert user_of(stolen, way, view) == "alice"
    browser.post("/logout/")
    assert user_of(stolen, way, view) is None


def test_logout__of_one_browser_leaves_the_others(alice, browser, password):
    other = sign_in(alice, password)
    browser.post("/logout/")
    assert user_of(cookie_of(other)) == "alice"
    assert sorted(LoginSession.objects.values_list("revoked_reason", flat=True)) == ["", "logout"]


def test_login__of_somebody_else_in_the_same_browser_ends_the_first(alice, make_user, browser, password, settings):
    stolen = cookie_of(browser)
    browser.post("/login/", {"username": make_user("bob").get_username(), "password": password})
    assert user_of(cookie_of(browser)) == "bob"
    assert user_of(stolen) is None
    # Where the session was on the server, Django's login() has deleted it, and with it the name of its row.
    assert row_of(alice).is_revoked or not settings.SESSION_ENGINE.endswith("_cookies")


def test_login__of_somebody_else_ends_the_row_that_was_seen(alice, make_user, browser):
    bob = make_user("bob")

    def view(request):
        assert request.user == alice
        login(request, bob, MODEL_BACKEND)
        return HttpResponse()

    request = RequestFactory().get("/")
    request.COOKIES[COOKIE] = cookie_of(browser)
    SessionMiddleware(AuthenticationMiddleware(view))(request)
    assert row_of(alice).revoked_reason == "superseded"
    assert not row_of(bob).is_revoked


def test_login__again_takes_the_place_of_the_first(alice, browser, password):
    stolen = cookie_of(browser)
    browser.post("/login/", {"username": "alice", "password": password})
    assert user_of(cookie_of(browser)) == "alice"
    assert LoginSession.objects.filter(revoked_at=None).count() == 1
    # Where the session is on the server its key stays, as in Django; a cookie that is a session is another one now.
    assert user_of(stolen) == ("alice" if stolen == cookie_of(browser) else None)


def test_login__gives_a_new_key_to_whoever_had_planted_one(alice, password):
    planted = store()
    planted["cart"] = 1
    planted.save()
    victim = Client()
    victim.cookies[COOKIE] = planted.session_key
    victim.post("/login/", {"username": "alice", "password": password})
    assert user_of(cookie_of(victim)) == "alice"
    assert user_of(planted.session_key) is None


@pytest.mark.parametrize("sid", ["x" * 32, "", "' OR 1=1", "x" * 5000, "\0", 1, 0, [], {"a": 1}, True])
def test_sid__that_was_never_given_ends_the_session(sid, browser):
    forged = change(cookie_of(browser), _sessionauth={"sid": sid, "auth_at": 0})
    answer = ask("wsgi", "/tell/", Sent(cookies={COOKIE: forged}))
    assert b'"user": null' in answer.body
    assert f'{COOKIE}=""' in answer.header("Set-Cookie")


@pytest.mark.parametrize("backend", [*BACKENDS, OWN, LOADER])
def test_sid__of_somebody_else_ends_the_session(backend, alice, make_user, settings):
    if backend == LOADER:
        settings.SESSIONAUTH_USER_LOADER = LOADER
        backend = MODEL_BACKEND
    settings.AUTHENTICATION_BACKENDS = [*BACKENDS, OWN]
    bob = make_user("bob")
    signed_in_browser(bob)
    cookie = signed_in_browser(alice, backend)[COOKIE]
    forged = change(cookie, _sessionauth={"sid": row_of(bob).sid})
    assert user_of(forged) is None
    assert not row_of(bob).is_revoked


@pytest.mark.parametrize("backend", BACKENDS)
def test_user_id__of_somebody_else_is_worth_nothing(backend, alice, make_user):
    bob = make_user("bob")
    cookie = signed_in_browser(alice, backend)[COOKIE]
    forged = change(cookie, **{SESSION_KEY: str(bob.pk)})
    assert user_of(forged) is None
    forged = change(cookie, **{SESSION_KEY: str(bob.pk), HASH_SESSION_KEY: bob.get_session_auth_hash()})
    assert user_of(forged) is None  # the sid is still alice's


@pytest.mark.parametrize("session_hash", [None, "", "x" * 64, 0, []])
def test_session_hash__wrong_or_missing_ends_the_session(session_hash, browser):
    assert user_of(change(cookie_of(browser), **{HASH_SESSION_KEY: session_hash})) is None


def test_row__that_was_deleted_ends_the_session(browser):
    LoginSession.objects.all().delete()
    assert user_of(cookie_of(browser)) is None


def test_password_change__ends_other_browsers_and_keeps_this_one(alice, browser, password):
    other = sign_in(alice, password)
    fields = {"old_password": password, "new_password1": "another good one", "new_password2": "another good one"}
    alice.is_staff = True
    alice.save()
    assert browser.post("/admin/password_change/", fields).status_code == 302
    assert (user_of(cookie_of(browser)), user_of(cookie_of(other))) == ("alice", None)
    assert sorted(LoginSession.objects.values_list("revoked_reason", flat=True)) == ["", "password changed"]


def test_password_change__and_back_does_not_revive(alice, browser, password):
    before = alice.password
    alice.set_password("another")
    alice.save()
    assert user_of(cookie_of(browser)) is None
    get_user_model().objects.update(password=before)
    assert user_of(cookie_of(browser)) is None


def test_secret_key__may_be_rotated_and_nobody_is_signed_out(browser, settings):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10
    assert browser.get("/tell/").json()["user"] == "alice"
    settings.SECRET_KEY_FALLBACKS = []
    assert browser.get("/tell/").json()["user"] == "alice"
    assert LoginSession.objects.filter(revoked_at=None).count() == 1


def test_secret_key__rotation_revives_nothing(alice, browser, settings):
    registry.revoke_all(alice)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10
    assert user_of(cookie_of(browser)) is None


def test_secret_key__that_was_replaced_ends_all(browser, settings):
    settings.SECRET_KEY = "another" * 10
    assert user_of(cookie_of(browser)) is None


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("way", "view"), WAYS)
def test_deactivated__is_out_and_stays_out(way, view, backend, alice):
    cookie = signed_in_browser(alice, backend)[COOKIE]
    users = type(alice).objects.filter(pk=alice.pk)
    users.update(is_active=False)
    assert user_of(cookie, way, view) is None
    users.update(is_active=True)
    assert user_of(cookie, way, view) is None


@pytest.mark.parametrize("backend", BACKENDS)
def test_deleted__leaves_an_empty_session(backend, alice):
    browser = Client()
    browser.force_login(alice, backend=backend)
    session = browser.session
    session["cart"] = 1
    session.save()
    browser.cookies[COOKIE] = session.session_key
    alice.delete()
    answer = ask("wsgi", "/tell/", Sent(cookies={COOKIE: cookie_of(browser)}))
    assert b'"user": null' in answer.body
    assert f'{COOKIE}=""' in answer.header("Set-Cookie")


def test_backend_that_is_no_longer_there__is_nobodys_and_comes_back(browser, settings):
    settings.AUTHENTICATION_BACKENDS = ["sessionauth.backends.SessionAuthBackend"]
    assert user_of(cookie_of(browser)) is None
    settings.AUTHENTICATION_BACKENDS = [MODEL_BACKEND]
    assert user_of(cookie_of(browser)) == "alice"


def test_backend_in_the_session__is_the_one_that_verified(browser):
    assert browser.session["_auth_user_backend"] == MODEL_BACKEND
