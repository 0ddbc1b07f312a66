"""Deletes what means nothing any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessionauth import retention
from sessionauth.impersonation import service
from sessionauth.management.printing import as_json, as_table, explain
from sessionauth.management.progress import Progress


class Command(BaseCommand):
    """A coat over sessionauth.retention."""

    help = (
        "Deletes login sessions that have ended or run out, remembered browsers that have expired, keys and tokens "
        "that ended longer ago than SESSIONAUTH_CREDENTIAL_RETENTION, counters that are over, events older than "
        "SESSIONAUTH_AUDIT_RETENTION, and impersonations that ended longer ago than "
        "SESSIONAUTH_IMPERSONATION_RETENTION; those that are overdue are ended before. Nobody who is signed in is "
        "signed out. It works in small transactions, may be interrupted at any time, and may run twice at once. Once a "
        "day is often enough."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the options."""
        parser.add_argument("--dry-run", action="store_true", help="Count what would go, and delete nothing.")
        tables = retention.tables()
        parser.add_argument(
            "--only", action="append", choices=tables, metavar="TABLE", help=f"Only this one of {', '.join(tables)}."
        )
        parser.add_argument(
            "--unseen",
            type=int,
            metavar="DAYS",
            help="Also end and delete login sessions that were not used for so many days, although they may be alive. "
            "Their browsers have to sign in again. By default 400, for as long as any browser keeps a cookie.",
        )
        parser.add_argument(
            "--batch", type=int, default=retention.BATCH, metavar="N", help="Rows in one transaction (1000)."
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object instead of a table.")
        explain(
            parser,
            """\
            examples:
              manage.py sessionauth_prune --dry-run
              manage.py sessionauth_prune --only events --only throttles
              manage.py sessionauth_prune --json
            """,
        )

    def handle(self, **options: Any) -> None:
        """Count, or delete."""
        if options["batch"] < 1:
            raise CommandError("--batch must be at least 1.")
        if options["unseen"] is not None and options["unseen"] < 1:
            raise CommandError("--unseen must be at least 1 day.")
        unseen = None if options["unseen"] is None else timedelta(days=options["unseen"])
        piles = retention.piles(unseen=unseen)
        chosen = [pile for pile in piles if not options["only"] or pile.name in options["only"]]
        ended = self._end_impersonations(options)
        counts = {pile.name: self._count_or_delete(pile, options) for pile in chosen}
        if options["json"]:
            self.stdout.write(as_json({"dry_run": options["dry_run"], "rows": counts, "impersonations_ended": ended}))
        else:
            word = "would be deleted" if options["dry_run"] else "deleted"
            self.stdout.write(as_table(("table", word), list(counts.items())))
            if ended:
                told = "Impersonations that would be ended" if options["dry_run"] else "Impersonations ended"
                self.stdout.write(f"{told}: {ended}")

    def _end_impersonations(self, options: dict[str, Any]) -> int:
        if options["only"] and "impersonations" not in options["only"]:
            return 0
        if options["dry_run"]:
            return service.overdue_rows().count()
        return service.close_overdue(batch=options["batch"])

    def _count_or_delete(self, pile: retention.Pile, options: dict[str, Any]) -> int:
        if options["dry_run"]:
            return pile.rows.count()
        # Counting is dear where the table is large, and nobody may be looking.
        progress = Progress(self.stderr, pile.name, pile.rows.count() if self.stderr.isatty() else 0)
        try:
            return retention.prune(pile, batch=options["batch"], progress=progress)
        finally:
            progress.done()
