"""How long tokens last, and are refreshed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sessionauth.models import APIKey
from tests.checks.asking import codes

pytestmark = pytest.mark.once

AGE, REFRESH, LONGEST, GRACE = (
    f"SESSIONAUTH_{name}" for name in ("TOKEN_AGE", "REFRESH_AGE", "TOKEN_MAX_AGE", "REFRESH_GRACE")
)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, []),
        ({AGE: 3600, REFRESH: 3600}, ["W181"]),
        ({AGE: 3600, REFRESH: timedelta(seconds=3601)}, []),
        ({AGE: 3600, REFRESH: None}, []),
        ({AGE: 3600, LONGEST: 3599}, ["W182"]),
        ({AGE: 3600, LONGEST: 3600}, []),
        ({AGE: 3600, LONGEST: None}, []),
        ({GRACE: 60}, []),
        ({GRACE: 61}, ["W183"]),
        ({GRACE: 61, REFRESH: None}, []),
        ({AGE: "long", REFRESH: -1, LONGEST: "x", GRACE: []}, ["E002"] * 3 + ["E003"]),
    ],
)
def test_ages(overrides, expected, settings):
    for name, value in overrides.items():
        setattr(settings, name, value)
    if "E002" in expected:
        assert not {"W181", "W182", "W183"} & set(codes())
    else:
        assert codes() == expected


def test_kind_of_refresh_tokens(monkeypatch):
    monkeypatch.setattr(APIKey, "kind", "ref")
    assert "E180" in codes()
