"""What `sessionauth_apikey` and `sessionauth_token` have in common: everything but whom they are about."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.views.decorators.debug import sensitive_variables

from sessionauth import scopes
from sessionauth.audit.text import printable
from sessionauth.credentials import rows as credentials
from sessionauth.credentials.issuing import issue
from sessionauth.credentials.revoking import revoke_all
from sessionauth.credentials.rotating import rotate
from sessionauth.credentials.states import state_of, with_owners
from sessionauth.exceptions import AlreadyRotated, CredentialConflict, TooManyCredentials
from sessionauth.management import credential_options as options_of
from sessionauth.management import credential_rows as which
from sessionauth.management.people import find_user
from sessionauth.management.printing import as_json, as_table, explain
from sessionauth.management.progress import Progress
from sessionauth.models import AbstractCredential

#: How long what is said about a row can be.
LONGEST = 1000


class CredentialCommand(BaseCommand):
    """A coat over sessionauth.credentials. A subclass says what it is about.

    The secret is all that `create` and `rotate` print to stdout, once, so that it can be piped to where it belongs;
    what there is to say about it goes to stderr.
    """

    #: Whose rows it is about where --model says nothing else.
    model: ClassVar[type[AbstractCredential]]
    examples: ClassVar[str]

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the four acts and their options."""
        noun = str(self.model._meta.verbose_name)
        acts = parser.add_subparsers(dest="act", required=True, metavar="create|list|rotate|revoke")
        for name, describe, says in (
            ("create", options_of.create, f"Issue an {noun} and print its secret, once: nobody can show it again."),
            ("list", options_of.listing, "Show which there are, the latest first, without their secrets."),
            ("rotate", options_of.rotate, "Put a new secret in the place of one, with the same limits; print it once."),
            ("revoke", options_of.revoke, "End them for good: their next request is refused."),
        ):
            act = acts.add_parser(name, help=says, description=says)
            describe(act)
            options_of.everywhere(act, self.model)
        explain(parser, self.examples)

    def handle(self, **options: Any) -> None:
        """Do one of the four."""
        model = which.find_model(options["model"], self.model)
        act = {"create": self._create, "list": self._list, "rotate": self._rotate, "revoke": self._revoke}
        act[options["act"]](model, options)

    @sensitive_variables("secret")
    def _create(self, model: which.Model, options: dict[str, Any]) -> None:
        user = None if options["user"] is None else find_user(options["user"])
        fields = self._owner(model, user) | _own_fields(model, options["set"] or ())
        try:
            row, secret = issue(model, **fields, **options_of.limits(options))
        except ValidationError as wrong:
            raise CommandError(_sentence(wrong)) from None
        except TooManyCredentials:
            raise CommandError("The user has as many of these as they may have. Revoke one first.") from None
        if user is None and row.get_user() is None and row.scopes is None:
            self._say("It acts for nobody, and no --scope was given: it says who is calling, and may do nothing.")
        if user is not None:
            self._tell_of_riddles(user, row.scopes or ())
        self._hand_out(row, secret, options)

    def _tell_of_riddles(self, user: Any, granted: Iterable[str]) -> None:
        for scope in granted:
            if not scopes.holds(user, scope):
                self._say(f"{user.get_username()} does not hold {scope} today: it grants nothing until they do.")

    def _owner(self, model: which.Model, user: Any) -> dict[str, Any]:
        path = model.user_path
        if user is not None and (path is None or "__" in path):
            raise CommandError(f"{model._meta.label} has no user of its own: say what it belongs to with --set.")
        if path is None or "__" in path:
            return {}
        if user is None and not model._meta.get_field(path).null:
            raise CommandError(f"An {model._meta.verbose_name} acts for a user: name one with --user.")
        return {path: user}

    def _list(self, model: which.Model, options: dict[str, Any]) -> None:
        user = None if options["user"] is None else find_user(options["user"])
        rows: Any = credentials.rows(model) if user is None else which.of_user(model, user)
        if options["active"]:
            rows = rows.usable()
        for name, condition in (("expiring", which.expiring), ("unused", which.unused)):
            if options[name] is not None:
                rows = rows.filter(condition(options[name]))
        rows = with_owners(rows.order_by("-created_at", "-pk"))
        rows = rows[: options["limit"]] if options["limit"] > 0 else rows
        found = [which.told(row) for row in rows.iterator(credentials.PAGE)]
        if options["json"]:
            self.stdout.write(as_json({"credentials": found}))
        elif found:
            self.stdout.write(as_table(which.COLUMNS, [which.cells(row) for row in found]))
        else:
            self.stdout.write(f"No {model._meta.verbose_name_plural}.")

    @sensitive_variables("secret")
    def _rotate(self, model: which.Model, options: dict[str, Any]) -> None:
        (old,) = which.by_keys(model, [options["id"]])
        try:
            row, secret = rotate(old, overlap=options["overlap"])
        except AlreadyRotated:
            raise CommandError(f"{printable(old)} was rotated before: rotate the one that came in its place.") from None
        except CredentialConflict:
            words = f"{printable(old)} is {state_of(old)}; what has ended is not rotated. Issue another."
            raise CommandError(words) from None
        old.refresh_from_db()
        self._say(f"The old one, {old}, is good until {old.end}.")
        self._hand_out(row, secret, options)

    @sensitive_variables("secret")
    def _hand_out(self, row: AbstractCredential, secret: str, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(as_json({**which.told(row), "secret": secret}))
            return
        end = "does not expire" if row.end is None else f"expires at {row.end}"
        self._say(f"{row} has the id {row.pk} and {end}. This is the only time that its secret is shown.")
        self.stdout.write(secret)

    def _revoke(self, model: which.Model, options: dict[str, Any]) -> None:
        reason = options["reason"]
        if options["id"]:
            revoked = sum(map(partial(self._revoke_one, reason), which.by_keys(model, options["id"])))
        elif options["user"] is not None:
            which.must_stand_for_somebody(model)
            revoked = revoke_all(find_user(options["user"]), reason, kinds=[model.kind])
        elif options["interactive"] and not self._is_sure(model):
            raise CommandError("Nothing was revoked.")
        else:
            revoked = self._revoke_each(credentials.rows(model).filter(revoked_at=None), reason)
        if options["json"]:
            self.stdout.write(as_json({"revoked": revoked}))
        else:
            self.stdout.write(f"{revoked} revoked.")

    def _revoke_one(self, reason: str, row: AbstractCredential) -> bool:
        is_mine = row.revoke(reason)
        if not is_mine:
            self._say(f"{row} was revoked before.")
        return is_mine

    def _revoke_each(self, rows: Any, reason: str) -> int:
        """Revoke `rows` one by one, each told to signals and record; what is done stays done if it is interrupted."""
        progress = Progress(self.stderr, "revoked", rows.count() if self.stderr.isatty() else 0)
        count = 0
        try:
            for row in credentials.paged(rows):
                count += row.revoke(reason)
                progress()
        finally:
            progress.done()
        return count

    def _is_sure(self, model: which.Model) -> bool:
        try:
            return input(f"Revoke all {model._meta.verbose_name_plural}? [yes/no] ").strip().lower() == "yes"
        except EOFError:
            return False

    def _say(self, text: str) -> None:
        # Names are what their owners have written; they must not write to the terminal of who reads them.
        self.stderr.write(printable(text, LONGEST), style_func=str)


def _own_fields(model: which.Model, pairs: Iterable[str]) -> dict[str, Any]:
    """Return the fields of a project's own that `--set NAME=VALUE` gives; a foreign key by the key it points to.

    Raises CommandError for what is no such field or none of its values, and for one that is needed and not given.
    """
    known = {field.name: field for field in credentials.own_fields(model) if field.name != model.user_path}
    fields: dict[str, Any] = {}
    for name, _, text in (pair.partition("=") for pair in pairs):
        if name not in known:
            raise CommandError(f"{model._meta.label} has no field {name!r} of its own.")
        try:
            fields[known[name].attname] = known[name].clean(text, None)
        except ValidationError as wrong:
            raise CommandError(f"--set {name}: {_sentence(wrong)}") from None
    given = {name for name, field in known.items() if field.attname in fields}
    if missing := [name for name in known.keys() - given if _is_needed(known[name])]:
        raise CommandError(f"{model._meta.label} needs {', '.join(sorted(missing))}: give it with --set.")
    return fields


def _is_needed(field: Any) -> bool:
    return bool(field.editable and not field.null and not field.blank and not field.has_default())


def _sentence(wrong: ValidationError) -> str:
    if not hasattr(wrong, "error_dict"):
        return " ".join(wrong.messages)
    return " ".join(f"{name}: {' '.join(messages)}" for name, messages in wrong.message_dict.items())
