"""Lengths of time and moments behind an option."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from sessionauth.management.spans import moment, span

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0s", timedelta()),
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("90d", timedelta(days=90)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_span__is_a_number_and_a_unit(text, expected):
    assert span(text) == expected


@pytest.mark.parametrize("text", ["", "d", "90", "-1d", "1.5h", "1y", "9999999d", "999999w", "1d ", "1d\n", "٣d"])
def test_span__refuses_all_else(text):
    with pytest.raises(argparse.ArgumentTypeError, match="no length of time"):
        span(text)


def test_moment__is_so_long_from_now():
    assert abs(moment("90d") - timezone.now() - timedelta(days=90)) < timedelta(minutes=1)


def test_moment__is_the_end_of_a_day_or_a_time(settings):
    settings.TIME_ZONE = "UTC"
    assert moment("2099-12-31") == datetime(2099, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert moment("2099-12-31T08:00+02:00") == datetime(2099, 12, 31, 6, tzinfo=UTC)
    assert moment("2099-12-31T08:00") == datetime(2099, 12, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize("text", ["0d", "2001-01-01", "2001-01-01T08:00Z"])
def test_moment__refuses_what_is_over(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is over"):
        moment(text)


@pytest.mark.parametrize("text", ["", "soon", "2099-13-01", "2099-02-30", "999999w", "\0"])
def test_moment__refuses_all_else(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is no time"):
        moment(text)
