"""Takes over the tokens and keys of another package."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from sessionauth.credentials import importing, sources
from sessionauth.credentials.formats import FORMATS
from sessionauth.management.printing import as_json, explain
from sessionauth.management.progress import Progress

IMPORTED, WOULD = "imported", "would be ours from now on"
#: What each outcome means to whoever reads it.
SAYS = {
    IMPORTED: "are ours from now on",
    "known": "were imported before",
    "revoked": "had been revoked; what was imported before they were is revoked here, too",
    "expired": "had expired",
    "orphaned": "are of users who are gone",
    "slow": "are hashed as passwords are, and cannot be looked up: let their clients use them once more with "
    "djangorestframework-api-key 3, which hashes them anew, and import again; or issue new ones",
    "unlike": "do not look as SESSIONAUTH_IMPORTED_FORMATS says that they do",
}


class Command(BaseCommand):
    """A coat over sessionauth.credentials.importing."""

    help = (
        "Makes keys and tokens of ours of those of another package, so that what clients have in their hands goes on "
        'working: with "claim": ["brand", "knox"] among the OPTIONS of an authenticator, say. The other table is '
        "only read, and the package need not be installed any more. It may be interrupted, and repeated: what was "
        "imported is not imported again, and what drf-api-key has marked as revoked since is revoked here, too. "
        "knox and authtoken delete what they revoke, which cannot be seen: revoke here what was imported."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the options."""
        parser.add_argument("package", choices=FORMATS, help="Whose they are.")
        parser.add_argument("--dry-run", action="store_true", help="Count what would be imported, and write nothing.")
        parser.add_argument(
            "--scope", action="append", metavar="SCOPE", help="Restrict them to this scope; may stand several times."
        )
        parser.add_argument("--name", default="", help="What they are called, where the package has no name for them.")
        parser.add_argument(
            "--login-bound",
            action="store_true",
            help="Let tokens end with a new password of their user, and when the user is signed out everywhere.",
        )
        parser.add_argument("--model", default="", metavar="APP.MODEL", help="A model of your own in place of theirs.")
        parser.add_argument("--table", default="", metavar="NAME", help="The table, where there is no model any more.")
        parser.add_argument("--database", default="", choices=tuple(connections), metavar="ALIAS", help="Its database.")
        parser.add_argument(
            "--batch", type=_number, default=importing.BATCH, metavar="N", help="Rows at a time (1000)."
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object instead of a table.")
        explain(
            parser,
            """\
            examples:
              manage.py sessionauth_import knox --dry-run
              manage.py sessionauth_import knox --login-bound
              manage.py sessionauth_import drf-api-key --scope reports:read --json
              manage.py sessionauth_import authtoken --table old_tokens
            """,
        )

    def handle(self, **options: Any) -> None:
        """Import, and tell what became of the rows."""
        package = options["package"]
        if options["login_bound"] and FORMATS[package].kind != "pat":
            raise CommandError("--login-bound is for tokens: these keys are nobody's.")
        try:
            told = self._take_over(package, options)
        except sources.NoSource as error:
            raise CommandError(str(error)) from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self._print(told, options)

    def _take_over(self, package: str, options: dict[str, Any]) -> Counter[str]:
        where = {"model": options["model"], "table": options["table"], "using": options["database"]}
        source = sources.source(package, **where)
        name = options["name"] or f"Imported from {package}"
        wishes = importing.Wishes(scopes=_scopes(options["scope"]), name=name, is_login_bound=options["login_bound"])
        progress = Progress(self.stderr, "rows", source.count() if self.stderr.isatty() else 0)
        try:
            return importing.take_over(
                source, wishes, batch=options["batch"], dry_run=options["dry_run"], progress=progress
            )
        finally:
            progress.done()

    def _print(self, told: Counter[str], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(as_json({"dry_run": options["dry_run"], "rows": told}))
            return
        if options["dry_run"]:
            self.stdout.write("Nothing is written. Of the rows,")
        for outcome, says in SAYS.items():
            if told[outcome] or outcome == IMPORTED:
                self.stdout.write(f"{told[outcome]} {WOULD if outcome == IMPORTED and options['dry_run'] else says}")
        if told["inactive"]:
            self.stdout.write(f"{told['inactive']} of them are of inactive users, and refused until these are active.")
        if FORMATS[options["package"]].kind == "key" and options["scope"] is None and told[IMPORTED]:
            self.stdout.write("Keys of nobody may do nothing that asks for a scope. Give them some with --scope.")


def _scopes(given: list[str] | None) -> list[str] | None:
    return None if given is None else sorted(set(given))


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text[:9]) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 100000")
    return int(text[:9])
