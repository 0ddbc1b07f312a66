"""What the checks say of the banner, and of views that nobody has as somebody else."""

from __future__ import annotations

import pytest

from sessionauth.impersonation.guards import allowed_networks
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


NETWORKS = "sessionauth.impersonation.guards.allowed_networks"


def from_the_office(request, *, actor, target):
    return allowed_networks(request, actor=actor, target=target)


@pytest.mark.parametrize(
    ("guards", "networks", "expected"),
    [
        ([], [], []),
        ([NETWORKS], ["192.0.2.0/24", "2001:db8::/32", "192.0.2.7", "::ffff:192.0.2.0/120"], []),
        ([NETWORKS], ["192.0.2.7/24", "office", "", "10.0.0.0/8"], ["W232"] * 3),
        ([], ["10.0.0.0/8"], ["W233"]),
        ([], ["office"], ["W232", "W233"]),
        (["sessionauth.impersonation.rules.has_permission"], ["10.0.0.0/8"], ["W233"]),
        ([f"{__name__}.from_the_office"], ["10.0.0.0/8"], []),
        ([NETWORKS], [], ["W234"]),
        (["tests.nowhere"], [], []),
    ],
)
def test_networks__that_are_none_or_that_nobody_asks_about(guards, networks, expected):
    found = codes(SESSIONAUTH_IMPERSONATION_GUARDS=guards, SESSIONAUTH_IMPERSONATION_NETWORKS=networks)
    assert sorted(code for code in found if code in ("W232", "W233", "W234")) == expected


CONSENT = "sessionauth.impersonation.guards.target_consented"


@pytest.mark.parametrize(
    ("guards", "consent", "expected"),
    [
        ([CONSENT], "is_active", []),
        ([CONSENT], "groups.allows_support", []),
        ([CONSENT], "profile.allows_support", ["W294"]),
        ([CONSENT], None, ["W294"]),
        ([], "is_active", ["W293"]),
        ([f"{__name__}.from_the_office"], "is_active", []),
        ([], None, []),
    ],
)
def test_consent__that_nobody_asks_about_or_can_give(guards, consent, expected):
    named = {} if consent is None else {"SESSIONAUTH_IMPERSONATION_CONSENT": consent}
    found = codes(SESSIONAUTH_IMPERSONATION_GUARDS=guards, **named)
    assert sorted(code for code in found if code in ("W293", "W294")) == expected
