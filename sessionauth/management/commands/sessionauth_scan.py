"""Looks for keys and tokens in files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessionauth.audit.text import printable
from sessionauth.credentials import leaks, patterns, scanning
from sessionauth.management.printing import as_json, explain
from sessionauth.management.progress import Progress

STDIN = "-"
MEGABYTE = 1024 * 1024
LONGEST_PLACE = 5000


class Command(BaseCommand):
    """A coat over sessionauth.credentials.scanning, patterns and leaks."""

    help = (
        "Looks for keys and tokens of this site in files, by their form and checksum. Says where they are, and never "
        "shows one. Exits with 1 if there are any. Needs no database, unless it is asked what they are good for. "
        "With --pattern it prints what other scanners need to look for them."
    )
    #: It runs where nothing is configured: before a commit, in a build.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the options."""
        parser.add_argument("paths", nargs="*", metavar="PATH", help="Files and folders; - for the standard input.")
        parser.add_argument("--check", action="store_true", help="Ask the database what they are good for.")
        parser.add_argument("--revoke", action="store_true", help="Revoke those that are still good for anything.")
        parser.add_argument(
            "--skip", action="append", default=[], metavar="NAME", help="Also leave out folders of this name."
        )
        parser.add_argument(
            "--max-size", type=_megabytes, default=50, metavar="MB", help="Leave out larger files (50)."
        )
        parser.add_argument("--binary", action="store_true", help="Look into binary files, too.")
        parser.add_argument(
            "--pattern", choices=patterns.FORMS, help="Print the pattern in this form, and scan nothing."
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object instead of lines.")
        explain(
            parser,
            """\
            examples:
              manage.py sessionauth_scan .
              git diff --cached | manage.py sessionauth_scan -
              manage.py sessionauth_scan --revoke --json /var/log
              manage.py sessionauth_scan --pattern gitleaks > .gitleaks.toml
            """,
        )

    def handle(self, **options: Any) -> None:
        """Print a pattern, or scan."""
        if options["pattern"]:
            self.stdout.write(patterns.written(options["pattern"]), ending="")
            return
        if not options["paths"]:
            raise CommandError("Name files or folders, or - for the standard input.", returncode=2)
        skipped = scanning.Skipped()
        asks = _Answers(revokes=options["revoke"]) if options["check"] or options["revoke"] else None
        found = [_row(place, one, asks) for place, one in self._finds(options, skipped)]
        self._print(found, skipped, options)
        if found:
            raise CommandError(f"{len(found)} {'secret' if len(found) == 1 else 'secrets'} found.", returncode=1)

    def _finds(self, options: dict[str, Any], skipped: scanning.Skipped) -> Iterator[tuple[str, scanning.Found]]:
        paths = [path for path in options["paths"] if path != STDIN]
        if STDIN in options["paths"]:
            yield from (("(stdin)", one) for one in scanning.finds(sys.stdin.buffer))
        for path in self._with_progress(_files(paths, skipped, {*scanning.SKIPPED, *options["skip"]})):
            found = scanning.scan(path, skipped, largest=options["max_size"] * MEGABYTE, with_binary=options["binary"])
            yield from ((str(path), one) for one in found)

    def _with_progress(self, files: Iterator[Path]) -> Iterator[Path]:
        if not self.stderr.isatty():
            yield from files
            return
        listed = list(files)
        progress = Progress(self.stderr, "files", len(listed))
        for path in listed:
            yield path
            progress()
        progress.done()

    def _print(self, found: list[dict[str, Any]], skipped: scanning.Skipped, options: dict[str, Any]) -> None:
        left_out = {"binary": skipped.binary, "large": skipped.large, "unreadable": skipped.unreadable}
        if options["json"]:
            self.stdout.write(as_json({"found": found, "skipped": left_out}))
            return
        # As compilers write it, so that editors find the place.
        for row in found:
            place = printable(f"{row['path']}:{row['line']}", LONGEST_PLACE)
            self.stdout.write(" ".join([f"{place}:", row["hint"], row.get("standing", "")]).rstrip())
        if not found:
            self.stdout.write("No secrets.")
        if told := ", ".join(f"{number} {why}" for why, number in left_out.items() if number):
            self.stderr.write(f"Not looked into: {told}.")


class _Answers:
    """What secrets are good for, asked once for each, however often it stands somewhere."""

    def __init__(self, *, revokes: bool) -> None:
        self._revokes = revokes
        self._known: dict[str, str] = {}

    def __call__(self, one: scanning.Found, place: str) -> str:
        known = self._known.get(one.secret)
        if known is None:
            known = self._known[one.secret] = self._ask(one, place)
        return known

    def _ask(self, one: scanning.Found, place: str) -> str:
        if self._revokes and leaks.report(one.parsed, url=f"{place}:{one.line}", source="scan"):
            return "revoked now"
        return leaks.standing(one.parsed)


def _row(place: str, one: scanning.Found, asks: _Answers | None) -> dict[str, Any]:
    # A name that is no UTF-8 would be a name that nobody can print.
    place = place.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    row = {"path": place, "line": one.line, "kind": one.parsed.kind, "hint": one.parsed.hint}
    return row if asks is None else {**row, "standing": asks(one, place)}


def _files(paths: list[str], skipped: scanning.Skipped, skip: set[str]) -> Iterator[Path]:
    try:
        yield from scanning.files(paths, skipped, skip)
    except FileNotFoundError as error:
        raise CommandError(f"There is no {printable(error)}.", returncode=2) from None


def _megabytes(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text[:9]) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of megabytes")
    return int(text[:9])
