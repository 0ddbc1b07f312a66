"""`check --deploy`."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.checks.asking import BASIC, SESSIONS, codes, using

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, []),
        (using(SESSIONS, BASIC), ["W100"]),
        ({**using(SESSIONS, BASIC), "SECURE_SSL_REDIRECT": True}, []),
        ({"SESSIONAUTH_INVALID_CREDENTIAL": "ignore"}, ["W101"]),
        ({"SESSIONAUTH_FRESH_AGE": timedelta(days=1)}, []),
        ({"SESSIONAUTH_FRESH_AGE": timedelta(days=2)}, ["W102"]),
        ({"SESSIONAUTH_FRESH_AGE": 10**400}, ["E011", "W102"]),
    ],
)
def test_deploy(overrides, expected):
    assert codes(deploy=True, **overrides) == expected
    assert not any(code.startswith("W1") for code in codes(**overrides))
