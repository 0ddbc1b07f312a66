"""What the checks say of the banner, and of views that nobody has as somebody else."""

from __future__ import annotations

import pytest

from tests.checks.asking import codes

pytestmark = pytest.mark.once

IMPERSONATION = "sessionauth.impersonation.middleware.ImpersonationMiddleware"
OURS = "sessionauth.middleware.AuthenticationMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
GZIP = "django.middleware.gzip.GZipMiddleware"
BARE = {"INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "sessionauth"]}


@pytest.mark.parametrize(
    ("middleware", "banner", "expected"),
    [
        ([SESSION, OURS, IMPERSONATION, GZIP], "inject", ["W230"]),
        ([GZIP, SESSION, OURS, IMPERSONATION], "inject", []),
        ([SESSION, OURS, IMPERSONATION, GZIP], "tag", []),
        ([SESSION, OURS, GZIP], "inject", []),
    ],
)
def test_packers__below_what_puts_the_banner_in(middleware, banner, expected):
    found = codes(MIDDLEWARE=middleware, SESSIONAUTH_IMPERSONATION_BANNER=banner, **BARE)
    assert [code for code in found if code == "W230"] == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], []),
        (["login", "sessionauth:login"], []),
        (["nowhere"], ["E231"]),
        (["nowhere:login", "sessionauth:nothing"], ["E231", "E231"]),
    ],
)
def test_forbidden_views__names_of_urls(names, expected):
    found = codes(ROOT_URLCONF="tests.impersonation.site", SESSIONAUTH_IMPERSONATION_FORBIDDEN_VIEWS=names)
    assert [code for code in found if code == "E231"] == expected


@pytest.mark.parametrize("urls", ["tests.nowhere", "tests.checks.things"])
def test_forbidden_views__broken_urls_are_for_others_to_tell(urls):
    assert "E231" not in codes(ROOT_URLCONF=urls, SESSIONAUTH_IMPERSONATION_FORBIDDEN_VIEWS=["a"])
