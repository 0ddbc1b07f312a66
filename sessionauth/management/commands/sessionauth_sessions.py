"""Lists who is signed in where, and signs them out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from sessionauth.management.listing import REMEMBERED, SESSIONS, Listing
from sessionauth.management.people import find_user, row_key
from sessionauth.management.printing import as_json, as_table, explain
from sessionauth.management.progress import Progress
from sessionauth.models import LoginSession, RememberToken
from sessionauth.sessions import everybody, registry


class Command(BaseCommand):
    """A coat over sessionauth.sessions."""

    help = (
        "Lists signed-in and remembered browsers, or signs them out. What is revoked ends with the browser's next "
        "request, whatever keeps the sessions. Session keys are shown nowhere: nobody has them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the two acts and their options."""
        acts = parser.add_subparsers(dest="act", required=True, metavar="list|revoke")
        self._describe_list(acts.add_parser("list", help="Show browsers, the latest first."))
        self._describe_revoke(acts.add_parser("revoke", help="Sign browsers out, and forget remembered ones."))
        explain(
            parser,
            """\
            examples:
              manage.py sessionauth_sessions list --user alice --active
              manage.py sessionauth_sessions list --json --limit 0
              manage.py sessionauth_sessions revoke --id 12 --id 13
              manage.py sessionauth_sessions revoke --user alice@example.org --reason "lost laptop"
              manage.py sessionauth_sessions revoke --all --no-input
            """,
        )

    def _describe_list(self, parser: CommandParser) -> None:
        parser.add_argument("--user", metavar="NAME_OR_ID", help="Only those of this user.")
        parser.add_argument("--active", action="store_true", help="Only those that have not ended.")
        parser.add_argument("--limit", type=int, default=100, metavar="N", help="At most N of each; 0 for all (100).")
        parser.add_argument("--json", action="store_true", help="Print one JSON object instead of tables.")

    def _describe_revoke(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--id", type=row_key, action="append", metavar="ID", help="This login session, as listed.")
        which.add_argument(
            "--remembered", type=row_key, action="append", metavar="ID", help="This remembered browser, as listed."
        )
        which.add_argument("--user", metavar="NAME_OR_ID", help="Every browser of this user, also unlisted ones.")
        which.add_argument("--all", action="store_true", help="Every browser of everybody; asks first.")
        parser.add_argument("--reason", default="command", help="What is kept with the rows (command).")
        parser.add_argument("--no-input", action="store_false", dest="interactive", help="Do not ask.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object instead of a sentence.")

    def handle(self, **options: Any) -> None:
        """Do the one or the other."""
        if options["act"] == "list":
            self._list(options)
        else:
            self._revoke(options)

    def _list(self, options: dict[str, Any]) -> None:
        user = None if options["user"] is None else find_user(options["user"])
        found = {
            listing.name: listing.read(user=user, active=options["active"], limit=max(0, options["limit"]))
            for listing in (SESSIONS, REMEMBERED)
        }
        if options["json"]:
            self.stdout.write(as_json(found))
            return
        for listing in (SESSIONS, REMEMBERED):
            self._print(listing, found[listing.name])

    def _print(self, listing: Listing, found: list[dict[str, Any]]) -> None:
        if not found:
            self.stdout.write(f"No {listing.title}.")
            return
        self.stdout.write(f"{len(found)} {listing.title}:")
        self.stdout.write(as_table(listing.columns, [[row[name] for name in listing.columns] for row in found]))

    def _revoke(self, options: dict[str, Any]) -> None:
        reason = options["reason"]
        if options["id"]:
            revoked = _revoke_rows(registry.rows(), options["id"], reason)
        elif options["remembered"]:
            revoked = _revoke_rows(registry.remembered(), options["remembered"], reason)
        elif options["user"] is not None:
            user = find_user(options["user"])
            revoked = registry.rows().filter(user_id=user.pk, revoked_at=None).count()
            registry.logout_everywhere(user, reason)
        else:
            revoked = self._revoke_all(reason, ask=options["interactive"])
        if options["json"]:
            self.stdout.write(as_json({"revoked": revoked}))
        else:
            # Those have no row that could be counted.
            also = "; sessions from before this app have ended as well" if options["all"] or options["user"] else ""
            self.stdout.write(f"{revoked} revoked{also}.")

    def _revoke_all(self, reason: str, *, ask: bool) -> int:
        if ask and not self._is_sure():
            raise CommandError("Nothing was revoked.")
        progress = Progress(self.stderr, "users", get_user_model()._base_manager.count() if self.stderr.isatty() else 0)
        try:
            return everybody.logout_everybody(reason, progress=progress)
        finally:
            progress.done()

    def _is_sure(self) -> bool:
        try:
            return input("Sign everybody out of every browser? [yes/no] ").strip().lower() == "yes"
        except EOFError:
            return False


def _revoke_rows(rows: QuerySet[Any], keys: list[int], reason: str) -> int:
    """Revoke the rows with these keys, and return how many had not been. Raises CommandError for one that is not there.

    Before anything is revoked: a wrong number among right ones is a mistake to be looked at.
    """
    found: dict[int, LoginSession | RememberToken] = rows.in_bulk(keys)
    if missing := sorted(set(keys) - set(found)):
        raise CommandError(f"There is no such row: {', '.join(map(str, missing))}.")
    return sum(row.revoke(reason) for row in found.values())
