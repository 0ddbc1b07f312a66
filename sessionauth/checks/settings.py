"""Names, types and dotted paths of the SESSIONAUTH_* settings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage

from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask
from sessionauth.conf import PREFIX, Setting, declared
from sessionauth.conf.kinds import dotted_path

UNKNOWN_SETTING = Finding(
    "W001", "{name} is no setting of sessionauth and has no effect.", "{guess}Correct its name, or take it out."
)
ILL_TYPED = Finding(
    "E002", "{name} must be {wanted}, not {value}.", "Correct it, or leave it out: its default is {default}."
)
NO_SUCH_CHOICE = Finding(
    "E003", "{name} must be {wanted}, not {value}.", "{guess}Choose one, or leave it out: its default is {default}."
)
NOT_IMPORTABLE = Finding(
    "E004",
    "{name} names {path}, which cannot be imported: {error}.",
    "Give the dotted path of something at the top level of a module that can be imported.",
)
NOT_CALLABLE = Finding(
    "E005", "{name} names {path}, which cannot be called.", "Give the dotted path of a function or a class."
)
MISFIT = Finding("E006", "{name} names {path}, which cannot be called as {call}.", "Write it as {call}.")
MUST_BE_SYNC = Finding(
    "E007", "{name} names {path}, which is async: its answer is never awaited.", "Write it as a plain function."
)
BAD_ANONYMOUS_USER = Finding(
    "E008",
    "SESSIONAUTH_ANONYMOUS_USER names {path}, {fault}.",
    "Derive your class from sessionauth.models.AnonymousUser and give its __init__ no required arguments.",
)

#: How the functions named by settings are called.
CALLS = {
    "ON_FAILURE": ("request",),
    "UNAUTHORIZED_HANDLER": ("request", "reason"),
    "USER_LOADER": ("request", "session"),
    "USER_QUERYSET": ("request",),
    "ANONYMOUS_USER": ("request",),
    "FINGERPRINT": ("request",),
}
#: Those of them that may be async.
MAY_BE_ASYNC = {"USER_LOADER"}


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check the settings one by one."""
    return ask(unknown_names, ill_typed, dotted_paths, anonymous_user)


def unknown_names() -> Iterator[CheckMessage]:
    """Look for names that begin like ours, or nearly so, and mean nothing."""
    known = declared()
    for name in dir(django_settings):
        if name.startswith((PREFIX.rstrip("_"), "SESSION_AUTH_")) and name not in known:
            yield UNKNOWN_SETTING(name=name, guess=_guess(name, known))


def _guess(name: str, known: dict[str, Setting[Any]]) -> str:
    if name == PREFIX.rstrip("_"):
        return f"The settings are flat: write {PREFIX}REALM = …, not a dict. "
    # Without the prefix, which would make all names alike.
    own = name.removeprefix("SESSION_AUTH_").removeprefix(PREFIX)
    return reading.guess(own, [one.removeprefix(PREFIX) for one in known], PREFIX)


def ill_typed() -> Iterator[CheckMessage]:
    """Look for values that are not of their setting's kind."""
    for setting in declared().values():
        wanted = reading.fault(setting)
        if wanted is None:
            continue
        value, default = reading.raw(setting), reading.shown(setting.default)
        words = {"name": setting.name, "wanted": wanted, "value": reading.shown(value), "default": default}
        if wanted.removeprefix("None or ").startswith("one of") and isinstance(value, str):
            yield NO_SUCH_CHOICE(**words, guess=reading.guess(value, re.findall(r'"\w+"', wanted)))
        else:
            yield ILL_TYPED(**words)


def dotted_paths() -> Iterator[CheckMessage]:
    """Look for paths that cannot be imported, or called as they will be."""
    for name, arguments in CALLS.items():
        path = reading.value_of(name)
        if path is not None and dotted_path(path) is None:
            yield from callable_faults(PREFIX + name, path, arguments, may_be_async=name in MAY_BE_ASYNC)


def callable_faults(
    name: str, path: str, arguments: tuple[str, ...], *, may_be_async: bool = False
) -> Iterator[CheckMessage]:
    """Yield what is wrong with the function `path` that `name` will call with `arguments`."""
    words = {"name": name, "path": reading.shown(path)}
    found, error = reading.load(path)
    if error:
        yield NOT_IMPORTABLE(**words, error=error)
    elif not callable(found):
        yield NOT_CALLABLE(**words)
    elif isinstance(found, type):
        return  # of a class only its caller knows what is made of it
    elif not reading.accepts(found, arguments):
        yield MISFIT(**words, call=f"{path.rpartition('.')[2]}({', '.join(arguments)})")
    elif not may_be_async and inspect.iscoroutinefunction(found):
        yield MUST_BE_SYNC(**words)


def anonymous_user() -> Iterator[CheckMessage]:
    """Make one, where it is a class: it must need no arguments, and be nobody."""
    path = reading.value_of("ANONYMOUS_USER")
    made = reading.load(path).found
    if isinstance(made, type) and (fault := _fault_of_nobody(made)):
        yield BAD_ANONYMOUS_USER(path=reading.shown(path), fault=fault)


def _fault_of_nobody(made: type[Any]) -> str | None:
    try:
        is_authenticated = made().is_authenticated
    except Exception as error:
        return f"which cannot be made and asked: {reading.words_of(error)}"
    return "whose is_authenticated is true: everybody would be logged in" if is_authenticated else None
