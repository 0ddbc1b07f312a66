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
    assert codes(SESSIONAUTH_IMPERSONATION_GUARDS=[f"{__name__}.{name}"]) == expected


def test_guards__by_default():
    assert codes() == []
