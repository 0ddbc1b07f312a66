"""What impersonation needs around it, and what the guards of a project are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage

from sessionauth.checks import reading, urls
from sessionauth.checks.finding import Finding, ask
from sessionauth.conf import PREFIX, declared
from sessionauth.impersonation.middleware import ImpersonationMiddleware
from sessionauth.middleware import AuthenticationMiddleware
from sessionauth.models.impersonation import REASON_LENGTH

MISPLACED = Finding(
    "E225",
    "{path} {where}: nobody is known yet whom it could put somebody else in the place of.",
    "Put it right after sessionauth.middleware.AuthenticationMiddleware.",
)
BAD_GUARD = Finding(
    "E226",
    "SESSIONAUTH_IMPERSONATION_GUARDS names {path}, {fault}: nobody can impersonate.",
    "Give the dotted path of a function (request, *, actor, target) that says True or False.",
)

NO_PAGE = Finding(
    "E227",
    "{name} is {value}, which is neither a URL nor the name of a view: whoever begins or stops gets an error.",
    "Correct it, or leave it out.",
)
TOO_SHORT = Finding(
    "W228",
    "SESSIONAUTH_IMPERSONATION_REASON_MIN_LENGTH is {least}, but only {most} characters are kept: nobody can begin.",
    "Ask for fewer.",
)
FOR_NOTHING = Finding(
    "W291",
    "{names}: set, but ImpersonationMiddleware is not installed: nobody can impersonate, and its pages are not there.",
    "Put sessionauth.impersonation.middleware.ImpersonationMiddleware into MIDDLEWARE, right after "
    "sessionauth.middleware.AuthenticationMiddleware, or take the settings out.",
)

#: Settings of which others tell that nothing reads them, or that need no middleware.
ALONE = frozenset({"IMPERSONATION_HEADER", "IMPERSONATION_ADMIN", "IMPERSONATION_ENABLED"})


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check the place of the middleware, and the guards."""
    return ask(place, for_nothing, guards, pages, reasons)


def place() -> Iterator[CheckMessage]:
    """Look for our middleware before the one that it builds on."""
    found = [(path, reading.load(path).found) for path in reading.strings("MIDDLEWARE")]
    kinds = [kind if isinstance(kind, type) else object for _, kind in found]
    known = [at for at, kind in enumerate(kinds) if issubclass(kind, AuthenticationMiddleware)]
    for at, kind in enumerate(kinds):
        if issubclass(kind, ImpersonationMiddleware) and not any(other < at for other in known):
            where = f"stands above {found[known[0]][0]}" if known else "stands there without AuthenticationMiddleware"
            yield MISPLACED(path=found[at][0], where=where)


def for_nothing() -> Iterator[CheckMessage]:
    """Look for settings of impersonation where there is none."""
    if is_installed() or not reading.value_of("IMPERSONATION_ENABLED"):
        return
    own = {name: one for name, one in declared().items() if name.startswith(f"{PREFIX}IMPERSONATION_")}
    names = [name for name, one in own.items() if reading.value_of(name.removeprefix(PREFIX)) != one.default]
    if names := [name for name in names if name.removeprefix(PREFIX) not in ALONE]:
        yield FOR_NOTHING(names=", ".join(names))


def is_installed() -> bool:
    """Say whether the project has ImpersonationMiddleware, or one derived from it."""
    kinds = (reading.load(path).found for path in reading.strings("MIDDLEWARE"))
    return any(isinstance(kind, type) and issubclass(kind, ImpersonationMiddleware) for kind in kinds)


def guards() -> Iterator[CheckMessage]:
    """Look for guards that cannot be asked: each of them refuses everybody."""
    for path in reading.value_of("IMPERSONATION_GUARDS"):
        found, error = reading.load(path)
        if error:
            yield BAD_GUARD(path=reading.shown(path), fault=f"which cannot be imported ({error})")
        elif not callable(found):
            yield BAD_GUARD(path=reading.shown(path), fault="which cannot be called")
        elif not reading.takes_named(found, 1, ("actor", "target")):
            yield BAD_GUARD(path=reading.shown(path), fault="which takes other arguments")


def pages() -> Iterator[CheckMessage]:
    """Look for pages to go to that are not there."""
    for name in ("IMPERSONATION_START_URL", "IMPERSONATION_STOP_URL"):
        page = reading.value_of(name)
        if page is not None and not urls.url_of(page):
            yield NO_PAGE(name=PREFIX + name, value=reading.shown(page))


def reasons() -> Iterator[CheckMessage]:
    """Look for a reason that nobody can give."""
    least = reading.value_of("IMPERSONATION_REASON_MIN_LENGTH")
    if least > REASON_LENGTH:
        yield TOO_SHORT(least=least, most=REASON_LENGTH)
