"""Bars drawn on the server: whole numbers for an SVG, whose looks are a style sheet's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sessionauth.admin.figures import Day

#: The room of one day, of a bar, and of the whole, in units of the drawing.
SLOT, BAR, HEIGHT, FOOT = 30, 11, 120, 20


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `kind` is its class."""

    x: int
    y: int
    height: int
    kind: str


@dataclass(frozen=True, slots=True)
class Label:
    """The day of the month under its bars."""

    x: int
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of days side by side, and what stands beneath; `highest` is the number that the height stands for."""

    bars: list[Bar]
    labels: list[Label]
    highest: int
    width: int
    height: int = HEIGHT + FOOT
    base: int = HEIGHT
    bar: int = BAR
    text_y: int = HEIGHT + 15


def of_days(days: Sequence[Day]) -> Chart:
    """Return the chart of `days`."""
    highest = max((number for day in days for number in (day.succeeded, day.failed)), default=0)
    bars = [bar for place, day in enumerate(days) for bar in _bars(place, day, max(highest, 1))]
    labels = [Label(place * SLOT + SLOT // 2, str(day.date.day)) for place, day in enumerate(days)]
    return Chart(bars, labels, highest, SLOT * len(days))


def _bars(place: int, day: Day, highest: int) -> Iterator[Bar]:
    left = place * SLOT + SLOT // 2 - BAR
    for number, kind in ((day.succeeded, "succeeded"), (day.failed, "failed")):
        # What is there is seen, however small beside the highest.
        height = max(number * HEIGHT // highest, 2) if number else 0
        yield Bar(left, HEIGHT - height, height, kind)
        left += BAR
