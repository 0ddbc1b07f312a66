"""`manage.py demo`: everything that is needed to try the Invoice Desk, in one command."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.db.migrations.exceptions import InconsistentMigrationHistory

from demo.check import failures
from demo.line import Group, Line
from demo.lines import PROBE, groups, guessing
from demo.people import PEOPLE
from demo.secrets import Secrets
from demo.seed import retire, seed
from demo.server import serve, serve_beside
from demo.stale import is_stale
from invoices.models import Invoice

PAGES = (
    ("/", "the home page: it looks at nobody"),
    ("/account/login/", "sign in; tick the box to be remembered"),
    ("/account/who-am-i/", "who am I: everything that request.auth knows"),
    ("/account/devices/", "where you are signed in, and how to end it"),
    ("/account/bank-details/", "a page for fresh logins only"),
    ("/account/link/", "sign in by a one-time link"),
    ("/mails/", "the mails that carry it, and others"),
    ("/account/keys/", "issue a key or a token of your own"),
    ("/invoices/", "invoices"),
    ("/staff/", "the desk of staff"),
    ("/staff/customers/", "as Sue: see the site as a customer does"),
    ("/account/impersonation/", "whom you act as, and the way out of it"),
    ("/reports/", "figures, protected by a setting"),
    ("/api-lines/", "the API, with these curl lines"),
    ("/admin/", "Django's admin"),
)


class Command(BaseCommand):
    """Migrate, fill the database, print what to try, and serve."""

    help = "Migrates, fills the database, prints what to open and curl lines that work, and runs the server."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where to listen, and what to leave out."""
        parser.add_argument("at", type=int, nargs="?", metavar="PORT", help="The same as --port.")
        parser.add_argument("--port", type=int, default=8000, help="Port to listen on, 0 for a free one (8000).")
        parser.add_argument("--host", default="127.0.0.1", help="Address to listen on (127.0.0.1).")
        parser.add_argument("--no-server", action="store_true", help="Fill the database and print, and leave it there.")
        parser.add_argument("--check", action="store_true", help="Execute every curl line, report, and end.")

    def handle(self, *args: Any, port: int, host: str, no_server: bool, check: bool, **options: Any) -> None:
        """Run the demo as the options say."""
        port = port if options["at"] is None else options["at"]
        migrate()
        if check:
            self.try_lines(host)
        elif no_server:
            self.tell(seed(), _base(host, port))
        else:
            self.run_server(host, port)

    def try_lines(self, host: str) -> None:
        """Check the curl lines, and leave neither their keys nor the invoice that they make."""
        secrets = seed("check")
        known = list(Invoice.objects.values_list("pk", flat=True))
        try:
            self.check_lines(groups(secrets), host)
        finally:
            Invoice.objects.filter(lines__description=PROBE).exclude(pk__in=known).delete()
            retire("check", older_than=timedelta(0))

    def run_server(self, host: str, port: int) -> None:
        """Serve until Ctrl-C; keys are issued, and what to try is printed, once connections are accepted."""
        if host not in ("127.0.0.1", "localhost", "::1"):
            self.stderr.write("The passwords of this demo are public: let nobody reach it whom you would not let in.")

        def when_ready(bound: int) -> None:
            self.tell(seed(), _base(host, bound))
            self.stdout.write(f"\nready: {_base(host, bound)}/  (pages and people stand above; Ctrl-C ends it)")
            self.stdout.flush()

        # Visitors see the site's own error pages; Django's yellow ones carry styles that the site's policy refuses.
        settings.DEBUG = False
        try:
            serve(host, port, when_ready)
        except KeyboardInterrupt:
            self.stdout.write("")
        except OSError as error:
            raise CommandError(f"Cannot listen on port {port}: {error.strerror}. Try ./dev demo {port + 1}.") from None

    def tell(self, secrets: Secrets, base: str) -> None:
        """Print what to open, as whom, and the curl lines."""
        self.heading("Open")
        for path, what in PAGES:
            self.stdout.write(f"  {base + path:<46}  {what}")
        self.heading("Sign in as")
        for person in PEOPLE:
            self.stdout.write(f"  {person.email:<20}  {person.password:<18}  {person.task}")
        for group in groups(secrets):
            self.heading(group.title)
            for line in group.lines:
                self.tell_line(line, base)
        self.heading("Somebody guesses a password")
        self.stdout.write(guessing(base))
        self.stdout.write(self.style.SUCCESS("# → ten times 401, then 429: ten in five minutes are allowed here"))

    def tell_line(self, line: Line, base: str) -> None:
        """Print one curl line and what to expect of it."""
        self.stdout.write(f"# {line.title}")
        self.stdout.write(line.command(base))
        self.stdout.write(self.style.SUCCESS(f"# → {line.status}  {line.answer}".rstrip()) + "\n")

    def heading(self, title: str) -> None:
        """Print a title."""
        self.stdout.write("\n" + self.style.MIGRATE_HEADING(title))

    def check_lines(self, groups: tuple[Group, ...], host: str) -> None:
        """Execute every line against a server of our own. Raises CommandError if one does not do what it says."""
        base = _base(host, serve_beside(host))
        for name in ("django.server", "django.request", "django.security.csrf"):
            logging.getLogger(name).setLevel(logging.ERROR)  # refusals are what is expected here
        wrong = 0
        lines = [line for group in groups for line in group.lines]
        for line, trouble in failures(lines, base):
            wrong += bool(trouble)
            verdict = self.style.ERROR("FAIL") if trouble else self.style.SUCCESS("ok  ")
            self.stdout.write(f"{verdict}  {line.status}  {line.title}" + (f": {trouble}" if trouble else ""))
        if wrong:
            raise CommandError(f"{wrong} of {len(lines)} curl lines do not do what they say.")
        self.stdout.write(f"All {len(lines)} curl lines do what they say.")


def migrate() -> None:
    """Bring the database up to date. Raises CommandError for one that migrations since rewritten have made."""
    try:
        call_command("migrate", verbosity=0, interactive=False)
        stale = is_stale()
    except (DatabaseError, InconsistentMigrationHistory):
        stale = True
    if stale:
        name = Path(str(settings.DATABASES["default"]["NAME"])).name
        raise CommandError(
            f"The demo's database is of an earlier state of this project, rewritten since. Delete {name} in the demo's "
            "folder (var/ beside manage.py, or EXAMPLE_VAR_DIR) and start again: it is made anew."
        )


def _base(host: str, port: int) -> str:
    # "Every address" is none that one could open.
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    shown = f"[{shown}]" if ":" in shown else shown
    return f"http://{shown}:{port}"
