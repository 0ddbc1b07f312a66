"""What commands print: JSON for programs, a table for people."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from textwrap import dedent, fill
from typing import Any

from django.core.management.base import CommandParser, DjangoHelpFormatter
from django.core.serializers.json import DjangoJSONEncoder

from sessionauth.audit.text import printable


def as_json(value: Any) -> str:
    """Return `value` as JSON; times in ISO 8601, keys of every type as they are or as strings.

    What does not print is escaped as in a table: JSON itself allows the controls of C1, which terminals obey.
    """
    text = json.dumps(value, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def as_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table with a line for each of `rows`. What does not print is escaped: it is what strangers sent."""
    lines = [list(head), *([printable("" if cell is None else cell, 120) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


class HelpFormatter(DjangoHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of the examples, and puts Django's own options last."""


def explain(parser: CommandParser, examples: str) -> None:
    """Let `--help` of `parser` be worth reading: its description in lines, `examples` below the options."""
    parser.description = fill(parser.description or "", 79)
    parser.epilog = dedent(examples)
    parser.formatter_class = HelpFormatter
