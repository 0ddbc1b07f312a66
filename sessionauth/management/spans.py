"""Lengths of time and moments, as one writes them behind an option."""

from __future__ import annotations

import argparse
import re
from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

_FORM = re.compile(r"(\d{1,6})([smhdw])\Z", re.ASCII)
#: Beyond that there may be no such moment any more.
LONGEST = timedelta(days=366 * 1000)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def span(text: str) -> timedelta:
    """Return the length of time that `text` says, such as 30m, 12h, 90d or 2w; argparse says that it is none."""
    found = _FORM.match(text)
    length = None if found is None else timedelta(**{_UNITS[found[2]]: int(found[1])})
    if length is None or length > LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time; write one such as 30m, 12h, 90d or 2w")
    return length


def moment(text: str) -> datetime:
    """Return the moment that `text` says: a length of time from now, a date (its end) or a time in ISO 8601.

    argparse says that it is none, or is over.
    """
    found = _written(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write one such as 90d, 2030-12-31 or 2030-12-31T08:00Z")
    if found <= timezone.now():
        raise argparse.ArgumentTypeError(f"{text!r} is over")
    return found


def _written(text: str) -> datetime | None:
    try:
        if _FORM.match(text):
            return timezone.now() + span(text)
        day = parse_date(text)
        found = parse_datetime(text) if day is None else datetime.combine(day, time.max)
        return found if found is None or timezone.is_aware(found) else timezone.make_aware(found)
    except (ValueError, OverflowError, argparse.ArgumentTypeError):
        return None
