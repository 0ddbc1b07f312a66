"""The order of AUTHENTICATION_BACKENDS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.core.checks import CheckMessage

from sessionauth.backends import APIKeyAuthBackend, SessionAuthBackend, TokenAuthBackend
from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask

NOT_IMPORTABLE = Finding(
    "E070",
    "AUTHENTICATION_BACKENDS names {path}, which cannot be imported: {error}.",
    "Correct the dotted path, or take it out.",
)
NOT_FIRST = Finding(
    "E071",
    "{path} is not the first of AUTHENTICATION_BACKENDS: those before it are asked without it.",
    "Put it first. It asks the backends behind it itself.",
)
NO_MODEL_BACKEND = Finding(
    "E072",
    "AUTHENTICATION_BACKENDS has no ModelBackend behind {path}, which verifies for those behind it and knows no "
    "permissions.",
    "Add django.contrib.auth.backends.ModelBackend, or a subclass, after it.",
)
LOGIN_ASKS = Finding(
    "W073",
    "There are now several authentication backends: login(request, user) raises ValueError for a user who does not "
    "come from authenticate(), for instance after signing up.",
    'Give your user model the attribute backend = "{path}", or pass backend="{path}" in such calls of login() and '
    "silence this check.",
)

OURS = (SessionAuthBackend, TokenAuthBackend, APIKeyAuthBackend)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check who verifies credentials."""
    return ask(imports, order, login_without_backend)


def _loaded() -> list[tuple[str, reading.Imported]]:
    return [(path, reading.load(path)) for path in reading.strings("AUTHENTICATION_BACKENDS")]


def _is(found: Any, *kinds: type[Any]) -> bool:
    return isinstance(found, type) and issubclass(found, kinds)


def imports() -> Iterator[CheckMessage]:
    """Look for backends that are not there; Django would stumble at the first login."""
    for path, backend in _loaded():
        if backend.error:
            yield NOT_IMPORTABLE(path=reading.shown(path), error=backend.error)


def order() -> Iterator[CheckMessage]:
    """Look for SessionAuthBackend anywhere but first, or with nobody behind it."""
    loaded = _loaded()
    for place, (path, backend) in enumerate(loaded):
        if not _is(backend.found, SessionAuthBackend):
            continue
        if place > 0:
            yield NOT_FIRST(path=path)
        if not any(_is(other.found, ModelBackend) for _, other in loaded[place + 1 :]):
            yield NO_MODEL_BACKEND(path=path)


def login_without_backend() -> Iterator[CheckMessage]:
    """Look whether it was our backend that made one into several, so that login() does not know which to note."""
    loaded = _loaded()
    others = [path for path, backend in loaded if not _is(backend.found, *OURS)]
    has_ours = any(_is(backend.found, SessionAuthBackend) for _, backend in loaded)
    if has_ours and len(others) == 1 and not hasattr(get_user_model(), "backend"):
        yield LOGIN_ASKS(path=others[0])
