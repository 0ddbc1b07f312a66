"""What a project's own tests need: clients that sign in, logins switched off, users without a database.

The names are loaded on first use: the pytest plugin is imported before Django has its settings.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sessionauth.testing.backends import InMemoryBackend
    from sessionauth.testing.client import AsyncAuthClient, AuthClient
    from sessionauth.testing.impersonating import aimpersonate, impersonate
    from sessionauth.testing.override import login_disabled

__all__ = ["AsyncAuthClient", "AuthClient", "InMemoryBackend", "aimpersonate", "impersonate", "login_disabled"]

_HOMES = {
    "AsyncAuthClient": "client",
    "AuthClient": "client",
    "InMemoryBackend": "backends",
    "aimpersonate": "impersonating",
    "impersonate": "impersonating",
    "login_disabled": "override",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
