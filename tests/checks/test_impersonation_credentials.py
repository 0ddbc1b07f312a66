"""What the checks say of credentials that end with an impersonation."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.checks.asking import SESSIONS, codes
from tests.checks.test_impersonation_header import READ

pytestmark = pytest.mark.once

SETTINGS = ["SESSIONAUTH_IMPERSONATION_CREDENTIALS", "SESSIONAUTH_IMPERSONATION_TOKENS"]
HELD = {name: value for name, value in READ.items() if name != "SESSIONAUTH_IMPERSONATION_HEADER"}


def ours(**overrides):
    return [code for code in codes(**overrides) if code[1:-1] == "25"]


@pytest.mark.parametrize("name", SETTINGS)
def test_credentials__that_nothing_reads_or_holds(name):
    assert ours(**HELD, **{name: True}) == []
    assert ours(**{name: True}) == ["E250"]
    assert ours(**HELD, **{name: True}, SESSIONAUTH_AUTHENTICATORS=[SESSIONS]) == ["W251"]
    assert ours(**HELD, SESSIONAUTH_AUTHENTICATORS=[SESSIONS]) == []
    assert codes(**HELD, **{name: "yes"}) == codes(**HELD, **{name: 1})
    assert len(codes(**HELD, **{name: "yes"})) == len(codes(**HELD)) + 1


def test_tokens__that_last_for_long():
    long = {"SESSIONAUTH_IMPERSONATION_MAX_AGE": timedelta(hours=2)}
    assert ours(**HELD, **long) == []
    assert ours(**HELD, **long, SESSIONAUTH_IMPERSONATION_TOKENS=True) == ["W252"]
