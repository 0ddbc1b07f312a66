"""The options of `sessionauth_apikey` and `sessionauth_token`, act by act."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from sessionauth import http
from sessionauth.management.spans import moment, span
from sessionauth.models import AbstractCredential


def everywhere(parser: CommandParser, model: type[AbstractCredential]) -> None:
    """Describe what each act has."""
    parser.add_argument(
        "--model",
        default=model.kind,
        metavar="MODEL",
        help=f"A model of your own, by label or by the second word of its secrets ({model._meta.label}).",
    )
    parser.add_argument("--json", action="store_true", help="Print one JSON object.")


def create(parser: CommandParser) -> None:
    """Describe `create`."""
    parser.add_argument("--user", metavar="NAME_OR_ID", help="For whom it acts: username, e-mail address or key.")
    parser.add_argument("--name", default="", help="What it is for; a label for lists.")
    parser.add_argument(
        "--scope",
        action="append",
        metavar="SCOPE",
        help="It may do this alone, of SESSIONAUTH_SCOPES or a permission such as app.change_thing; may be repeated. "
        "Without, it may do all that its user may.",
    )
    parser.add_argument(
        "--expires", type=moment, metavar="WHEN", help="Such as 90d, 12h, 2030-12-31. Without, it does not expire."
    )
    parser.add_argument(
        "--network", action="append", metavar="NETWORK", help="It works from there alone, such as 192.0.2.0/24."
    )
    methods = parser.add_mutually_exclusive_group()
    methods.add_argument("--read-only", action="store_true", help=f"It works with {', '.join(http.READING)} alone.")
    methods.add_argument("--method", action="append", metavar="METHOD", help="It works with this one alone.")
    parser.add_argument(
        "--origin", action="append", metavar="ORIGIN", help="Browsers may use it on this site alone: https://a.example."
    )
    parser.add_argument("--rate", default="", metavar="RATE", help="It is answered so often, such as 100/m.")
    parser.add_argument(
        "--set", action="append", metavar="FIELD=VALUE", help="A field of a model of your own, such as organisation=3."
    )


def limits(options: dict[str, Any]) -> dict[str, Any]:
    """Return what the options of `create` mean to `issue()`."""
    methods = list(http.READING) if options["read_only"] else options["method"]
    return {
        "name": options["name"],
        "scopes": options["scope"],
        "expires_at": options["expires"],
        "networks": options["network"] or [],
        "methods": methods and [method.upper() for method in methods],
        "origins": options["origin"] or [],
        "rate": options["rate"],
    }


def listing(parser: CommandParser) -> None:
    """Describe `list`."""
    parser.add_argument("--user", metavar="NAME_OR_ID", help="Only those of this user.")
    parser.add_argument("--active", action="store_true", help="Only those that are neither revoked nor expired.")
    parser.add_argument("--expiring", type=span, metavar="SPAN", help="Only those that end within it, such as 14d.")
    parser.add_argument(
        "--unused", type=span, metavar="SPAN", help="Only those older than it that were not used in it, such as 90d."
    )
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="At most N; 0 for all (100).")


def rotate(parser: CommandParser) -> None:
    """Describe `rotate`."""
    parser.add_argument("id", metavar="ID", help="Which, as listed.")
    parser.add_argument(
        "--overlap",
        type=span,
        metavar="SPAN",
        help="For how long the old secret stays good: 0s for no longer. Without, SESSIONAUTH_ROTATION_OVERLAP.",
    )


def revoke(parser: CommandParser) -> None:
    """Describe `revoke`."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="*", default=[], metavar="ID", help="These, as listed.")
    which.add_argument("--user", metavar="NAME_OR_ID", help="All of this user.")
    which.add_argument("--all", action="store_true", help="All of everybody; asks first.")
    parser.add_argument("--reason", default="command", help="What is kept with the rows (command).")
    parser.add_argument("--no-input", action="store_false", dest="interactive", help="Do not ask.")
