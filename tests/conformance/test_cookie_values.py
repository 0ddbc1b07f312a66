"""Flask-Login's tests of the remember cookie's value. Ours holds no name and no signature: it is drawn."""

from __future__ import annotations

import pytest

from sessionauth import crypto
from sessionauth.models import RememberToken
from sessionauth.sessions import remember_cookie

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.conformance.sign_in_urls")]

SELECTOR, VALIDATOR = "s" * 22, "v" * 43


@pytest.fixture
def value(web, make_user, password):
    """The value that alice's browser got."""
    make_user("alice")
    web.post("/ours/login/", {"username": "alice", "password": password, "remember": "yes"})
    return web.cookies[remember_cookie.name()].value


def test_F94_round_trip(value):
    token = RememberToken.objects.get()
    presented = remember_cookie.parse(value)
    assert (presented.selector, crypto.digest(presented.validator)) == (token.selector, token.digest)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        SELECTOR,
        SELECTOR + VALIDATOR,
        f"{SELECTOR}|{VALIDATOR}",
        f"{SELECTOR}.",
        f".{VALIDATOR}",
        f"{SELECTOR}.{VALIDATOR}x",
        f"{SELECTOR}.{VALIDATOR}\n",
        f"{SELECTOR}.{VALIDATOR[:-1]}é",
        f"{SELECTOR}.{VALIDATOR}.{VALIDATOR}",
    ],
)
def test_F94_what_is_no_value_of_ours(wrong):
    assert remember_cookie.parse(wrong) is None


def test_F94_another_validator_proves_nothing(web, value):
    web.cookies[remember_cookie.name()] = f"{value.partition('.')[0]}.{VALIDATOR}"
    del web.cookies["sessionid"]
    assert web.who() is None


@pytest.mark.parametrize("key", ["another secret key", b"bytes for a key"])
def test_F95_F96_F97_F98_no_key_goes_into_it(web, value, key, settings):
    """Ours: so none can leak or be lost, whatever type it has, and a new one forgets nobody whose password it bears."""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = key
    del web.cookies["sessionid"]
    assert web.who() == "alice"


def test_F106_no_name_and_no_id_is_in_it(web, make_user, password):
    ann = make_user("Änn")
    web.post("/ours/login/", {"username": ann.get_username(), "password": password, "remember": "yes"})
    value = web.cookies[remember_cookie.name()].value
    assert value.isascii()
    assert remember_cookie.parse(value) is not None
    del web.cookies["sessionid"]
    assert web.who() == "Änn"
