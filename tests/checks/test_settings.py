"""Names, types and dotted paths of settings."""

from __future__ import annotations

import pytest

from tests.checks.asking import THINGS, asked, codes, hint

pytestmark = pytest.mark.once


class Incomparable:
    """Equal to nothing, and cross about the question; not to be shown either."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("Do not compare me.")

    def __repr__(self) -> str:
        raise ValueError("Do not show me.")

    __hash__ = None  # type: ignore[assignment]


def test_project__has_nothing_wrong():
    assert codes() == []


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("SESSIONAUTH_PROTECTS", "Did you mean SESSIONAUTH_PROTECT? Correct its name, or take it out."),
        ("SESSIONAUTH_LOGINURLS", "Did you mean SESSIONAUTH_LOGIN_URLS? Correct its name, or take it out."),
        ("SESSION_AUTH_REALM", "Did you mean SESSIONAUTH_REALM? Correct its name, or take it out."),
        ("SESSIONAUTH_XYZZY", "Correct its name, or take it out."),
        (
            "SESSIONAUTH",
            "The settings are flat: write SESSIONAUTH_REALM = …, not a dict. Correct its name, or take it out.",
        ),
    ],
)
def test_unknown_setting__says_what_may_be_meant(name, advice):
    assert codes(**{name: 1}) == ["W001"]
    assert hint("W001", **{name: 1}) == advice


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTHENTICATORS", "sessionauth.authenticators.session.SessionAuthenticator"),
        ("AUTHENTICATORS", [{"OPTIONS": {}}]),
        ("AUTHENTICATORS", [{"NAME": "a.b", "OPTION": {}}]),
        ("ON_FAILURE", None),
        ("ON_FAILURE", Incomparable()),
        ("PROTECT", "/app/"),
        ("EXEMPT", {"/app/": True}),
        ("EXEMPT_METHODS", "GET"),
        ("UNAUTHORIZED_HANDLER", 5),
        ("UNAUTHORIZED_HANDLER", "handler"),
        ("LOGIN_URLS", ["/login/"]),
        ("LOGIN_MESSAGE", 5),
        ("LOGIN_MESSAGE_LEVEL", "info"),
        ("LOGIN_MESSAGE_TAGS", None),
        ("USE_SESSION_FOR_NEXT", 1),
        ("ANONYMOUS_USER", None),
        ("USER_LOADER", False),
        ("USER_QUERYSET", len),
        ("LOGIN_FIELDS", "username"),
        ("FRESH_AGE", -1),
        ("FRESH_AGE", True),
        ("KEY_BRAND", b"sa"),
        ("KEY_ENVIRONMENT", None),
        ("LAST_USED_INTERVAL", 1.5),
        ("SCOPES", {"a b": ("", [])}),
        ("SCOPES", {"a": "b"}),
        ("REALM", 5),
        ("LOGIN_GUARDS", "a.b"),
        ("LOCKOUT_LIMIT", 0),
        ("LOCKOUT_WAITS", []),
        ("TRUSTED_PROXIES", ["10.0.0.1/8"]),
        ("FINGERPRINT", "browser"),
        ("FINGERPRINT_IP_PREFIX", (33, 56)),
        ("IDLE_TIMEOUT", -1),
        ("MAX_SESSIONS", 0),
        ("REMEMBER_AGE", None),
        ("REMEMBER_COOKIE_HTTPONLY", None),
    ],
)
def test_ill_typed_setting__is_an_error(name, value):
    assert codes(**{f"SESSIONAUTH_{name}": value}) == ["E002"]


@pytest.mark.parametrize(
    ("overrides", "guess"),
    [
        ({"SESSIONAUTH_ON_FAILURE": "redirekt"}, 'Did you mean "redirect"? '),
        ({"SESSIONAUTH_ON_FAILURE": "explode"}, ""),
        ({"SESSIONAUTH_INVALID_CREDENTIAL": "rejects"}, 'Did you mean "reject"? '),
        ({"SESSIONAUTH_GUARD_ON_CACHE_ERROR": "fall back"}, 'Did you mean "fallback"? '),
        ({"SESSIONAUTH_REMEMBER_COOKIE_SAMESITE": "Strickt"}, 'Did you mean "Strict"? '),
    ],
)
def test_choice__says_which_may_be_meant(overrides, guess):
    assert codes(**overrides) == ["E003"]
    assert hint("E003", **overrides).startswith(f"{guess}Choose one, or leave it out: its default is ")


@pytest.mark.parametrize(
    "name", ["ON_FAILURE", "UNAUTHORIZED_HANDLER", "USER_LOADER", "USER_QUERYSET", "ANONYMOUS_USER", "FINGERPRINT"]
)
@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("tests.checks.nowhere.function", "E004"),
        (f"{THINGS}.nothing_of_that_name", "E004"),
        (".", "E004"),
        ("a\0b.c", "E004"),
        (f"{THINGS}.NUMBER", "E005"),
        (f"{THINGS}.of_nothing", "E006"),
    ],
)
def test_dotted_path__leads_to_something_that_can_be_called(name, path, code):
    assert codes(**{f"SESSIONAUTH_{name}": path}) == [code]


@pytest.mark.parametrize(
    ("name", "function", "expected"),
    [
        ("ON_FAILURE", "of_request", []),
        ("ON_FAILURE", "of_request_async", ["E007"]),
        ("USER_QUERYSET", "of_request", []),
        ("USER_QUERYSET", "of_request_and_more", ["E006"]),
        ("USER_QUERYSET", "of_request_async", ["E007"]),
        ("UNAUTHORIZED_HANDLER", "of_request_and_more", []),
        ("UNAUTHORIZED_HANDLER", "of_request", ["E006"]),
        ("UNAUTHORIZED_HANDLER", "of_request_and_more_async", ["E007"]),
        ("USER_LOADER", "of_request_and_more", []),
        ("USER_LOADER", "of_request_and_more_async", []),
        ("USER_LOADER", "of_request_async", ["E006"]),
        ("ANONYMOUS_USER", "of_request", []),
        ("ANONYMOUS_USER", "of_request_async", ["E007"]),
        ("ANONYMOUS_USER", "Nobody", []),
        ("ANONYMOUS_USER", "Choosy", ["E008"]),
        ("ANONYMOUS_USER", "NoAuthenticator", ["E008"]),
        ("ANONYMOUS_USER", "Impostor", ["E008"]),
    ],
)
def test_function__takes_what_it_will_be_given(name, function, expected):
    assert codes(**{f"SESSIONAUTH_{name}": f"{THINGS}.{function}"}) == expected


def test_function__that_tells_no_signature_is_trusted():
    assert codes(SESSIONAUTH_USER_QUERYSET="builtins.print") == []
    assert codes(SESSIONAUTH_USER_QUERYSET="builtins.iter") == []


def test_messages__quote_what_is_there_and_not_for_ever():
    [message] = asked(SESSIONAUTH_REALM=["x" * 1000])
    assert len(message.msg) < 200
    [message] = asked(SESSIONAUTH_REALM=Incomparable())
    assert message.msg == "SESSIONAUTH_REALM must be a string, not a Incomparable."
