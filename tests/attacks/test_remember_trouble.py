"""Remembered browsers where the database is read-only, not migrated, or takes back what a view wrote."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from django.contrib.auth import get_user_model, logout
from django.db import connection, transaction
from django.http import HttpResponse
from django.urls import path

from sessionauth import get_auth, login_user, signals
from sessionauth.models import LoginSession, RememberToken
from sessionauth.sessions import remember
from tests.attacks.browsers import engine  # noqa: F401
from tests.attacks.trouble import atomic_requests, read_only, without_table
from tests.conformance.conftest import heard  # noqa: F401
from tests.conformance.sign_in_urls import urlpatterns as pages
from tests.remembering import NOBODY, Browser, age, restored

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]


def fails(request):
    get_auth(request)
    raise ValueError("the view fails")


def takes_back(request):
    """Look, and answer a 400 with all that was written taken back, as REST framework does."""
    get_auth(request)
    if connection.in_atomic_block:
        transaction.set_rollback(True)
    return HttpResponse("no", status=400)


def looks_inside(request):
    """Look in a transaction of the view's own, which is taken back."""
    with transaction.atomic():
        get_auth(request)
        transaction.set_rollback(True)
    return HttpResponse("ok")


def signs_in_and_takes_it_back(request):
    login_user(request, get_user_model().objects.get(), remember=True)
    if connection.in_atomic_block:
        transaction.set_rollback(True)
    return HttpResponse("no", status=400)


def signs_in_and_out(request):
    login_user(request, get_user_model().objects.get(), remember=True)
    logout(request)
    return HttpResponse("bye")


def changes_hands(request):
    logout(request)
    login_user(request, get_user_model().objects.get(username="bob"), remember=True)
    return HttpResponse("hello")


def forgets_and_fails(request):
    remember.forget(request)
    raise ValueError("the view fails")


def logs_out_and_fails(request):
    logout(request)
    raise ValueError("the view fails")


urlpatterns = [
    *pages,
    path("fails/", fails),
    path("takes-back/", takes_back),
    path("looks-inside/", looks_inside),
    path("signs-in-and-takes-it-back/", signs_in_and_takes_it_back),
    path("signs-in-and-out/", signs_in_and_out),
    path("changes-hands/", changes_hands),
    path("forgets-and-fails/", forgets_and_fails),
    path("logs-out-and-fails/", logs_out_and_fails),
]


@pytest.fixture(params=["wsgi", "asgi"])
def browser(request, make_user, password):
    made = Browser(asgi=request.param == "asgi", raise_request_exception=False)
    made.client.raise_request_exception = False
    made.sign_in(make_user("alice"), password)
    return made


@pytest.fixture(params=[False, True], ids=["autocommit", "atomic"])
def atomic(request):
    return request.param


def in_transactions(browser, atomic):
    """Run views in a transaction; async ones never are."""
    return atomic_requests() if atomic else nullcontext()


# Read-only.


def test_read_only__recognises_the_browser_and_keeps_nothing(browser, atomic, engine):  # noqa: F811
    value = browser.value
    with read_only() as tried, in_transactions(browser, atomic):
        assert [browser.come_back() for _ in range(3)] == [restored("alice")] * 3
    assert tried
    assert browser.value == value
    assert "sessionid" not in browser.cookies
    assert browser.come_back() == restored("alice")
    assert browser.tell() == restored("alice", "session")


def test_read_only__a_restored_session_goes_on_unconfirmed(browser, engine):  # noqa: F811
    browser.come_back()
    with read_only():
        assert [browser.tell() for _ in range(2)] == [restored("alice", "session")] * 2
    assert not RememberToken.objects.get().confirmed
    browser.tell()
    assert RememberToken.objects.get().confirmed


def test_read_only__lets_nobody_in_whose_time_is_over(browser):
    RememberToken.objects.get().revoke()
    with read_only():
        assert browser.come_back() == NOBODY


def test_read_only__refuses_a_forged_value(browser, heard):  # noqa: F811
    thief = browser.with_value(browser.value[:-3] + "xyz")
    with read_only(), heard(signals.remember_token_stolen) as stolen:
        assert thief.tell() == NOBODY
    assert stolen == []


# Without our table.


@pytest.mark.parametrize("is_proved", [False, True], ids=["never seen", "seen before"])
def test_missing_table__is_nobody_and_no_error(is_proved, browser, caplog):
    if is_proved:
        browser.come_back()
    value = browser.value
    with without_table(RememberToken, is_proved=is_proved):
        assert browser.come_back() == NOBODY
        assert browser.post("/ours/logout/").status_code == 302
    assert "migrate" in caplog.text
    assert value


def test_missing_table__spoils_no_transaction(browser):
    with without_table(RememberToken), atomic_requests():
        assert browser.come_back() == NOBODY


# Views that take back.


@pytest.mark.parametrize("page", ["/fails/", "/takes-back/", "/looks-inside/"])
@pytest.mark.parametrize("session", ["", "0" * 32], ids=["no session", "dead session"])
def test_view_that_takes_back__leaves_a_cookie_that_works(page, session, browser, atomic, heard):  # noqa: F811
    with heard(signals.remember_token_stolen) as stolen, in_transactions(browser, atomic):
        for _ in range(3):
            browser.lose_session()
            if session:
                browser.cookies["sessionid"] = session
            browser.get(page)
            age(RememberToken.objects.get(), minutes=2)
        browser.lose_session()
        assert browser.tell() == restored("alice")
        assert browser.tell() == restored("alice", "session")
        assert browser.come_back() == restored("alice")
    assert stolen == []


@pytest.mark.parametrize("page", ["/fails/", "/takes-back/", "/looks-inside/"])
@pytest.mark.parametrize("session", ["", "0" * 32], ids=["no session", "dead session"])
def test_view_that_takes_back__takes_no_alarm_back(page, session, browser, atomic):
    thief = browser.with_value(browser.value[:-3] + "xyz")
    thief.client.raise_request_exception = False
    if session:
        thief.cookies["sessionid"] = session
    with in_transactions(browser, atomic):
        thief.get(page)
    assert RememberToken.objects.get().revoked_reason == "theft"
    assert browser.tell() == browser.come_back() == NOBODY


@pytest.mark.parametrize("page", ["/forgets-and-fails/", "/logs-out-and-fails/"])
def test_view_that_fails__takes_no_goodbye_back(page, browser, atomic):
    stolen = browser.value
    with in_transactions(browser, atomic):
        browser.get(page)
    assert browser.with_value(stolen).tell() == NOBODY


def test_login_taken_back__is_not_remembered(browser):
    other = Browser(asgi=browser.asgi)
    with atomic_requests():
        other.get("/signs-in-and-takes-it-back/")
    assert other.value == ""
    assert RememberToken.objects.count() == LoginSession.objects.count() == 1


def test_login_and_logout_in_one_view__is_not_remembered(browser, atomic):
    other = Browser(asgi=browser.asgi)
    with in_transactions(browser, atomic):
        other.get("/signs-in-and-out/")
    assert other.value == ""
    assert other.come_back() == NOBODY


def test_logout_and_login_in_one_view__remembers_the_second_and_forgets_the_first(browser, atomic, make_user):
    make_user("bob")
    alices = browser.value
    with in_transactions(browser, atomic):
        browser.get("/changes-hands/")
    assert browser.tell()["user"] == "bob"
    assert browser.come_back() == restored("bob")
    assert browser.with_value(alices).tell() == NOBODY
