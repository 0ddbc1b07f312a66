"""The entries of SESSIONAUTH_AUTHENTICATORS."""

from __future__ import annotations

import pytest

from tests.checks.asking import API_KEY, BASIC, BEARER, CALLBACK, SESSIONS, THINGS, TOKEN, codes, hint, using

pytestmark = pytest.mark.once


def entry(name: str, /, **options: object) -> dict[str, object]:
    return {"NAME": name if "." in name else f"{THINGS}.{name}", "OPTIONS": options}


def callback(function: str, /, **options: object) -> dict[str, object]:
    return entry(CALLBACK, callback=f"{THINGS}.{function}", **options)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (entry("Sound"), []),
        (entry("Sound", volume=2), []),
        ("", ["E020"]),
        ("nowhere", ["E020"]),
        ("tests.checks.nowhere.Authenticator", ["E020"]),
        (f"{THINGS}.NUMBER", ["E021"]),
        (entry("Sound", loudness=2), ["E022"]),
        (entry(SESSIONS, realm="desk"), ["E022"]),
        (entry(CALLBACK), ["E022"]),
        (entry("Sound", volume=-1), ["E023"]),
        (entry("Explosive"), ["E023"]),
        (entry("Unreadable"), ["E023"]),
        (entry(TOKEN, claim="everything"), ["E023"]),
        (entry(CALLBACK, callback="tests.checks.nowhere.function"), ["E023"]),
        ("builtins.iter", ["E023"]),
        (entry("NoSteps"), ["E024"]),
        (entry("NoAuthenticator"), ["E024"]),
        (entry("Nameless"), ["E024"]),
        (entry("BareCarrier"), ["E024"]),
        (entry("AsyncSteps"), ["E025", "E025"]),
        (entry("NoCarriers"), ["W030"]),
        (entry("Explicit"), []),
        (entry("ExplicitCookie"), ["W031"]),
        (entry("ExplicitSomewhere"), ["W031"]),
        (entry(API_KEY, header="X-Key"), []),
        (entry(API_KEY, query_param="key"), ["W029"]),
        (callback("of_request"), []),
        (callback("of_request_async"), []),
        (callback("of_nothing"), ["E006"]),
        (callback("NUMBER"), ["E005"]),
        (callback("of_request", ambient=False), ["E023"]),
        (callback("of_request", ambient=False, vary=["Cookie"]), ["W031"]),
        (callback("of_request", ambient=False, vary=["X-Partner"]), []),
        (callback("of_request", vary=[]), ["W030"]),
        (BASIC, []),
    ],
)
def test_authenticator(made, expected):
    assert codes(**using(SESSIONS, made)) == expected


def test_options__are_told():
    assert hint("E022", **using(SESSIONS, entry("Sound", loudness=2))) == "It takes volume."
    assert hint("E022", **using(BEARER, entry(SESSIONS, realm="desk"))) == "It takes no options."


def test_incomplete_authenticator__is_told_all_that_it_lacks():
    assert codes(**using(entry("NoAuthenticator"))) == ["E024"]


@pytest.mark.parametrize(
    "made",
    [
        [SESSIONS, entry(API_KEY, header="X-Key"), entry(API_KEY, header="X-Old-Key")],
        [SESSIONS, entry("Sound"), entry("Explicit")],
        [SESSIONS, callback("of_request"), callback("of_request", name="partner")],
    ],
)
def test_name__may_stand_twice_for_one_carrier_of_keys(made):
    assert codes(**using(*made)) == []


@pytest.mark.parametrize(
    "made",
    [
        [SESSIONS, SESSIONS],
        [SESSIONS, entry("Sound"), entry("OtherSound")],
        [SESSIONS, callback("of_request"), callback("of_request_async")],
    ],
)
def test_name__that_cannot_be_told_apart(made):
    assert codes(**using(*made)) == ["W027"]


def test_no_authenticators():
    assert codes(**using()) == ["W026"]


def test_no_authenticator_for_browsers__matters_to_the_admin(settings):
    assert codes(**using(BEARER)) == ["W028"]
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "django.contrib.admin"]
    assert codes(**using(BEARER)) == []
