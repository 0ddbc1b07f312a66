"""Session protection and timeouts where there is trouble, where a remember cookie is at hand, and what they cost."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from django.test import Client
from django.urls import path

from sessionauth.models import LoginSession, RememberToken
from sessionauth.sessions import kept
from tests.asking import Sent, ask, counted
from tests.attacks.browsers import COOKIE, cookie_of, engine, old_session, sign_in, store  # noqa: F401
from tests.attacks.trouble import atomic_requests, read_only
from tests.contracts import who
from tests.project.ways_urls import urlpatterns as project

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls")]


def fails(request):
    """A view that looks at the user, and then fails: its transaction is taken back, and its session is not saved."""
    assert request.user.is_authenticated
    raise RuntimeError


urlpatterns = [*project, path("fails/", fails)]

OTHER = {"User-Agent": "curl/8.5.0"}
OURS = "sessionauth.middleware.AuthenticationMiddleware"
DJANGOS = "django.contrib.auth.middleware.AuthenticationMiddleware"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture(params=[False, True], ids=["", "atomic"])
def atomic(request):
    with atomic_requests() if request.param else nullcontext():
        yield


def told(cookie, way="wsgi", path="/tell/", headers=OTHER):
    answer = ask(way, path, Sent(headers, {COOKIE: cookie}))
    assert answer.status == 200
    found = who(answer)
    return found["user"], found["state"]


@pytest.mark.parametrize(("mode", "expected"), [("basic", ("alice", "stale")), ("strong", (None, "anonymous"))])
@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_read_only__judges_all_the_same(way, mode, expected, engine, alice, password, settings, atomic):  # noqa: F811
    settings.SESSIONAUTH_SESSION_PROTECTION = mode
    cookie = cookie_of(sign_in(alice, password))
    with read_only():
        assert [told(cookie, way) for _ in range(2)] == [expected] * 2


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_read_only__binds_nobody_and_signs_nobody_out(way, engine, alice, settings, atomic):  # noqa: F811
    settings.SESSIONAUTH_SESSION_PROTECTION = "strong"
    cookie = old_session(alice)
    with read_only():
        assert [told(cookie, way)[0] for _ in range(2)] == ["alice"] * 2


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_read_only__ends_what_is_over(way, engine, alice, password, settings, atomic):  # noqa: F811
    settings.SESSIONAUTH_IDLE_TIMEOUT = 1000
    cookie = cookie_of(sign_in(alice, password))
    LoginSession.objects.update(last_seen_at="2026-01-01T00:00Z")
    with read_only():
        assert [told(cookie, way, headers={})[0] for _ in range(2)] == [None] * 2


@pytest.mark.parametrize("trouble", [RuntimeError, OSError])
def test_store_that_fails__makes_no_500(trouble, alice, password, settings, monkeypatch):
    """The cache is down when the session is to be bound, or made stale."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    cookie = cookie_of(sign_in(alice, password))

    def fail(*args, **kwargs):
        raise trouble

    monkeypatch.setattr("django.contrib.sessions.backends.cache.SessionStore.save", fail)
    assert [told(cookie) for _ in range(2)] == [("alice", "stale")] * 2


@pytest.mark.parametrize("path", ["/fails/", "/tell/"])
def test_view_that_fails__gives_no_freshness_back(path, engine, alice, password, atomic, settings):  # noqa: F811
    settings.ROOT_URLCONF = "tests.attacks.test_protection"
    browser = sign_in(alice, password)
    browser.raise_request_exception = False
    for _ in range(2):
        browser.get(path, headers=OTHER)
    answer = browser.get("/tell/", headers=OTHER)
    assert answer.json()["state"] == "stale"


def test_view_that_fails__does_not_revive_what_was_ended(engine, alice, password, atomic, settings):  # noqa: F811
    settings.ROOT_URLCONF = "tests.attacks.test_protection"
    settings.SESSIONAUTH_SESSION_PROTECTION = "strong"
    browser = sign_in(alice, password)
    copy = cookie_of(browser)
    browser.raise_request_exception = False
    assert browser.get("/fails/", headers=OTHER).status_code == 500
    assert LoginSession.objects.get().revoked_reason == "protection"
    assert told(copy, headers={}) == (None, "anonymous")


def test_strong__does_not_let_the_remembered_browser_in_instead(alice, password, settings, atomic):
    """Who came with the session came with the remember cookie as well."""
    settings.ROOT_URLCONF = "tests.conformance.sign_in_urls"
    settings.SESSIONAUTH_SESSION_PROTECTION = "strong"
    settings.SESSIONAUTH_AUTHENTICATORS = [
        f"sessionauth.authenticators.{name}"
        for name in ("session.SessionAuthenticator", "remember.RememberAuthenticator")
    ]
    browser = Client()
    browser.post("/ours/login/", {"username": "alice", "password": password, "remember": "yes"})
    assert RememberToken.objects.filter(revoked_at=None).count() == 1
    copies = dict(browser.cookies)
    for _ in range(2):
        assert browser.get("/who/", headers=OTHER).json()["user"] is None
        browser.cookies.update(copies)
    assert browser.get("/who/").json()["user"] is None
    assert RememberToken.objects.get().revoked_reason == "protection"


@pytest.mark.parametrize("age", ["listed", "earlier"])
def test_everything_on__costs_no_more_than_djangos(age, engine, alice, password, settings):  # noqa: F811
    """Strong protection, both timeouts, a number of sessions: a request reads what Django reads, and writes nothing."""
    settings.SESSIONAUTH_SESSION_PROTECTION = "strong"
    settings.SESSIONAUTH_IDLE_TIMEOUT, settings.SESSIONAUTH_ABSOLUTE_TIMEOUT = 3600, 36000
    settings.SESSIONAUTH_MAX_SESSIONS = 2
    browser = Client()
    browser.cookies[COOKIE] = cookie_of(sign_in(alice, password)) if age == "listed" else old_session(alice)
    for _ in range(3):
        browser.get("/whoami/")
    with counted() as ours:
        assert browser.get("/whoami/").json()["user"]
    settings.MIDDLEWARE = [DJANGOS if one == OURS else one for one in settings.MIDDLEWARE]
    with counted() as theirs:
        assert browser.get("/whoami/").json()["user"]
    assert len(ours) <= len(theirs) == (2 if engine == "db" else 1)


def test_session__is_written_once_to_be_bound_and_not_again(alice, settings):
    browser = Client()
    browser.cookies[COOKIE] = old_session(alice)
    writes = []
    for _ in range(3):
        with counted() as statements:
            assert not browser.get("/whoami/").cookies
        writes.append(sum("django_session" in sql and sql.startswith("UPDATE") for sql in statements))
    assert writes == [1, 0, 0]
    assert set(kept.own(store(browser.cookies[COOKIE].value))) == {"fp"}
