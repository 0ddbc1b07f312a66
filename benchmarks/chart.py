"""Bar charts as SVG, one for light pages and one for dark ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABEL, VALUE = 720, 250, 60
BAR, GAP, TOP = 13, 11, 34


@dataclass(frozen=True)
class Colours:
    text: str
    line: str
    ours: tuple[str, str]
    others: tuple[str, str]


LIGHT = Colours("#24292f", "#8c959f", ("#0a66c2", "#6aa9e9"), ("#6e7781", "#b6bdc5"))
DARK = Colours("#e6edf3", "#6e7681", ("#58a6ff", "#2f6bb0"), ("#9ea7b3", "#5c6570"))
THEMES = {"light": LIGHT, "dark": DARK}


@dataclass(frozen=True)
class Bars:
    """A row of the chart: a value for each series, None where there is none."""

    label: str
    values: Sequence[float | None]
    is_ours: bool


def draw(title: str, series: Sequence[str], rows: Sequence[Bars], colours: Colours) -> str:
    """Return an SVG document in which each row has a bar for each of `series`, and 1.00 is marked."""
    most = max([1.0, *(value for row in rows for value in row.values if value is not None)])
    scale = (WIDTH - LABEL - VALUE) / most
    height = TOP + len(rows) * (BAR * len(series) + GAP) + 24
    one = LABEL + scale
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{colours.text}">',
        f"<title>{escape(title)}</title>",
        f'<path d="M{one:.1f} {TOP - 8}V{height - 22}" stroke="{colours.line}" stroke-dasharray="3 3"/>',
        f'<text x="{one:.1f}" y="{height - 6}" text-anchor="middle">1.00</text>',
    ]
    for number, name in enumerate(series):
        x = LABEL + number * 170
        parts.append(f'<rect x="{x}" y="6" width="11" height="11" fill="{colours.others[number]}"/>')
        parts.append(f'<text x="{x + 17}" y="16">{escape(name)}</text>')
    y = TOP
    for row in rows:
        middle = y + BAR * len(series) / 2 + 4
        weight = ' font-weight="600"' if row.is_ours else ""
        parts.append(f'<text x="{LABEL - 10}" y="{middle:.1f}" text-anchor="end"{weight}>{escape(row.label)}</text>')
        for number, value in enumerate(row.values):
            if value is not None:
                colour = (colours.ours if row.is_ours else colours.others)[number]
                width = max(1.0, value * scale)
                parts.append(f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR - 2}" fill="{colour}"/>')
                parts.append(f'<text x="{LABEL + width + 6:.1f}" y="{y + BAR - 3}">{value:.2f}</text>')
            y += BAR
        y += GAP
    return "\n".join([*parts, "</svg>"]) + "\n"
