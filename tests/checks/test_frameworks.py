"""The settings of REST framework."""

from __future__ import annotations

import pytest

from tests.checks.asking import codes

pytestmark = pytest.mark.once

OURS = "sessionauth.contrib.rest_framework.RequestAuthentication"
JWT = "rest_framework_simplejwt.authentication.JWTAuthentication"
KNOX = "knox.auth.TokenAuthentication"


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ([OURS, JWT], []),
        ([KNOX, OURS], []),
        ([JWT], []),
        ([KNOX, JWT, OURS], ["W196"]),
        ((JWT, OURS), ["W196"]),
        (None, []),
        ("nonsense", []),
        ([1, OURS], []),
    ],
)
def test_order(classes, expected):
    assert codes(REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": classes}) == expected


@pytest.mark.parametrize("value", [None, [], {}, "x"])
def test_order__of_no_settings(value):
    assert codes(REST_FRAMEWORK=value) == []
