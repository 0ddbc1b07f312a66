"""What commands print: JSON for programs, a table for people."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from textwrap import dedent
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from sessionauth.audit.text import printable


def as_json(value: Any) -> str:
    """Return `value` as JSON; times in ISO 8601, keys of every type as they are or as strings."""
    return json.dumps(value, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)


def as_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table with a line for each of `rows`. What does not print is escaped: it is what strangers sent."""
    lines = [list(head), *([printable("" if cell is None else cell, 60) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def examples(parser: argparse.ArgumentParser, text: str) -> None:
    """Show `text` under the options in `--help`, line by line as it stands."""
    parser.epilog = dedent(text)
    parser.formatter_class = _Formatter


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Puts no option of Django's before ours, and keeps the lines of the examples."""
