"""What strangers write, made fit for a log."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from sessionauth.audit.text import details, moment, name_digest, printable

pytestmark = pytest.mark.once

FORGED = {
    "line break": ("alice\nlogin_succeeded", "alice\\nlogin_succeeded"),
    "carriage return": ("a\rb", "a\\rb"),
    "terminal": ("\x1b[31mred", "\\x1b[31mred"),
    "NUL": ("a\0b", "a\\x00b"),
    "line separator": ("a\u2028b", "a\\u2028b"),
    "next line": ("a\x85b", "a\\x85b"),
    "writing backwards": ("a\u202eb", "a\\u202eb"),
    "nothing to see": ("a\u200bb", "a\\u200bb"),
    "half a character": ("a\ud800b", "a\\ud800b"),
    "an escape of its own": ("a\\nb", "a\\\\nb"),
    "plain": ("Zoë Ångström, 你好 🙂", "Zoë Ångström, 你好 🙂"),
}


@pytest.mark.parametrize(("given", "kept"), FORGED.values(), ids=list(FORGED))
def test_printable__is_one_line_that_cannot_be_taken_for_another(given, kept):
    assert printable(given) == kept
    printable(given).encode()


@pytest.mark.parametrize("value", ["x" * 10_000, "\0" * 10_000, "\U000e0001" * 500])
def test_printable__is_bounded(value):
    assert len(printable(value, 50)) == 50


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        2.5,
        2**80,
        float("nan"),
        b"bytes\n",
        object(),
        {"a\n" * 100: ["x" * 1000] * 1000},
        [[[[[["deep"]]]]]],
        {1, 2},
        {f"name{number}": number for number in range(1000)},
    ],
    ids=lambda value: type(value).__name__,
)
def test_details__are_json_and_small(value):
    kept = json.dumps(details(value), allow_nan=False)
    assert len(kept) < 10_000
    assert "\\n" not in kept.replace("\\\\n", "")


def test_details__keep_what_is_plain():
    assert details({"failures": 3, "until": datetime(2026, 1, 1, tzinfo=UTC)}) == {
        "failures": 3,
        "until": "2026-01-01T00:00:00.000000+00:00",
    }


def test_moment__is_in_utc():
    there = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    assert moment(there) == "2026-01-01T07:00:00.000000+00:00"


def test_name_digest__is_the_same_for_all_spellings_and_hides_the_name():
    assert name_digest("Alice") == name_digest(" ＡＬＩＣＥ ") != name_digest("bob")
    assert "alice" not in name_digest("alice").lower()
    assert len(name_digest("x" * 10**6)) == len(name_digest("\ud800")) == 16


def test_name_digest__is_keyed(settings):
    """Or a list of names would tell whose it is."""
    before = name_digest("alice")
    settings.SECRET_KEY = "another"
    assert name_digest("alice") != before
