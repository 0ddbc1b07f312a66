"""What a setting may be: each kind answers what is wrong with a value."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils.functional import Promise

#: Answers what is wrong with a value, in words that follow "SESSIONAUTH_X must be", or None.
Kind = Callable[[Any], "str | None"]


def boolean(value: Any) -> str | None:
    """True or False, and nothing that only looks like it."""
    return None if isinstance(value, bool) else "True or False"


def text(value: Any) -> str | None:
    """A string, translated or not."""
    return None if isinstance(value, str | Promise) else "a string"


def integer(value: Any) -> str | None:
    """An int; booleans are refused although Python counts them as ints."""
    return None if isinstance(value, int) and not isinstance(value, bool) else "an integer"


def age(value: Any) -> str | None:
    """A length of time that is not negative, as a timedelta or as seconds."""
    if isinstance(value, timedelta):
        return None if value >= timedelta(0) else "a timedelta that is not negative"
    if integer(value) is None:
        return None if value >= 0 else "a number of seconds that is not negative"
    return "a timedelta or a whole number of seconds"


def names(value: Any) -> str | None:
    """A list, tuple or set of strings; a bare string would be taken apart letter by letter."""
    if isinstance(value, list | tuple | set | frozenset) and all(isinstance(item, str) for item in value):
        return None
    return "a list, tuple or set of strings"


def dotted_path(value: Any) -> str | None:
    """The dotted path of something importable (whether it is, the checks try)."""
    return None if isinstance(value, str) and "." in value else "a dotted path"


def header_name(value: Any) -> str | None:
    """The name of a header, in letters, digits and hyphens: others do not come through every server."""
    if isinstance(value, str) and value.isascii() and value.replace("-", "").isalnum():
        return None
    return "the name of a header, in letters, digits and hyphens"


def https_url(value: Any) -> str | None:
    """An address that is asked over TLS alone."""
    wrong = "an address that begins with https://"
    if not isinstance(value, str) or not value.startswith("https://"):
        return wrong
    try:
        return None if urlsplit(value).hostname else wrong
    except ValueError:
        return wrong


def optional(kind: Kind) -> Kind:
    """Return `kind` widened to accept None."""

    def check(value: Any) -> str | None:
        wrong = None if value is None else kind(value)
        return wrong and f"None or {wrong}"

    return check


def choice(*allowed: str, or_path: bool = False) -> Kind:
    """One of the words `allowed`; with `or_path`, also the dotted path of a function."""
    words = ", ".join(f'"{word}"' for word in allowed) + (" or a dotted path" if or_path else "")

    def check(value: Any) -> str | None:
        if value in allowed or (or_path and dotted_path(value) is None):
            return None
        return f"one of {words}"

    return check


def entries(value: Any) -> str | None:
    """Dotted paths, or dicts with "NAME" and "OPTIONS" in the form of AUTH_PASSWORD_VALIDATORS."""
    if not isinstance(value, list | tuple):
        return "a list"
    for entry in value:
        if isinstance(entry, str):
            continue
        if not isinstance(entry, Mapping) or not isinstance(entry.get("NAME"), str):
            return 'a list of dotted paths or of dicts with a "NAME"'
        if set(entry) - {"NAME", "OPTIONS"} or not isinstance(entry.get("OPTIONS", {}), Mapping):
            return 'a list whose dicts have "NAME", a dotted path, and "OPTIONS", a dict, and nothing else'
    return None


def text_map(value: Any) -> str | None:
    """A dict of strings."""
    if isinstance(value, Mapping) and all(isinstance(word, str) for pair in value.items() for word in pair):
        return None
    return "a dict of strings"


def scope_map(value: Any) -> str | None:
    """{name: (description, [permissions])}."""
    wrong = "a dict {name: (description, [permissions])}"
    if not isinstance(value, Mapping):
        return wrong
    for name, meaning in value.items():
        if not isinstance(name, str) or not name or not name.isascii() or any(c.isspace() or c in '"\\' for c in name):
            return "a dict whose names are ASCII without spaces, quotes and backslashes (RFC 6749 section 3.3)"
        if not isinstance(meaning, list | tuple) or len(meaning) != 2:
            return wrong
        if text(meaning[0]) or names(meaning[1]):
            return wrong
    return None


#: What may be said of the formats of other packages, and what that may be.
FORMATS: Mapping[str, Mapping[str, str]] = {
    "knox": {"prefixes": "words", "lengths": "numbers", "algorithm": "hash"},
    "authtoken": {"lengths": "numbers"},
    "drf-api-key": {"prefix_length": "number", "secret_length": "number"},
}
#: A shorter secret could be guessed, a longer one is no secret of anybody's.
LENGTHS = range(1, 151)


def format_map(value: Any) -> str | None:
    """{name: {option: value}}, of the names and options in FORMATS."""
    if not isinstance(value, Mapping) or not all(isinstance(options, Mapping) for options in value.values()):
        return "a dict {format: {option: value}}"
    for name, options in value.items():
        if name not in FORMATS:
            return f"a dict whose formats are among {', '.join(FORMATS)}"
        for option, given in options.items():
            if option not in FORMATS[name]:
                return f"a dict whose options for {name} are among {', '.join(FORMATS[name])}"
            if not _fits(FORMATS[name][option], given):
                return f"a dict in which {option} for {name} is {MEANT[FORMATS[name][option]]}"
    return None


MEANT = {
    "words": "a list of strings of at most 10 characters",
    "numbers": f"a list of numbers up to {LENGTHS[-1]}, at least one",
    "number": f"a number up to {LENGTHS[-1]}",
    "hash": 'the name of a hash such as "sha512"',
}


def _fits(meant: str, given: Any) -> bool:
    if meant == "number":
        return integer(given) is None and given in LENGTHS
    if meant == "hash":
        return isinstance(given, str) and given in hashlib.algorithms_guaranteed and not given.startswith("shake")
    if not isinstance(given, list | tuple) or not given:
        return False
    if meant == "numbers":
        return all(integer(one) is None and one in LENGTHS for one in given)
    return all(isinstance(one, str) and len(one) <= 10 for one in given)


def count(value: Any) -> str | None:
    """An int that is not negative."""
    return None if integer(value) is None and value >= 0 else "a number that is not negative"


def pattern(value: Any) -> str | None:
    """A regular expression."""
    wrong = "a regular expression"
    if not isinstance(value, str):
        return wrong
    try:
        re.compile(value)
    except re.error:
        return wrong
    return None


def positive(value: Any) -> str | None:
    """An int of at least 1."""
    return None if integer(value) is None and value > 0 else "an integer of at least 1"


def ages(value: Any) -> str | None:
    """A list or tuple of lengths of time, at least one."""
    if isinstance(value, list | tuple) and value and not any(age(item) for item in value):
        return None
    return "a list of timedeltas or whole numbers of seconds, at least one"


def prefixes(value: Any) -> str | None:
    """How many bits of an IPv4 and of an IPv6 address count."""
    if isinstance(value, list | tuple) and len(value) == 2 and not any(integer(bits) for bits in value):
        if 0 <= value[0] <= 32 and 0 <= value[1] <= 128:
            return None
    return "two numbers of bits, at most 32 and 128"


def proxies(value: Any) -> str | None:
    """A number of proxies, or the networks in which they stand."""
    if integer(value) is None:
        return None if value >= 0 else "a number that is not negative"
    if names(value) is not None:
        return "a number, or a list of networks"
    try:
        [ipaddress.ip_network(network) for network in value]
    except ValueError:
        return 'a list of networks such as "10.0.0.0/8"'
    return None
