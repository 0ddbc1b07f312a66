"""Where people are sent to log in, and that they get there."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse_lazy

from tests.checks.asking import codes, hint

pytestmark = pytest.mark.once

PROJECT = {"ROOT_URLCONF": "tests.checks.urls", "SESSIONAUTH_ON_FAILURE": "redirect"}


@pytest.mark.parametrize(
    ("login_url", "expected"),
    [
        ("enter", []),
        ("/enter/", []),
        ("/enter/?from=here", []),
        ("desk:inner:enter", []),
        (reverse_lazy("page", "tests.checks.urls"), []),
        ("https://login.example.org/", []),
        ("//login.example.org/", []),
        ("http://[", []),
        ("", ["E050"]),
        (None, ["E050"]),
        (5, ["E050"]),
        ("entre", ["E050"]),
        ("nowhere:enter", ["E050"]),
        ("/accounts/login/", ["W051"]),
        ("accounts/login/", ["W051"]),
    ],
)
def test_login_url(login_url, expected):
    assert codes(**PROJECT, LOGIN_URL=login_url) == expected


@pytest.mark.parametrize(
    ("login_url", "expected"),
    [
        ("enter", []),
        ("entre", ["W290"]),
        ("desk:entre", ["W290"]),
        (None, []),
        ("", []),
        ("/enter/", []),
        ("/enter", []),  # APPEND_SLASH
        ("/entr/", []),  # perhaps of another server
        ("/sso/login", []),
        ("https://login.example.org/", []),
        (reverse_lazy("page", "tests.checks.urls"), []),
    ],
)
def test_login_url__that_decorators_lead_to(login_url, expected):
    assert codes(ROOT_URLCONF="tests.checks.urls", LOGIN_URL=login_url) == expected


@pytest.mark.parametrize(
    ("login_url", "expected"),
    [
        ("/acount/login/", ["W051"]),
        ("/accounts/login/", ["W051"]),
        ("sessionauth:loginn", ["W290"]),
        ("sessionauth:login", []),
        ("/login/", []),
        ("/sso/login/", []),
    ],
)
def test_login_url__that_is_nearly_that_of_a_login_page(login_url, expected):
    assert codes(ROOT_URLCONF="tests.account_urls", LOGIN_URL=login_url) == expected
    if expected == ["W051"]:
        assert hint("W051", ROOT_URLCONF="tests.account_urls", LOGIN_URL=login_url).startswith(
            "Did you mean /account/login/?"
        )


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ["W051"]),
        ({"ROOT_URLCONF": "tests.checks.urls"}, []),  # perhaps nobody signs in there
        ({"SESSIONAUTH_LOGIN_URLS": {"admin": "https://login.example.org/"}}, []),
        ({"SESSIONAUTH_UNAUTHORIZED_HANDLER": "tests.checks.things.of_request_and_more"}, []),
    ],
)
def test_login_url__left_out_with_our_page_elsewhere(settings, more, expected):
    settings.LOGIN_URL = "/accounts/login/"
    settings.ROOT_URLCONF = "tests.account_urls"
    found = codes(**more)
    assert [code for code in found if code in ("W051", "W290")] == expected


class ByHost:
    """Middleware that picks the URLs by the name of the host."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.urlconf = "tests.account_urls"
        return self.get_response(request)


def test_login_url__may_be_in_other_urls_of_some_host(settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.ByHost"]
    assert codes(ROOT_URLCONF="tests.checks.urls", LOGIN_URL="sessionauth:login") == []
    assert codes(ROOT_URLCONF="tests.account_urls", LOGIN_URL="/accounts/login/") == []


@pytest.mark.parametrize("login_url", ["/enter/", "enter"])
def test_login_url__nothing_is_said_of_it_where_the_urls_are_broken(login_url):
    overrides = {**PROJECT, "ROOT_URLCONF": "tests.checks.nowhere", "SESSIONAUTH_LOGIN_URLS": {"desk": login_url}}
    assert codes(**overrides, LOGIN_URL=login_url) == []


def test_login_url__in_another_language(settings):
    settings.ROOT_URLCONF, settings.MIDDLEWARE = "tests.checks.translated_urls", settings.MIDDLEWARE
    assert codes(SESSIONAUTH_ON_FAILURE="redirect", LOGIN_URL="/de/enter/") == []
    assert codes(SESSIONAUTH_ON_FAILURE="redirect", LOGIN_URL="/enter/") == []
    assert codes(LOGIN_URL="enter") == codes(LOGIN_URL="/enter/") == []
    assert codes(SESSIONAUTH_ON_FAILURE="redirect", LOGIN_URL="/xx/enter/") == ["W051"]


@pytest.mark.parametrize(
    ("login_urls", "expected"),
    [
        ({}, []),
        ({"desk": "desk:inner:enter", "inner": "/enter/", "backoffice": "https://login.example.org/"}, []),
        ({"desk": "entre"}, ["E052"]),
        ({"desk": ""}, ["E052"]),
        ({"desk": "/accounts/login/"}, ["W051"]),
        ({"dsek": "enter"}, ["W053"]),
        # The name of an app, of which no instance has that name.
        ({"inner_app": "enter"}, ["W053"]),
    ],
)
def test_login_urls(login_urls, expected):
    assert codes(**PROJECT, LOGIN_URL="enter", SESSIONAUTH_LOGIN_URLS=login_urls) == expected


@pytest.mark.parametrize(
    ("confirm_url", "expected"),
    [
        ("sessionauth:confirm_login", []),  # the default: whether anything asks for a fresh login cannot be seen
        ("desk:inner:enter", []),
        ("/enter/", []),
        ("https://login.example.org/", []),
        ("desk:inner:entre", ["E054"]),
        ("", ["E054"]),
        ("/confirm/", ["W055"]),
        (5, ["E002"]),
    ],
)
def test_confirm_url(confirm_url, expected):
    assert codes(ROOT_URLCONF="tests.checks.urls", SESSIONAUTH_CONFIRM_URL=confirm_url) == expected


def test_login_urls__a_misspelt_area_is_guessed():
    overrides = {**PROJECT, "LOGIN_URL": "enter", "SESSIONAUTH_LOGIN_URLS": {"dsek": "enter"}}
    assert hint("W053", **overrides).startswith("Did you mean desk? Name a namespace")
    assert hint("W053", **overrides | {"SESSIONAUTH_LOGIN_URLS": {"xyz": "enter"}}).startswith("Name a namespace")


@pytest.mark.parametrize("path", ["/enter/", "/desk/inner/enter/"])
def test_login_page__is_open_where_all_is_protected(settings, path):
    """No check warns of a login page that is itself protected, because it never is."""
    settings.ROOT_URLCONF, settings.SESSIONAUTH_ON_FAILURE = "tests.checks.urls", "redirect"
    settings.LOGIN_URL, settings.SESSIONAUTH_LOGIN_URLS = "enter", {"inner": "desk:inner:enter"}
    assert codes() == []
    assert Client().get(path).status_code == 200
    assert Client().get("/desk/page/").url == "/enter/?next=/desk/page/"
    assert Client().get("/desk/inner/page/").url == "/desk/inner/enter/?next=/desk/inner/page/"
