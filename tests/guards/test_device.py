"""The device cookie: an attacker cannot lock the owner out, and gains nothing by a cookie of their own."""

from __future__ import annotations

import pytest
from django.test import Client

from sessionauth.guards import device
from tests.attacks.storm import basic
from tests.guards.entries import LOCKOUT, rate

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls")]

NAME = "sessionauth_device"
BASIC = "sessionauth.authenticators.basic.BasicAuthenticator"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture(autouse=True)
def _guarded(guarded, settings):
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 3
    guarded(rate("account", "5/d"), LOCKOUT)


def post(browser, password="wrong", name="alice", path="/login/"):
    return browser.post(path, {"username": name, "password": password})


@pytest.fixture
def known(alice, password):
    """A browser in which alice has signed in before."""
    browser = Client()
    assert post(browser, password).status_code == 302
    browser.post("/logout/")
    return browser


def attack(browser=None, times=6):
    for _ in range(times):
        answer = post(browser or Client())
    return answer.status_code


def test_login__makes_the_browser_known(alice, password):
    browser = Client()
    post(browser, password)
    cookie = browser.cookies[NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
    assert int(cookie["max-age"]) == 180 * 24 * 60 * 60
    assert "alice" not in cookie.value
    assert str(alice.pk) not in cookie.value.split(":")


def test_wrong_password__makes_nobody_known(alice):
    browser = Client()
    post(browser)
    assert NAME not in browser.cookies


def test_owner__comes_in_while_others_attack(known, password):
    assert attack() == 429
    assert post(Client(), password).status_code == 429
    assert post(known, password).status_code == 302


def test_known_browser__is_bounded_too(known, password):
    assert attack(known) == 429
    assert post(known, password).status_code == 429
    assert post(Client(), password).status_code == 302


def test_known_browser__keeps_its_name_from_login_to_login(known, password, alice, rf):
    def nonce():
        request = rf.get("/")
        request.COOKIES[NAME] = known.cookies[NAME].value
        return device.of(request, alice)

    before = nonce()
    post(known, password)
    assert nonce() == before is not None


def test_cookie_of_somebody_else__is_no_help(known, make_user):
    make_user("bob")
    for _ in range(3):
        post(Client(), name="bob")
    assert post(known, name="bob").status_code == 429


@pytest.mark.parametrize("value", ["", "x", "a:b:c", "\0", "é", "x" * 5000])
def test_forged_cookie__is_no_help(value, alice, password):
    attack()
    browser = Client()
    browser.cookies[NAME] = value
    assert post(browser, password).status_code == 429


def test_cookie__survives_a_new_secret_key(known, password, settings):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10
    attack()
    assert post(known, password).status_code == 302


@pytest.mark.urls("tests.account_urls")
def test_new_password__makes_all_browsers_unknown_but_the_one_in_hand(known, password, alice):
    """Who has known the old one may have made any number of them known, and would have as many counters to guess by."""
    browser = Client()
    post(browser, password)
    form = {"old_password": password, "new_password1": "an-0ther-one", "new_password2": "an-0ther-one"}
    assert browser.post("/account/password/", form).status_code == 302
    browser.post("/logout/")
    attack()
    assert post(known, "an-0ther-one").status_code == 429
    assert post(browser, "an-0ther-one").status_code == 302


def test_cookie__expires(known, password, settings):
    settings.SESSIONAUTH_DEVICE_COOKIE_AGE = -1
    attack()
    assert post(known, password).status_code == 429


def test_none__switches_it_off(alice, password, settings):
    settings.SESSIONAUTH_DEVICE_COOKIE_AGE = None
    browser = Client()
    post(browser, password)
    assert NAME not in browser.cookies


def test_program__gets_no_cookie(alice, password, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [BASIC]
    answer = Client().get("/tell/", headers={"Authorization": basic("alice", password)})
    assert (answer.status_code, answer.cookies) == (200, {})


@pytest.mark.parametrize(
    ("secure", "domain", "own", "expected"),
    [
        (True, None, None, "__Host-sessionauth_device"),
        (True, ".example.org", None, "sessionauth_device"),
        (False, None, None, "sessionauth_device"),
        (True, None, "known", "known"),
    ],
)
def test_name__is_of_this_host_alone_where_it_can_be(secure, domain, own, expected, settings):
    settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_DOMAIN = secure, domain
    settings.SESSIONAUTH_DEVICE_COOKIE_NAME = own
    assert device.cookie_name() == expected


def test_rule_by_device__counts_known_browsers_alone(guarded, known, password):
    guarded(rate("device", "2/d"))
    assert attack(known, 3) == 429
    assert attack(times=3) == 200
