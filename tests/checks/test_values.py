"""Values of the right type that say nothing good."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.checks.asking import codes

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("KEY_BRAND", "acme1", []),
        ("KEY_BRAND", "", ["E010"]),
        ("KEY_BRAND", "a_b", ["E010"]),
        ("KEY_BRAND", "Acme", ["E010"]),
        ("KEY_BRAND", "1a", ["E010"]),
        ("KEY_BRAND", "é", ["E010"]),
        ("KEY_BRAND", "a" * 17, ["E010"]),
        ("KEY_BRAND", "sa\n", ["E010"]),
        ("KEY_ENVIRONMENT", "", []),
        ("KEY_ENVIRONMENT", "live", []),
        ("KEY_ENVIRONMENT", "live_eu", ["E010"]),
        ("FRESH_AGE", 0, []),
        ("FRESH_AGE", timedelta(days=30), []),
        ("FRESH_AGE", 10**400, ["E011"]),
        ("FRESH_AGE", timedelta.max, ["E011"]),
        ("IDLE_TIMEOUT", 10**400, ["E011"]),
        ("REMEMBER_AGE", timedelta.max, ["E011"]),
        ("LAST_USED_INTERVAL", None, []),
        ("LAST_USED_INTERVAL", 1, []),
        ("LAST_USED_INTERVAL", 10**12, ["E011"]),
        ("LAST_USED_INTERVAL", 0, ["W012"]),
        ("LAST_USED_INTERVAL", timedelta(0), ["W012"]),
        ("REALM", 'The "desk"', []),
        ("REALM", "Büro", ["W013"]),
        ("REALM", "a\nb", ["W013"]),
        ("EXEMPT_METHODS", (), []),
        ("EXEMPT_METHODS", ["OPTIONS", "TRACE", "PROPFIND"], []),
        ("EXEMPT_METHODS", ["options"], ["W014"]),
        ("EXEMPT_METHODS", ["", "É", "GET "], ["W014", "W014", "W014"]),
        ("EXEMPT_METHODS", ["HEAD", "OPTIONS"], []),
        ("EXEMPT_METHODS", {"GET", "POST"}, ["W015", "W015"]),
    ],
)
def test_value(name, value, expected):
    assert codes(**{f"SESSIONAUTH_{name}": value}) == expected
