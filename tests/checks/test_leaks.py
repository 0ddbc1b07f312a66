"""Who may report leaked secrets."""

from __future__ import annotations

import pytest

from sessionauth.credentials import partner
from tests.checks.asking import codes
from tests.reporting import P256, P384

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("keys", "expected"),
    [({"a": P256.pem}, []), ({"a": "no key", "b": ""}, ["E216", "E216"]), ({"a": P384.pem}, ["E216"])],
)
def test_keys__are_of_the_curve_that_is_signed_with(keys, expected):
    assert codes(SESSIONAUTH_LEAK_KEYS=keys) == expected


@pytest.mark.parametrize("url", ["http://example.org", "https://", "https://[", "file:///etc/passwd", 3])
def test_url__is_https(url):
    assert codes(SESSIONAUTH_LEAK_KEYS_URL=url) == ["E002"]


def test_cryptography__is_missed_where_it_is_needed(monkeypatch):
    monkeypatch.setattr(partner, "HAS_CRYPTOGRAPHY", False)
    assert codes() == []
    assert codes(SESSIONAUTH_LEAK_KEYS={"a": P256.pem}) == ["E215"]
    assert codes(SESSIONAUTH_LEAK_KEYS_URL="https://example.org/keys") == ["E215"]
