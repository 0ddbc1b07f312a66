"""Lists accounts and names that are locked, and unlocks them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessionauth.guards import unlock
from sessionauth.guards.counters import Unavailable
from sessionauth.management.listing import names_of
from sessionauth.management.people import find_user
from sessionauth.management.printing import as_json, as_table, explain
from sessionauth.management.progress import Progress

COLUMNS = ("id", "user", "failures", "last_attempt_at", "waits_until")


class Command(BaseCommand):
    """A coat over sessionauth.guards.unlock."""

    help = (
        "Lists accounts, and names that nobody has, that wait or are locked after failures one after the other; or "
        "lets them try again, also where a rate alone holds them up. Names that nobody has are counted by a digest: "
        "nobody can say what they are, but whoever knows one can unlock it. What is counted by address is left."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the options."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--list", action="store_true", help="Show who waits or is locked; unlock nobody.")
        which.add_argument("--user", metavar="NAME_OR_ID", help="Unlock this user.")
        which.add_argument("--name", help="Unlock this name as it was typed, an account's or nobody's.")
        which.add_argument("--all", action="store_true", help="Unlock everybody who is listed.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        explain(
            parser,
            """\
            examples:
              manage.py sessionauth_unlock --list
              manage.py sessionauth_unlock --user alice
              manage.py sessionauth_unlock --name "alice@example.org"
              manage.py sessionauth_unlock --all --json
            """,
        )

    def handle(self, **options: Any) -> None:
        """List, or unlock."""
        if options["list"]:
            self._list(is_json=options["json"])
            return
        try:
            unlocked = self._unlock(options)
        except Unavailable:
            raise CommandError("The database does not let the counters be written.") from None
        self.stdout.write(as_json({"unlocked": unlocked}) if options["json"] else f"{unlocked} unlocked.")

    def _unlock(self, options: dict[str, Any]) -> int:
        if options["user"] is not None:
            return unlock.unlock(find_user(options["user"]))
        if options["name"] is not None:
            return unlock.unlock_name(options["name"])
        rows = list(unlock.locked())
        progress = Progress(self.stderr, "locks", len(rows))
        unlocked = 0
        for row in rows:
            unlocked += unlock.unlock_row(row)
            progress()
        progress.done()
        return unlocked

    def _list(self, *, is_json: bool) -> None:
        rows = list(unlock.locked().order_by("-changed_at", "-pk"))
        names = names_of({row.user_id for row in rows if row.user_id is not None})
        found = [
            {
                "id": row.pk,
                "user_id": row.user_id,
                "user": names.get(row.user_id),
                "failures": row.count,
                "last_attempt_at": row.changed_at,
                "waits_until": row.blocked_until,
            }
            for row in rows
        ]
        if is_json:
            self.stdout.write(as_json({"locked": found}))
        elif not found:
            self.stdout.write("Nobody waits or is locked after failures. Rates are not listed; --user lifts them, too.")
        else:
            self.stdout.write(as_table(COLUMNS, [[row[name] for name in COLUMNS] for row in found]))
