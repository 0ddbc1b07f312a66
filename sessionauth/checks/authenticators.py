"""SESSIONAUTH_AUTHENTICATORS: each entry is made once, and looked at."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.apps import apps
from django.core.checks import CheckMessage

from sessionauth.authenticators.api_key import APIKeyAuthenticator
from sessionauth.authenticators.base import BaseAuthenticator
from sessionauth.authenticators.callback import CallbackAuthenticator
from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask
from sessionauth.checks.settings import callable_faults

NOT_IMPORTABLE = Finding(
    "E020",
    "SESSIONAUTH_AUTHENTICATORS names {path}, which cannot be imported: {error}.",
    "Give the dotted path of a class, such as sessionauth.authenticators.session.SessionAuthenticator.",
)
NO_CLASS = Finding(
    "E021",
    "SESSIONAUTH_AUTHENTICATORS names {path}, which is no class.",
    "Give the dotted path of a class, such as sessionauth.authenticators.session.SessionAuthenticator.",
)
BAD_OPTIONS = Finding("E022", "The authenticator {path} does not take its OPTIONS: {error}.", "It takes {known}.")
NOT_MADE = Finding(
    "E023",
    "The authenticator {path} cannot be made: {error}.",
    "Correct its OPTIONS in SESSIONAUTH_AUTHENTICATORS, or the class.",
)
INCOMPLETE = Finding(
    "E024",
    "The authenticator {path} cannot be asked: {fault}.",
    "Derive it from sessionauth.authenticators.BaseAuthenticator and write extract() and authenticate().",
)
ASYNC_STEP = Finding(
    "E025",
    "The authenticator {path} has an async {step}(), which is called without await.",
    "Write it as a plain function. The async twin of authenticate() is aauthenticate().",
)
NONE_AT_ALL = Finding(
    "W026",
    "SESSIONAUTH_AUTHENTICATORS is empty: nobody is ever recognised.",
    "Name at least one authenticator, or leave the setting out for the default.",
)
SAME_NAME = Finding(
    "W027",
    "Several authenticators call themselves {name}: {paths}. Whoever asks for auth.method cannot tell them apart.",
    'Give each a name of its own, by "OPTIONS": {{"name": …}} or its attribute `name`, or take one out.',
)
NO_BROWSERS = Finding(
    "W028",
    "The admin is installed, but no authenticator recognises a browser: every login leads back to the login page.",
    "Add sessionauth.authenticators.session.SessionAuthenticator to SESSIONAUTH_AUTHENTICATORS.",
)
KEY_IN_QUERY = Finding(
    "W029",
    "The authenticator {path} reads keys from the query parameter {parameter}: URLs end up in logs and histories.",
    "Take query_param out and send the key in a header. If a client cannot do that, silence this check.",
)
NO_CARRIERS = Finding(
    "W030",
    "The authenticator {path} names no header in `carriers`: a shared cache may show one user's page to another.",
    'Name the headers it reads, as in carriers = ("X-Partner",), or ("*",) if it reads none.',
)
NOT_AMBIENT = Finding(
    "W031",
    "The authenticator {path} frees requests from CSRF checks, for its `ambient` is False, yet it reads {carrier}.",
    "Set ambient to True, or name in `vary` (`carriers`) the headers it reads, which no browser may send by itself.",
)


class Made(NamedTuple):
    """An entry of the setting: its path, its options, and the authenticator, or what was wrong."""

    path: str
    options: Mapping[str, Any]
    authenticator: Any = None
    wrong: CheckMessage | None = None
    #: What the chain asks of an authenticator and this one lacks.
    faults: tuple[str, ...] = ()


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check who may say who a request is."""
    return ask(entries, members, callbacks, names, browsers, carriers)


def made() -> list[Made]:
    """Make every entry, as the app does at the first request."""
    return [
        _make(entry, {}) if isinstance(entry, str) else _make(entry["NAME"], entry.get("OPTIONS", {}))
        for entry in reading.value_of("AUTHENTICATORS")
    ]


def _make(path: str, options: Mapping[str, Any]) -> Made:
    found, error = reading.load(path)
    if error:
        return Made(path, options, wrong=NOT_IMPORTABLE(path=reading.shown(path), error=error))
    if not callable(found):
        return Made(path, options, wrong=NO_CLASS(path=reading.shown(path)))
    try:
        authenticator = found(**options)
        faults = (*_missing(authenticator), *_ill_typed(authenticator))
        return Made(path, options, authenticator, faults=faults)
    except Exception as failure:
        if error := _misfit(found, options):  # looked for in hindsight: to read a signature takes long
            return Made(path, options, wrong=BAD_OPTIONS(path=path, error=error, known=_known(found)))
        return Made(path, options, wrong=NOT_MADE(path=path, error=reading.words_of(failure)))


def _misfit(found: Any, options: Mapping[str, Any]) -> str:
    try:
        signature = inspect.signature(found)
    except Exception:  # some callables written in C have none
        return ""
    try:
        signature.bind(**options)
    except TypeError as error:
        return reading.words_of(error)
    return ""


def _known(found: Any) -> str:
    return ", ".join(inspect.signature(found).parameters) or "no options"


def active() -> list[Made]:
    """Return the entries that can be made, and asked."""
    return [one for one in made() if one.wrong is None and not one.faults]


def is_active(kind: type[Any]) -> bool:
    """Say whether an authenticator of the class `kind` is switched on."""
    return any(isinstance(one.authenticator, kind) for one in active())


def has_programs() -> bool:
    """Say whether an authenticator for programs is switched on."""
    return any(not one.authenticator.ambient for one in active())


def entries() -> Iterator[CheckMessage]:
    """Look for entries that cannot be made."""
    found = made()
    yield from (one.wrong for one in found if one.wrong is not None)
    if not found:
        yield NONE_AT_ALL()


def members() -> Iterator[CheckMessage]:
    """Look for authenticators that lack what the chain asks of them."""
    for one in made():
        if one.faults:
            yield INCOMPLETE(path=one.path, fault=", ".join(one.faults))
    for one in active():
        for step in ("extract", "authenticate"):
            if inspect.iscoroutinefunction(getattr(one.authenticator, step)):
                yield ASYNC_STEP(path=one.path, step=step)


def _missing(authenticator: Any) -> Iterator[str]:
    methods = ("extract", "authenticate", "aauthenticate", "frees_from_csrf", "challenge", "openapi")
    for name in methods:
        method = getattr(authenticator, name, None)
        own = getattr(type(authenticator), name, None)
        if not callable(method) or (name in methods[:2] and own is getattr(BaseAuthenticator, name)):
            yield f"it has no {name}()"


def _ill_typed(authenticator: Any) -> Iterator[str]:
    name = getattr(authenticator, "name", None)
    if not isinstance(name, str) or not name:
        yield "its `name` is no word"
    for flag in ("ambient", "lazy"):
        if not isinstance(getattr(authenticator, flag, None), bool):
            yield f"its `{flag}` is neither True nor False"
    headers = getattr(authenticator, "carriers", None)
    if not isinstance(headers, list | tuple | set | frozenset) or not all(isinstance(one, str) for one in headers):
        yield "its `carriers` is no list of headers"


def callbacks() -> Iterator[CheckMessage]:
    """Look for callbacks that cannot be called with a request."""
    for one in active():
        callback = one.options.get("callback")
        if isinstance(one.authenticator, CallbackAuthenticator) and isinstance(callback, str):
            yield from callable_faults(f"The authenticator {one.path}", callback, ("request",), may_be_async=True)


def names() -> Iterator[CheckMessage]:
    """Look for authenticators that `auth.method` cannot tell apart. One carrier of keys may well stand twice."""
    by_name: dict[str, list[Made]] = {}
    for one in active():
        by_name.setdefault(one.authenticator.name, []).append(one)
    for name, same in by_name.items():
        classes = {type(one.authenticator) for one in same}
        alike = len(classes) == 1 and not issubclass(next(iter(classes)), CallbackAuthenticator)
        if len(same) > 1 and not (alike and _differ(same)):
            yield SAME_NAME(name=reading.shown(name), paths=", ".join(dict.fromkeys(one.path for one in same)))


def _differ(same: list[Made]) -> bool:
    return all(one.options != other.options for place, one in enumerate(same) for other in same[place + 1 :])


def browsers() -> Iterator[CheckMessage]:
    """Look for an admin that nobody could use."""
    found = active()
    if found and apps.is_installed("django.contrib.admin") and not any(one.authenticator.ambient for one in found):
        yield NO_BROWSERS()


def carriers() -> Iterator[CheckMessage]:
    """Look for headers that are not what they should be, and for keys in URLs."""
    for one in active():
        authenticator = one.authenticator
        if isinstance(authenticator, APIKeyAuthenticator) and authenticator.query_param is not None:
            yield KEY_IN_QUERY(path=one.path, parameter=reading.shown(authenticator.query_param))
        headers = {header.lower() for header in authenticator.carriers}
        if not headers:
            yield NO_CARRIERS(path=one.path)
        elif not authenticator.ambient and (sent := headers & {"cookie", "*"}):
            yield NOT_AMBIENT(path=one.path, carrier="cookies" if "cookie" in sent else "any header")
