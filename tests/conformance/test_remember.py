"""Flask-Login's tests of its remember cookie, what it got wrong (W-F1 to W-F9), and rows 62 to 71 of the features."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks
from django.http import HttpResponse
from django.utils import timezone

from sessionauth import LoginManager, signals
from sessionauth.models import APIKey, LoginSession, RememberToken
from sessionauth.sessions import remember, remember_cookie
from tests.asking import counted
from tests.remembering import NOBODY, Browser, age, restored

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.conformance.sign_in_urls")]

DAY = timedelta(days=1)


@pytest.fixture(params=["wsgi", "asgi"])
def web(request, db):
    return Browser(asgi=request.param == "asgi")


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def remembered(web, alice, password) -> Browser:
    """The browser in which alice has signed in with the box ticked."""
    web.sign_in(alice, password)
    return web


def ends_in(morsel) -> timedelta:
    """Return after how long the browser is to forget a cookie."""
    return parsedate_to_datetime(morsel["expires"]) - datetime.now(UTC)


def is_about(found: timedelta, expected: timedelta) -> bool:
    return abs(found - expected) < timedelta(seconds=10)


# Flask-Login


def test_F34_remember_me(remembered, engine):
    assert remembered.tell() == {"user": "alice", "method": "session", "state": "fresh", "fresh": True}
    assert remembered.come_back() == restored("alice")
    assert remembered.tell() == restored("alice", "session")


def test_F34_remember_me_over_async_views(remembered):
    assert remembered.come_back("/awho/") == restored("alice")
    assert remembered.tell("/awho/") == restored("alice", "session")


def test_F35_remember_me_with_a_duration_of_its_own(web, alice, password):
    web.sign_in(alice, password, remember="hour")
    assert is_about(RememberToken.objects.get().expires_at - timezone.now(), timedelta(hours=1))
    assert web.come_back() == restored("alice")


def test_F36_cookie_attributes_from_the_settings(web, alice, password, settings):
    settings.SESSIONAUTH_REMEMBER_COOKIE_NAME = "mypants"
    settings.SESSIONAUTH_REMEMBER_COOKIE_DOMAIN = "testserver"
    settings.SESSIONAUTH_REMEMBER_COOKIE_PATH = "/who"
    settings.SESSIONAUTH_REMEMBER_AGE = 7 * DAY
    morsel = web.sign_in(alice, password).cookies["mypants"]
    assert (morsel["domain"], morsel["path"]) == ("testserver", "/who")
    assert is_about(ends_in(morsel), 7 * DAY)


def test_F37_duration_of_the_login_beats_the_setting(web, alice, password, settings):
    settings.SESSIONAUTH_REMEMBER_AGE = 7 * DAY
    morsel = web.sign_in(alice, password, remember="minute").cookies["sessionauth_remember"]
    assert is_about(ends_in(morsel), timedelta(minutes=1))


def test_F38_setting_in_seconds(web, alice, password, settings):
    settings.SESSIONAUTH_REMEMBER_AGE = 172800
    morsel = web.sign_in(alice, password).cookies["sessionauth_remember"]
    assert is_about(ends_in(morsel), 2 * DAY)


@pytest.mark.parametrize("value", ["123", 1.5, None, True])
def test_F39_F41_setting_that_is_no_time(settings, value):
    """Ours: `manage.py check` says so, naming the setting and the value; no request has to fail first."""
    settings.SESSIONAUTH_REMEMBER_AGE = value
    [error] = [message for message in run_checks(tags=["sessionauth"]) if message.id == "sessionauth.E002"]
    assert "SESSIONAUTH_REMEMBER_AGE" in error.msg
    assert repr(value) in error.msg


@pytest.mark.parametrize("value", ["123", 1.5, object])
def test_F40_F42_duration_of_a_login_that_is_no_time(value, rf, alice, password):
    """Ours: a TypeError that names the value, before anybody is signed in."""
    with pytest.raises(TypeError, match=re.escape(repr(value))):
        LoginManager().login(rf.post("/"), "alice", password, remember=value)
    with pytest.raises(TypeError, match=re.escape(repr(value))):
        remember.issue(rf.post("/"), alice, age=value)


def test_F43_no_sliding(remembered):
    before = RememberToken.objects.get().expires_at
    RememberToken.objects.update(created_at=timezone.now() - DAY)
    assert remembered.come_back() == restored("alice")
    assert RememberToken.objects.get().expires_at == before


def test_F44_sliding(remembered, settings):
    settings.SESSIONAUTH_REMEMBER_SLIDING = True
    moved = timezone.now() - 10 * DAY
    RememberToken.objects.update(created_at=moved, expires_at=moved + 30 * DAY)
    for _ in range(2):
        assert remembered.come_back() == restored("alice")
        assert is_about(RememberToken.objects.get().expires_at - timezone.now(), 30 * DAY)
        assert is_about(ends_in(remembered.cookies["sessionauth_remember"]), 30 * DAY)
        age(RememberToken.objects.get(), days=0)


def test_F45_restored_is_not_fresh(remembered, settings):
    settings.SESSIONAUTH_CONFIRM_URL = "our_confirm"
    assert remembered.come_back()["fresh"] is False
    assert remembered.get("/fresh/")["Location"] == "/ours/confirm/?next=/fresh/"


def test_F48_signal_of_the_cookie(remembered, alice, heard):
    remembered.lose_session()
    with heard(signals.remember_token_used) as used, heard(signals.user_loaded) as loaded:
        remembered.tell()
    [call] = used
    assert (call["sender"], call["user"], call["token"]) == (type(alice), alice, RememberToken.objects.get())
    assert [(call["user"], call["method"]) for call in loaded] == [(alice, "remember")]


@pytest.mark.parametrize("remember", ["yes", "hour"])
def test_F50_F51_logout_forgets(web, alice, password, remember, engine):
    web.sign_in(alice, password, remember=remember)
    answer = web.post("/aours/logout/" if web.asgi else "/ours/logout/")
    assert answer.cookies["sessionauth_remember"].value == ""
    assert web.tell() == web.come_back() == NOBODY


def test_F59_confirmed_stays_remembered(remembered, password):
    remembered.come_back()
    value = remembered.value
    remembered.post("/aours/confirm/" if remembered.asgi else "/ours/confirm/", {"password": password})
    assert remembered.tell() == {"user": "alice", "method": "session", "state": "fresh", "fresh": True}
    assert (remembered.value, LoginSession.objects.latest("pk").restored) == (value, True)
    assert remembered.come_back() == restored("alice")


def test_F62_garbage_in_cookie_and_session(web, alice):
    web.value = "foo"
    web.cookies["sessionid"] = ""
    assert web.tell() == NOBODY
    assert web.value == ""


@pytest.mark.parametrize("mode", [None, "basic", "strong"])
def test_F67_F68_restored_under_session_protection(remembered, mode, settings, heard):
    """Item 6 of 4.4, W-F2: theirs is signed out by the second request."""
    settings.SESSIONAUTH_SESSION_PROTECTION = mode
    with heard(signals.session_protected) as protected:
        assert remembered.come_back() == restored("alice")
        assert [remembered.tell() for _ in range(3)] == [restored("alice", "session")] * 3
    assert protected == []


def test_F105_F106_name_that_is_not_ascii(web, make_user, password):
    web.sign_in(make_user("Ren\u00e9e"), password)
    assert web.value.isascii()
    assert web.come_back() == restored("Ren\u00e9e")


# What theirs got wrong


def test_W_F1_every_browser_has_its_own_value(remembered, alice, password):
    other = Browser(asgi=remembered.asgi)
    other.sign_in(alice, password)
    assert remembered.value != other.value
    before = remembered.value
    remembered.come_back()
    assert remembered.value != before


def test_W_F1_no_row_opens_anything(remembered):
    token = RememberToken.objects.get()
    for digest in (token.digest, token.session_digest):
        assert digest not in remembered.value
        assert Browser().with_value(f"{token.selector}.{digest[:43]}").tell() == NOBODY
    assert remembered.value.partition(".")[2] not in str(RememberToken.objects.values())


def test_W_F9_sliding_remembers_nobody_who_did_not_ask(web, alice, password, settings):
    settings.SESSIONAUTH_REMEMBER_SLIDING = True
    web.sign_in(alice, password, remember="")
    web.tell()
    assert "sessionauth_remember" not in web.cookies


# Rows of the features


def test_row_62_names(settings):
    assert remember_cookie.name() == "sessionauth_remember"
    settings.SESSION_COOKIE_SECURE = True
    assert remember_cookie.name() == "__Host-sessionauth_remember"
    settings.SESSION_COOKIE_DOMAIN = ".example.com"
    assert remember_cookie.name() == "sessionauth_remember"
    settings.SESSIONAUTH_REMEMBER_COOKIE_DOMAIN = ""
    assert remember_cookie.name() == "__Host-sessionauth_remember"
    settings.SESSIONAUTH_REMEMBER_COOKIE_PATH = "/app/"
    assert remember_cookie.name() == "sessionauth_remember"


def test_row_64_expiry_is_the_servers(remembered):
    RememberToken.objects.update(expires_at=timezone.now())
    assert remembered.come_back() == NOBODY


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("same_site", ["Lax", "Strict"])
def test_row_65_deleted_with_the_attributes_it_was_set_with(secure, same_site, settings, alice, password):
    settings.SESSION_COOKIE_SECURE = secure
    settings.SESSION_COOKIE_SAMESITE = same_site
    browser = Browser()
    name = "__Host-sessionauth_remember" if secure else "sessionauth_remember"
    given = browser.sign_in(alice, password).cookies[name]
    taken = browser.post("/ours/logout/").cookies[name]
    for attribute in ("path", "domain", "secure", "httponly", "samesite"):
        assert taken[attribute] == given[attribute]
    assert (given["secure"], given["samesite"], given["httponly"]) == ("" if not secure else True, same_site, True)
    assert (taken.value, taken["max-age"]) == ("", 0)


def test_row_65_cookie_is_short():
    """ASVS 3.3.5; the browser keeps at most 4096 bytes, and ours is far below."""
    token = RememberToken(selector="s" * 22, expires_at=timezone.now() + DAY)
    response = HttpResponse()
    remember_cookie.set_on(response, token, "v" * 43)
    assert len(response.cookies["sessionauth_remember"].OutputString()) < 250


def test_row_67_new_secret_key_forgets_nobody(remembered, settings):
    """The value is random and needs no signature; what it is bound to knows the fallbacks."""
    settings.SECRET_KEY_FALLBACKS = [django_settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10
    assert remembered.come_back() == restored("alice")
    settings.SECRET_KEY_FALLBACKS = []
    assert remembered.come_back() == restored("alice")


def test_row_68_restored_is_no_login(remembered, alice):
    """`last_login` stays: nobody has proved anything, and links to reset a password must not die of it."""
    alice.refresh_from_db()
    before = alice.last_login
    remembered.come_back()
    alice.refresh_from_db()
    assert alice.last_login == before


def test_row_69_credential(remembered):
    remembered.lose_session()
    auth = remembered.auth()
    assert auth.credential == LoginSession.objects.latest("pk")
    assert auth.credential.remember_token == RememberToken.objects.get()
    assert (auth.credential.restored, auth.authenticated_at) == (True, None)


# 4.4


def test_4_4_4_a_used_value_is_theft(remembered, heard):
    used = remembered.value
    remembered.come_back()
    remembered.tell()
    age(RememberToken.objects.get(), minutes=2)
    with heard(signals.remember_token_stolen) as stolen:
        assert remembered.with_value(used).tell() == NOBODY
    assert [call["token"].revoked_reason for call in stolen] == ["theft"]


def test_4_4_5_another_user_without_the_box(remembered, make_user, password):
    """Row 70, W-F8."""
    remembered.sign_in(make_user("bob"), password, remember="")
    assert remembered.tell()["user"] == "bob"
    assert remembered.come_back() == NOBODY


@pytest.mark.parametrize("value", ["garbage", "a" * 22 + "." + "b" * 43])
def test_4_4_10_wrong_cookie_beside_a_good_key(value, web, make_user):
    """Row 71, W-F7: it shadows nobody. It is taken back at once where its form shows it, else when it is looked at."""
    _, secret = APIKey.objects.issue(user=make_user("robot"))
    web.value = value
    assert web.who(x_api_key=secret) == "robot"
    assert (web.value == "") is (value == "garbage")
    assert web.who() is None
    assert web.value == ""


def test_4_4_10_wrong_cookie_beside_a_good_session(alice, password):
    web = Browser()
    web.sign_in(alice, password, remember="")
    web.value = "garbage"
    assert web.tell()["user"] == "alice"


@pytest.mark.every_project
def test_4_4_24_keys_of_every_type(make_user, password):
    browser = Browser()
    user = make_user("alice")
    browser.sign_in(user, password)
    assert browser.come_back() == restored(user.get_username())
    assert browser.tell() == restored(user.get_username(), "session")


def test_query_budget_of_a_restore(remembered):
    """One SELECT and one UPDATE of our own; the rest is what a session and its row need."""
    remembered.lose_session()
    with counted() as statements:
        remembered.tell()
    ours = [sql.split(" ")[0] for sql in statements if "sessionauth_remembertoken" in sql]
    assert ours == ["SELECT", "UPDATE"]
    rows = [sql.split(" ")[0] for sql in statements if "sessionauth_loginsession" in sql]
    assert rows == ["UPDATE", "INSERT"]
