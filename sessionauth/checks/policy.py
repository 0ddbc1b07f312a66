"""SESSIONAUTH_PROTECT and SESSIONAUTH_EXEMPT, and settings that another one makes void."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from django.core.checks import CheckMessage
from django.http import HttpRequest

from sessionauth import paths
from sessionauth.authenticators.session import SessionAuthenticator
from sessionauth.backends import SessionAuthBackend
from sessionauth.checks import reading, urls
from sessionauth.checks.authenticators import is_active
from sessionauth.checks.finding import Finding, ask
from sessionauth.checks.middleware import has_sessions
from sessionauth.conf import PREFIX

BAD_PATTERN = Finding(
    "E040",
    "{name} contains {entry}, which is no regular expression: {error}.",
    "Correct it. An entry that begins with ^ is a regular expression, matched from the start of the path.",
)
NEITHER = Finding(
    "E041",
    "{name} contains {entry}, which is no path, no regular expression and no URL namespace of this project.",
    '{guess}Begin a path with a slash, as in "/app/", and a regular expression with ^.',
)
LITERAL_PATTERN = Finding(
    "W042",
    "{name} contains {entry}, which is taken letter by letter, as the beginning of a path.",
    'Begin a regular expression with ^, as in "^/app/\\d+/$". A path contains neither ? nor #.',
)
NEVER_MATCHES = Finding(
    "W043", "{name} contains {entry}, which matches nothing: every path begins with a slash.", 'Begin it with "^/".'
)
OPEN_END = Finding(
    "W044",
    "SESSIONAUTH_EXEMPT contains {entry}, which also exempts longer names, such as {example}.",
    "End it with $ or /, or write it as a path: a path ends at a slash.",
)
EXEMPTS_ALL = Finding(
    "W045",
    "SESSIONAUTH_EXEMPT contains {entry}, which exempts every path.",
    'Name what is to be exempt. The home page alone is "/", without ^.',
)
EXEMPT_WINS = Finding(
    "W046",
    "SESSIONAUTH_PROTECT contains {entry}, which SESSIONAUTH_EXEMPT exempts altogether.",
    "Take it out of one of the two: SESSIONAUTH_EXEMPT wins.",
)
NO_EFFECT = Finding("W047", "{name} has no effect, because {reason}.", "Take it out, or {advice}.")
NO_SUCH_PAGE = Finding(
    "W048",
    "SESSIONAUTH_PASSIVE_URLS contains {entry}, which is no path and no name of a URL of this project.",
    "Begin a path with a slash, and write a name as reverse() takes it.",
)

#: Paths that no project has, to see whether a pattern matches just anything.
ANY_PATHS = ("/no-such-page/", "/no/such/page.9")


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check what is protected and what is exempt."""
    return ask(entries, exempt_patterns, contradictions, without_effect, passive_urls)


def entries() -> Iterator[CheckMessage]:
    """Look at each entry of the two on its own."""
    for name in ("PROTECT", "EXEMPT"):
        for entry in reading.value_of(name):
            words = {"name": PREFIX + name, "entry": reading.shown(entry)}
            if entry.startswith("^"):
                yield from _pattern_faults(entry, words)
            elif entry.startswith("/"):
                if re.search(r"[*+?$|\\\[\](){}<>#]", entry):
                    yield LITERAL_PATTERN(**words)
            elif (namespaces := urls.namespaces()) is not None and entry not in namespaces:
                yield NEITHER(**words, guess=reading.guess(entry, namespaces))


def _pattern_faults(entry: str, words: dict[str, str]) -> Iterator[CheckMessage]:
    if error := _error_of(entry):
        yield BAD_PATTERN(**words, error=error)
    elif re.match(r"\^[\w-]", entry):
        yield NEVER_MATCHES(**words)


def _error_of(entry: str) -> str | None:
    try:
        paths.compiled(entry)
    except Exception as error:  # also OverflowError and RecursionError
        return reading.words_of(error)
    return None


def exempt_patterns() -> Iterator[CheckMessage]:
    """Look for patterns that exempt more than they seem to. Protecting more than one means is no danger."""
    for entry in _patterns("EXEMPT"):
        if all(_covers([entry], path) for path in ANY_PATHS):
            yield EXEMPTS_ALL(entry=reading.shown(entry))
        elif re.search(r"(?<!\\)[\w-]$", entry) and not re.match(r"\^[\w-]", entry):
            yield OPEN_END(entry=reading.shown(entry), example=reading.shown(f"{entry[1:]}-else"))


def _patterns(name: str) -> list[str]:
    return [entry for entry in reading.value_of(name) if entry.startswith("^") and _error_of(entry) is None]


def contradictions() -> Iterator[CheckMessage]:
    """Look for what is protected and exempt at once."""
    exempt = [*_patterns("EXEMPT"), *(one for one in reading.value_of("EXEMPT") if one.startswith("/") and one != "/")]
    for entry in reading.value_of("PROTECT"):
        if entry == "/":  # everything here, but the home page alone there
            continue
        if entry in reading.value_of("EXEMPT") or (entry.startswith("/") and _covers(exempt, f"{entry}/x")):
            yield EXEMPT_WINS(entry=reading.shown(entry))


def _covers(entries: Collection[str], path: str) -> bool:
    request = HttpRequest()
    request.path_info = re.sub("/+", "/", path)
    return paths.matches(request, entries)


def without_effect() -> Iterator[CheckMessage]:
    """Look for settings that another one makes void."""
    open_to_all = reading.value_of("ON_FAILURE") == "anonymous"
    if reading.value_of("PROTECT") and open_to_all:
        yield _void("PROTECT", f'{PREFIX}ON_FAILURE is "anonymous"', 'set that to "redirect" or "raise"')
    if reading.value_of("EXEMPT") and open_to_all and reading.value_of("INVALID_CREDENTIAL") == "ignore":
        reason = f'{PREFIX}ON_FAILURE is "anonymous" and {PREFIX}INVALID_CREDENTIAL is "ignore"'
        yield _void("EXEMPT", reason, "set one of these otherwise")
    if reading.value_of("USER_LOADER") and not is_active(SessionAuthenticator):
        yield _void("USER_LOADER", "SessionAuthenticator is not active", f"add it to {PREFIX}AUTHENTICATORS")
    if reading.value_of("USE_SESSION_FOR_NEXT") and not has_sessions():
        yield _void("USE_SESSION_FOR_NEXT", "there is no SessionMiddleware", "add it to MIDDLEWARE")
    if reading.value_of("LOGIN_FIELDS") is not None and not _has_backend():
        yield _void("LOGIN_FIELDS", "SessionAuthBackend is not active", "put it first in AUTHENTICATION_BACKENDS")


def _void(name: str, reason: str, advice: str) -> CheckMessage:
    return NO_EFFECT(name=PREFIX + name, reason=reason, advice=advice)


def _has_backend() -> bool:
    found = [reading.load(path).found for path in reading.strings("AUTHENTICATION_BACKENDS")]
    return any(isinstance(one, type) and issubclass(one, SessionAuthBackend) for one in found)


def passive_urls() -> Iterator[CheckMessage]:
    """Look for entries that name nothing; which arguments a URL takes does not matter."""
    for entry in sorted(set(reading.value_of("PASSIVE_URLS"))):
        if not entry.startswith("/") and not urls.has_name(entry):
            yield NO_SUCH_PAGE(entry=reading.shown(entry))
