"""Text of strangers, made fit for a log."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sessionauth import crypto

#: How long a text among the details may be, how many of them there may be, and how deep lists and dicts go.
LONGEST, MOST, DEEPEST = 200, 20, 3


def printable(value: object, length: int = LONGEST) -> str:
    r"""Return `value` as one line of at most `length` characters.

    What does not print (line breaks, NUL, the escape of terminal colours, marks that turn the direction of writing,
    lone surrogates) is written as Python would write it, and so is the backslash: "\n" in a log was two characters.
    """
    text = str(value)[:length]
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(char if char.isprintable() and char != "\\" else _escaped(char) for char in text)[:length]


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def details(value: Any, depth: int = 0) -> Any:
    """Return `value` as something that JSON can hold, bounded in every direction."""
    if value is None or isinstance(value, bool) or (isinstance(value, int | float) and abs(value) < 2**63):
        return value  # a float that is no number is not less than anything
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping) and depth < DEEPEST:
        return {printable(name, 40): details(kept, depth + 1) for name, kept in list(value.items())[:MOST]}
    if isinstance(value, list | tuple | set | frozenset) and depth < DEEPEST:
        return [details(kept, depth + 1) for kept in list(value)[:MOST]]
    return printable(value)


def moment(value: datetime) -> str:
    """Return `value` in UTC, to the microsecond."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def name_digest(name: object) -> str:
    """Return what is kept of a name that nobody has: a keyed digest, the same for the same name however it is written.

    People type their password into the field above it, so the name itself is no thing to keep, not even in part. With
    the digest attempts at one name can still be told from attempts at many, and whoever knows a name can look for it.
    """
    plain = unicodedata.normalize("NFKC", str(name)[:LONGEST]).strip().casefold()
    return crypto.keyed("sessionauth.audit.name", plain)[:16]
