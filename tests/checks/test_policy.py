"""What is protected, what is exempt, and what another setting makes void."""

from __future__ import annotations

import pytest

from tests.checks.asking import BEARER, codes, hint, using

pytestmark = pytest.mark.once

PROJECT = {"ROOT_URLCONF": "tests.checks.urls", "SESSIONAUTH_ON_FAILURE": "raise"}
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.mark.parametrize("name", ["PROTECT", "EXEMPT"])
@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("/", []),
        ("/app", []),
        ("/app/", []),
        ("/files/a.b~c-d_e/", []),
        (r"^/app/\d+$", []),
        ("^/app/", []),
        ("^(?:/a|/b)/", []),
        ("desk", []),
        ("backoffice", []),
        ("inner", []),
        ("inner_app", []),
        ("^/app/(", ["E040"]),
        ("^a{1,99999999999999999999}", ["E040"]),
        ("^/[z-a]/", ["E040"]),
        ("", ["E041"]),
        ("app/", ["E041"]),
        ("dsek", ["E041"]),
        (".*/public/", ["E041"]),
        ("/app/.*", ["W042"]),
        (r"/app/\d+/", ["W042"]),
        ("/app/<int:pk>/", ["W042"]),
        ("/app/?page=2", ["W042"]),
        ("^app/", ["W043"]),
        ("^app", ["W043"]),
    ],
)
def test_entry(name, entry, expected):
    assert codes(**PROJECT, **{f"SESSIONAUTH_{name}": [entry]}) == expected


def test_entry__that_is_neither_is_guessed():
    assert hint("E041", **PROJECT, SESSIONAUTH_PROTECT=["dsek"]).startswith("Did you mean desk? Begin a path")
    assert hint("E041", **PROJECT, SESSIONAUTH_PROTECT=["app/"]).startswith("Begin a path with a slash")


def test_entry__nothing_is_said_of_namespaces_where_the_urls_are_broken():
    assert codes(**PROJECT | {"ROOT_URLCONF": "tests.checks.nowhere"}, SESSIONAUTH_PROTECT=["dsek"]) == []


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("^/login", ["W044"]),
        ("^/a/b-c", ["W044"]),
        ("^/login$", []),
        ("^/login/", []),
        (r"^/login\Z", []),
        (r"^/login\d", []),
        (r"^/v\d+", []),
        ("^/", ["W045"]),
        ("^", ["W045"]),
        ("^.*", ["W045"]),
        ("^/.+", ["W045"]),
    ],
)
def test_exempt_pattern__opens_no_more_than_it_seems_to(entry, expected):
    assert codes(**PROJECT, SESSIONAUTH_EXEMPT=[entry]) == expected
    assert codes(**PROJECT, SESSIONAUTH_PROTECT=[entry]) == []


@pytest.mark.parametrize(
    ("protect", "exempt", "expected"),
    [
        (["/app/"], ["/app/public/"], []),
        (["/app/"], ["^/app/$"], []),
        (["/"], ["/"], []),
        (["/app/"], ["/"], []),
        (["desk"], ["backoffice"], []),
        (["/app/"], ["/app/"], ["W046"]),
        (["/app/secret/"], ["/app/"], ["W046"]),
        (["/app/secret"], ["^/app/"], ["W046"]),
        (["desk"], ["desk"], ["W046"]),
    ],
)
def test_exempt__wins(protect, exempt, expected):
    assert codes(**PROJECT, SESSIONAUTH_PROTECT=protect, SESSIONAUTH_EXEMPT=exempt) == expected


@pytest.mark.parametrize(
    "overrides",
    [
        {"SESSIONAUTH_PROTECT": ["/app/"]},
        {"SESSIONAUTH_EXEMPT": ["/app/"], "SESSIONAUTH_INVALID_CREDENTIAL": "ignore"},
        {"SESSIONAUTH_USER_LOADER": "tests.checks.things.of_request_and_more", **using("tests.checks.things.Sound")},
        {"SESSIONAUTH_LOGIN_FIELDS": ["username"], "AUTHENTICATION_BACKENDS": [MODEL_BACKEND]},
        {
            "SESSIONAUTH_USE_SESSION_FOR_NEXT": True,
            "MIDDLEWARE": ["sessionauth.middleware.AuthenticationMiddleware"],
            **using("tests.checks.things.Sound"),
        },
    ],
)
def test_setting__that_another_makes_void(overrides):
    assert codes(**overrides) == ["W047"]


@pytest.mark.parametrize(
    "overrides",
    [
        # On exempt paths a credential that is wrong makes nobody, whatever the policy.
        {"SESSIONAUTH_EXEMPT": ["/app/"]},
        {"SESSIONAUTH_USER_LOADER": "tests.checks.things.of_request_and_more"},
        {"SESSIONAUTH_LOGIN_FIELDS": ["username"]},
        {"SESSIONAUTH_USE_SESSION_FOR_NEXT": True},
        {"INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "sessionauth"], **using(BEARER)},
    ],
)
def test_setting__that_has_an_effect(overrides):
    assert codes(**overrides) == []


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], []),
        (["/news/", "login", "admin:index"], []),
        (["news", "admin:news", "nowhere:index", ""], ["W048"] * 4),
    ],
)
def test_passive_urls(entries, expected):
    assert codes(SESSIONAUTH_PASSIVE_URLS=entries) == expected
