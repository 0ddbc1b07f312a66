"""The order of MIDDLEWARE."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.contrib.auth.middleware import AuthenticationMiddleware as DjangoAuthenticationMiddleware
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.checks import CheckMessage
from django.middleware.cache import FetchFromCacheMiddleware, UpdateCacheMiddleware

from sessionauth.authenticators.session import SessionAuthenticator
from sessionauth.checks import reading
from sessionauth.checks.authenticators import has_programs, is_active
from sessionauth.checks.finding import Finding, ask
from sessionauth.middleware import AuthenticationMiddleware

NO_MIDDLEWARE = Finding(
    "W060",
    "sessionauth is installed, but its middleware is not: requests have no `auth`.",
    "Put sessionauth.middleware.AuthenticationMiddleware into MIDDLEWARE, {where}.",
)
TWO_MIDDLEWARES = Finding(
    "E061",
    "MIDDLEWARE has more than one authentication middleware: {paths}. The later undoes what the earlier did.",
    "Keep sessionauth.middleware.AuthenticationMiddleware alone: it is a subclass of Django's.",
)
NO_SESSIONS = Finding(
    "E062",
    "sessionauth's AuthenticationMiddleware finds no session: SessionMiddleware {where}.",
    "Put django.contrib.sessions.middleware.SessionMiddleware above it, or take SessionAuthenticator out of "
    "SESSIONAUTH_AUTHENTICATORS.",
)
LOGIN_REQUIRED_FIRST = Finding(
    "W063",
    "{path} stands above sessionauth's AuthenticationMiddleware and refuses before that one has let in keys with "
    "scopes, or answered by its own policy.",
    "Put it below.",
)
STORED_TOO_EARLY = Finding(
    "W064",
    "{path} stands below sessionauth's AuthenticationMiddleware and stores pages before their `Vary` is complete: one "
    "user may be shown another's.",
    "Put it at the top of MIDDLEWARE.",
)
SHOWN_TOO_EARLY = Finding(
    "W065",
    "{path} stands above sessionauth's AuthenticationMiddleware and shows stored pages to keys that were revoked.",
    "Put it at the end of MIDDLEWARE.",
)
SESSION_TOUCHED = Finding(
    "W066",
    "{name} is on: a request with a key or a token {does} all the same.",
    "Switch it off, or silence this check if you accept that.",
)


class Layer(NamedTuple):
    """A line of MIDDLEWARE."""

    place: int
    path: str
    found: Any


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check what stands around our middleware."""
    return ask(presence, sessions, neighbours, touched_sessions)


def _layers() -> list[Layer]:
    paths = reading.strings("MIDDLEWARE")
    return [Layer(place, path, reading.load(path).found) for place, path in enumerate(paths)]


def _of(layers: list[Layer], kind: type[Any]) -> list[Layer]:
    return [one for one in layers if isinstance(one.found, type) and issubclass(one.found, kind)]


def _sessions(layers: list[Layer]) -> list[Layer]:
    """Return Django's middleware, subclasses, and what is called the same, as packages with their own do."""
    named = [one for one in layers if getattr(one.found, "__name__", "") == SessionMiddleware.__name__]
    return named + _of(layers, SessionMiddleware)


def has_sessions() -> bool:
    """Say whether requests have a session."""
    return bool(_sessions(_layers()))


def presence() -> Iterator[CheckMessage]:
    """Look for our middleware, which must be there once, and without Django's."""
    layers = _layers()
    all_of_them = _of(layers, DjangoAuthenticationMiddleware)
    ours = _of(layers, AuthenticationMiddleware)
    if not ours:
        where = f"in place of {all_of_them[0].path}" if all_of_them else "after SessionMiddleware"
        yield NO_MIDDLEWARE(where=where)
    elif len(all_of_them) > 1:
        yield TWO_MIDDLEWARES(paths=", ".join(one.path for one in all_of_them))


def sessions() -> Iterator[CheckMessage]:
    """Look for the session, which must be there before us if anybody is to be known by it."""
    layers = _layers()
    ours, sessions = _of(layers, AuthenticationMiddleware), _sessions(layers)
    if ours and is_active(SessionAuthenticator) and not any(one.place < ours[0].place for one in sessions):
        yield NO_SESSIONS(where="stands below it" if sessions else "is not in MIDDLEWARE")


def neighbours() -> Iterator[CheckMessage]:
    """Look for those that must not stand on the other side of us.

    CsrfViewMiddleware is not among them: it looks at requests just before the view, when we have long said whether it
    need.
    """
    layers = _layers()
    ours = _of(layers, AuthenticationMiddleware)
    if not ours:
        return
    place = ours[0].place
    wrong: list[tuple[Finding, type[Any], Callable[[int], bool]]] = [
        (LOGIN_REQUIRED_FIRST, LoginRequiredMiddleware, lambda other: other < place),
        (STORED_TOO_EARLY, UpdateCacheMiddleware, lambda other: other > place),
        (SHOWN_TOO_EARLY, FetchFromCacheMiddleware, lambda other: other < place),
    ]
    for finding, kind, is_misplaced in wrong:
        yield from (finding(path=one.path) for one in _of(layers, kind) if is_misplaced(one.place))


def touched_sessions() -> Iterator[CheckMessage]:
    """Look for settings by which Django loads or saves a session that we leave alone."""
    if not has_programs():
        return
    if reading.flag("CSRF_USE_SESSIONS"):
        yield SESSION_TOUCHED(name="CSRF_USE_SESSIONS", does="loads the session")
    if reading.flag("SESSION_SAVE_EVERY_REQUEST"):
        yield SESSION_TOUCHED(name="SESSION_SAVE_EVERY_REQUEST", does="that also has a cookie saves the session")
