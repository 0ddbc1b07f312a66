"""The formats of other packages."""

from __future__ import annotations

import pytest

from tests.checks.asking import SESSIONS, TOKEN, codes, hint, using

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("formats", "expected"),
    [
        ({}, []),
        ({"knox": {}}, []),
        ({"knox": {"prefixes": ["", "desk_"], "lengths": (64, 40), "algorithm": "sha256"}}, []),
        ({"drf-api-key": {"prefix_length": 8, "secret_length": 40}, "authtoken": {"lengths": [64]}}, []),
        ({"simplejwt": {}}, ["E002"]),
        ({"knox": []}, ["E002"]),
        ([], ["E002"]),
        ({"knox": {"prefix": "x"}}, ["E002"]),
        ({"knox": {"prefixes": "x"}}, ["E002"]),
        ({"knox": {"prefixes": ["x" * 11]}}, ["E002"]),
        ({"knox": {"lengths": []}}, ["E002"]),
        ({"knox": {"lengths": [0]}}, ["E002"]),
        ({"knox": {"lengths": [True]}}, ["E002"]),
        ({"knox": {"algorithm": "crc32"}}, ["E002"]),
        ({"knox": {"algorithm": "shake_128"}}, ["E002"]),
        ({"drf-api-key": {"prefix_length": [8]}}, ["E002"]),
        ({"drf-api-key": {"secret_length": 10**6}}, ["E002"]),
    ],
)
def test_formats__say_only_what_there_is_to_say(formats, expected):
    assert codes(SESSIONAUTH_IMPORTED_FORMATS=formats) == expected


@pytest.mark.parametrize(("claim", "expected"), [("brand", []), (["brand", "knox"], ["W217"])])
def test_package__that_goes_on_issuing_tokens(claim, expected, monkeypatch):
    monkeypatch.setattr("django.apps.apps.is_installed", lambda name: name in ("knox", "sessionauth"))
    authenticators = using(SESSIONS, {"NAME": TOKEN, "OPTIONS": {"claim": claim}})
    assert codes(**authenticators) == expected
    if expected:
        assert "take knox out" in hint("W217", **authenticators)
