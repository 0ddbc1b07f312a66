"""Reads what a project has configured, whatever that is, without raising."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, NamedTuple

from django.conf import settings as django_settings

from sessionauth import conf
from sessionauth.conf import PREFIX, Setting


class Imported(NamedTuple):
    """What a dotted path led to: `found`, or an `error` in words."""

    found: Any = None
    error: str = ""


def raw(setting: Setting[Any]) -> Any:
    """Return the value of `setting` as the project wrote it."""
    return getattr(django_settings, setting.name, setting.default)


def fault(setting: Setting[Any]) -> str | None:
    """Return what the value of `setting` must be and is not, None if it is."""
    try:
        return setting.kind(raw(setting))
    except Exception:  # an object may do anything when it is compared
        return "a plain value"


def value_of(name: str) -> Any:
    """Return SESSIONAUTH_<name>, or its default where the value is ill-typed: another check tells of that."""
    setting = conf.declared()[PREFIX + name]
    return raw(setting) if fault(setting) is None else setting.default


def flag(name: str) -> bool:
    """Say whether Django's setting `name` is on."""
    try:
        return bool(getattr(django_settings, name, False))
    except Exception:
        return False


def strings(name: str) -> list[str]:
    """Return Django's setting `name`, a list of strings; without whatever else is in it."""
    value = getattr(django_settings, name, ())
    return [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []


def shown(value: object) -> str:
    """Return `value` as one writes it in a settings file, not too long."""
    try:
        text = repr(value)
    except Exception:
        return f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."


def load(path: str) -> Imported:
    """Import `path`. Importing runs a project's code, so that anything may come of it."""
    try:
        return Imported(conf.load(path))
    except Exception as error:
        return Imported(error=words_of(error))


def words_of(error: Exception) -> str:
    """Return `error` as the end of a sentence."""
    text = " ".join(str(error).split())[:200].rstrip(".")
    return text or type(error).__name__


def accepts(call: Any, arguments: Iterable[str]) -> bool:
    """Say whether `call` takes as many positional arguments as `arguments`; True where that cannot be told."""
    try:
        signature = inspect.signature(call)
    except Exception:  # some callables written in C have none
        return True
    try:
        signature.bind(*arguments)
    except TypeError:
        return False
    return True


def takes_named(call: Any, places: int, names: Iterable[str]) -> bool:
    """Say whether `call` takes so many positional arguments, and `names`; True where that cannot be told."""
    try:
        signature = inspect.signature(call)
    except Exception:  # some callables written in C have none
        return True
    try:
        signature.bind(*range(places), **dict.fromkeys(names))
    except TypeError:
        return False
    return True


def guess(word: str, known: Iterable[str], prefix: str = "") -> str:
    """Return "Did you mean …? " with the one of `known` that `word` is most like, or nothing if it is like none."""
    close = get_close_matches(word, list(known), n=1)
    return f"Did you mean {prefix}{close[0]}? " if close else ""
