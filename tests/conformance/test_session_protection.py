"""Flask-Login's session protection (F62 to F73), and what it got wrong (W-F2 to W-F5, items 6 to 8 of 4.4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sessionauth import signals
from sessionauth.models import APIKey, LoginSession
from sessionauth.sessions import kept
from tests.conformance.web import Web

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.conformance.urls")]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
CURL = "curl/8.5.0"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def protect(settings):
    def protect(mode):
        settings.SESSIONAUTH_SESSION_PROTECTION = mode

    return protect


def log_in(web, **options):
    return web.post("/login/", {"username": "alice", "password": options.pop("password")}, **options)


def told(web, path="/who/", agent=FIREFOX, **options):
    """Return (name, fresh) as the site tells a browser that says it is `agent`."""
    answer = web.get(path, headers={"User-Agent": agent, **options}).json()
    return answer["user"], answer["fresh"]


@pytest.fixture
def browser(web, alice, password) -> Web:
    """Alice's Firefox."""
    log_in(web, password=password, headers={"User-Agent": FIREFOX})
    return web


@pytest.mark.parametrize("path", ["/who/", "/awho/"])
@pytest.mark.parametrize("mode", ["basic", "strong"])
def test_F63_F64_same_client__stays_in_and_fresh(mode, path, browser, protect, heard):
    protect(mode)
    with heard(signals.session_protected) as protected:
        assert [told(browser, path) for _ in range(3)] == [("alice", True)] * 3
    assert protected == []


def test_F65_F66_basic__other_client_is_known_and_stale_for_good(browser, alice, heard, protect, engine):
    protect("basic")
    with heard(signals.session_protected) as protected:
        assert [told(browser, agent=CURL) for _ in range(2)] == [("alice", False)] * 2
    assert [(call["user"], call["mode"]) for call in protected] == [(alice, "basic")]
    assert "request" in protected[0]
    # Whoever it was, nobody gets the freshness back without proving who they are; not the first browser either.
    assert told(browser) == ("alice", False)


@pytest.fixture(params=["db", "cached_db", "signed_cookies"])
def engine(request, settings):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{request.param}"


@pytest.mark.parametrize("mode", ["basic", "strong"])
def test_F67_F68_session_lost__nothing_is_judged(mode, browser, protect, heard):
    protect(mode)
    browser.cookies.clear()
    with heard(signals.session_protected) as protected:
        assert told(browser, agent=CURL) == (None, False)
    assert protected == []


def test_F69_F70_strong__ends_permanent_sessions_as_well(browser, protect, heard, settings):
    """Ours: Flask-Login falls back to basic without a word where a session outlives the browser."""
    protect("strong")
    settings.SESSION_EXPIRE_AT_BROWSER_CLOSE = False
    session = browser.session
    session.set_expiry(timedelta(days=300))
    session.save()
    with heard(signals.session_protected) as protected:
        assert told(browser, agent=CURL) == (None, False)
    assert [call["mode"] for call in protected] == ["strong"]


@pytest.mark.parametrize("path", ["/who/", "/awho/"])
def test_F71_F72_strong__other_client_ends_the_session(path, alice, password, protect, heard, engine, web):
    """Ours: all of it, and for the first browser too; a copy of the cookie is worth nothing."""
    protect("strong")
    log_in(web, password=password, headers={"User-Agent": FIREFOX})
    copy = web.cookies["sessionid"].value
    with heard(signals.session_protected) as protected:
        assert told(web, path, agent=CURL) == (None, False)
    assert [(call["user"], call["mode"]) for call in protected] == [(alice, "strong")]
    assert web.cookies["sessionid"].value == ""
    web.cookies["sessionid"] = copy
    assert told(web, path) == (None, False)
    assert LoginSession.objects.get().revoked_reason == "protection"


@pytest.mark.parametrize("mode", ["basic", "strong"])
def test_F73_other_address__is_that_of_the_connection(mode, browser, protect, monkeypatch):
    protect(mode)
    assert told(browser, **{"X-Forwarded-For": "203.0.113.9"}) == ("alice", True)
    if browser.asgi:
        scope = browser.client._base_scope
        monkeypatch.setattr(
            browser.client, "_base_scope", lambda **more: scope(**more) | {"client": ["203.0.113.9", 0]}
        )
    else:
        browser.client.defaults["REMOTE_ADDR"] = "203.0.113.9"
    assert told(browser) == (("alice" if mode == "basic" else None), False)


def test_mode_none__judges_nobody(browser, protect, heard):
    protect(None)
    with heard(signals.session_protected) as protected:
        assert told(browser, agent=CURL) == ("alice", True)
    assert protected == []


@pytest.mark.parametrize("mode", ["basic", "strong"])
def test_unbound__is_bound_on_first_use(mode, browser, protect):
    """A session from before the mode was set signs nobody out, and is judged from then on."""
    session = browser.session
    session[kept.KEY] = {name: value for name, value in kept.own(session).items() if name != "fp"}
    session.save()
    protect(mode)
    assert told(browser, agent=CURL) == ("alice", True)
    assert told(browser, agent=FIREFOX) == (("alice" if mode == "basic" else None), False)


def broken(request):
    raise LookupError("nothing known")


@pytest.mark.parametrize(("mode", "name"), [("basic", "alice"), ("strong", None)])
def test_fingerprint_that_fails__lets_nobody_pass_and_ends_nothing(mode, name, browser, protect, settings):
    protect(mode)
    settings.SESSIONAUTH_FINGERPRINT = "tests.conformance.test_session_protection.broken"
    assert told(browser) == (name, False)
    settings.SESSIONAUTH_FINGERPRINT = None
    assert told(browser) == ("alice", True)


# 4.4


@pytest.mark.parametrize("path", ["/who/", "/awho/"])
def test_4_4_7_anonymous_session_data_is_never_judged(web, alice, protect, heard, path):
    protect("strong")
    session = web.session
    session["cart"] = [1]
    session.save()
    web.cookies["sessionid"] = session.session_key
    _, secret = APIKey.objects.issue(user=alice)
    with heard(signals.session_protected) as protected:
        told(web, path, agent=FIREFOX)
        told(web, path, agent=CURL)
        assert told(web, path, agent=CURL, **{"X-Api-Key": secret}) == ("alice", False)
    assert (protected, web.session["cart"]) == ([], [1])


@pytest.mark.parametrize("mode", ["basic", "strong"])
def test_4_4_7_programs_credentials_beside_a_session_are_not_judged(browser, alice, protect, heard, mode):
    protect(mode)
    _, secret = APIKey.objects.issue(user=alice)
    with heard(signals.session_protected) as protected:
        assert told(browser, agent=CURL, **{"X-Api-Key": secret}) == ("alice", False)
    assert protected == []
    assert told(browser) == ("alice", True)
