"""Prints every way in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from sessionauth.management.pathways import pathways
from sessionauth.management.printing import as_json, as_table, explain


class Command(BaseCommand):
    """A coat over sessionauth.management.pathways."""

    help = (
        "Prints every way in: what recognises a request, which backends check a password, which guards stand before "
        "them, how long a login lasts. ASVS 6.1.3 wants it written down; this is what the settings of now come to."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the option."""
        parser.add_argument("--json", action="store_true", help="Print one JSON object instead of tables.")
        explain(
            parser,
            """\
            examples:
              manage.py sessionauth_pathways
              manage.py sessionauth_pathways --json > pathways.json
            """,
        )

    def handle(self, **options: Any) -> None:
        """Print it."""
        found = pathways()
        if options["json"]:
            self.stdout.write(as_json(found))
            return
        for title, told in found.items():
            self.stdout.write(self.style.MIGRATE_HEADING(title))
            self._print(told)

    def _print(self, told: Any) -> None:
        if isinstance(told, dict):
            self.stdout.write(as_table(("", ""), [(name, _cell(value)) for name, value in told.items()]).lstrip("\n"))
        elif told:
            self.stdout.write(as_table(list(told[0]), [[_cell(value) for value in row.values()] for row in told]))
        else:
            self.stdout.write("none")


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name}={_cell(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return " ".join(map(_cell, value))
    return "" if value is None else str(value)
