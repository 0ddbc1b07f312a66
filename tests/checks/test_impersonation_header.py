"""What the checks say of the header in which programs name whom they act as."""

from __future__ import annotations

import pytest

from tests.checks.asking import codes

pytestmark = pytest.mark.once

READ = {
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "sessionauth.middleware.AuthenticationMiddleware",
        "sessionauth.impersonation.middleware.ImpersonationMiddleware",
    ],
    "SESSIONAUTH_IMPERSONATION_HEADER": "X-Impersonate-User",
    "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "sessionauth"],
}


def ours(**overrides):
    return {code for code in codes(**overrides) if code[-3:-1] == "24"}


def test_header__that_is_off_or_read_is_none_of_our_business():
    assert ours() == set()
    assert ours(**READ) == set()


def test_header__that_nothing_reads():
    assert ours(SESSIONAUTH_IMPERSONATION_HEADER="X-Impersonate-User") == {"E240"}


@pytest.mark.parametrize("name", ["Authorization", "cookie", "X-Api-Key"])
def test_header__in_which_something_else_comes(name):
    assert ours(**READ | {"SESSIONAUTH_IMPERSONATION_HEADER": name}) == {"E241"}


@pytest.mark.parametrize(
    ("lookups", "expected"),
    [
        (["pk", "username"], set()),
        (["email"], {"E242"}),
        (["nothing"], {"E242"}),
        (["logentry"], {"E242"}),
        (["username__in"], {"E242"}),
    ],
)
def test_lookups__are_unique_fields(lookups, expected):
    assert ours(**READ, SESSIONAUTH_IMPERSONATION_HEADER_LOOKUPS=lookups) == expected


def test_header__without_keys_and_tokens():
    only = ["sessionauth.authenticators.session.SessionAuthenticator"]
    assert ours(**READ, SESSIONAUTH_AUTHENTICATORS=only) == {"W243"}
