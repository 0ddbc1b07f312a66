"""What the checks say of impersonation."""

from __future__ import annotations

import pytest

from tests.checks.asking import codes

pytestmark = pytest.mark.once

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
OURS = "sessionauth.middleware.AuthenticationMiddleware"
IMPERSONATION = "sessionauth.impersonation.middleware.ImpersonationMiddleware"
WITHOUT_ADMIN = {"INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "sessionauth"]}

number = 7


def positional(request, actor, target):
    return True


def guard(request, *, actor, target):
    return True


async def aguard(request, **who):
    return True


def misfit(actor, target):
    return True


def without_target(request, *, actor):
    return True


def without_middleware(**overrides):
    """Return the codes of these settings, less the one that says that they do nothing without the middleware."""
    return [code for code in codes(**overrides) if code != "W291"]


@pytest.mark.parametrize(
    ("middleware", "expected"),
    [
        ([SESSION, OURS, IMPERSONATION], []),
        ([SESSION, OURS], []),
        ([SESSION, IMPERSONATION, OURS], ["E225"]),
        ([SESSION, IMPERSONATION], ["E225", "W060"]),
    ],
)
def test_place(middleware, expected):
    assert codes(MIDDLEWARE=middleware, **WITHOUT_ADMIN) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("guard", []),
        ("aguard", []),
        ("positional", []),
        ("misfit", ["E226"]),
        ("without_target", ["E226"]),
        ("number", ["E226"]),
        ("nowhere", ["E226"]),
    ],
)
def test_guards(name, expected):
    assert without_middleware(SESSIONAUTH_IMPERSONATION_GUARDS=[f"{__name__}.{name}"]) == expected


def test_guards__by_default():
    assert codes() == []


@pytest.mark.parametrize("name", ["START", "STOP"])
@pytest.mark.parametrize(("value", "expected"), [(None, []), ("/there/", []), ("untouched", []), ("no_view", ["E227"])])
def test_pages(name, value, expected):
    assert without_middleware(**{f"SESSIONAUTH_IMPERSONATION_{name}_URL": value}) == expected


@pytest.mark.parametrize(("least", "expected"), [(500, []), (501, ["W228"])])
def test_reasons__longer_than_they_are_kept(least, expected):
    assert without_middleware(SESSIONAUTH_IMPERSONATION_REASON_MIN_LENGTH=least) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REFERENCE_PATTERN", "("),
        ("REFERENCE_PATTERN", 7),
        ("REFERENCE", "always"),
        ("REASON_MIN_LENGTH", -1),
        ("REASON_MIN_LENGTH", True),
        ("REASON_CHOICES", "A call"),
        ("START_URL", 7),
    ],
)
def test_settings__of_another_kind(name, value):
    assert len(codes(**{f"SESSIONAUTH_IMPERSONATION_{name}": value})) == 1


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, []),
        ({"SESSIONAUTH_IMPERSONATION_BANNER": "inject"}, ["W291"]),
        ({"SESSIONAUTH_IMPERSONATION_NOTIFY": "both", "SESSIONAUTH_IMPERSONATION_GUARDS": []}, ["W291"]),
        # Others tell of these, and who switches it off needs nothing for it.
        ({"SESSIONAUTH_IMPERSONATION_HEADER": "X-Impersonate-User"}, ["E240"]),
        ({"SESSIONAUTH_IMPERSONATION_ENABLED": False, "SESSIONAUTH_IMPERSONATION_NOTIFY": "both"}, []),
        ({"SESSIONAUTH_IMPERSONATION_ADMIN": False}, []),
        ({"SESSIONAUTH_IMPERSONATION_BANNER": "tag"}, []),
    ],
)
def test_settings__of_what_is_not_installed(more, expected):
    assert codes(MIDDLEWARE=[SESSION, OURS], **WITHOUT_ADMIN, **more) == expected
    found = codes(MIDDLEWARE=[SESSION, OURS, IMPERSONATION], **WITHOUT_ADMIN, **more)
    assert "W291" not in found
