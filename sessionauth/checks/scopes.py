"""The permissions that SESSIONAUTH_SCOPES speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.auth import get_permission_codename
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.core.checks import CheckMessage

from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask

BAD_PERMISSION = Finding(
    "E016",
    "The scope {scope} of SESSIONAUTH_SCOPES stands for the permission {permission}, which nobody can hold.",
    'Write permissions as "app_label.codename", as in user.has_perm().',
)
UNKNOWN_PERMISSION = Finding(
    "W017",
    "The scope {scope} of SESSIONAUTH_SCOPES stands for the permission {permission}, which no model has.",
    "{guess}Correct it. If a migration of yours makes the permission, silence this check.",
)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check what scopes stand for."""
    return ask(permissions)


def permissions() -> Iterator[CheckMessage]:
    """Look for permissions that Django's own backends would never find.

    A backend with a has_perm() of its own may know permissions of any name: then nothing can be said.
    """
    if any(_has_rules_of_its_own(path) for path in reading.strings("AUTHENTICATION_BACKENDS")):
        return
    known = set(_of_models())
    for scope, (_, names) in reading.value_of("SCOPES").items():
        for name in dict.fromkeys(names):
            words = {"scope": reading.shown(scope), "permission": reading.shown(name)}
            if not all(name.partition(".")):
                yield BAD_PERMISSION(**words)
            elif name not in known:
                yield UNKNOWN_PERMISSION(**words, guess=reading.guess(name, known))


def _has_rules_of_its_own(path: str) -> bool:
    backend = reading.load(path).found
    return any(
        getattr(backend, name, None) not in (None, getattr(BaseBackend, name), getattr(ModelBackend, name))
        for name in ("has_perm", "get_all_permissions", "get_user_permissions", "get_group_permissions")
    )


def _of_models() -> Iterator[str]:
    """Yield the permissions that `migrate` makes, told from the models alone."""
    for model in apps.get_models():
        opts = model._meta
        codenames = [get_permission_codename(action, opts) for action in opts.default_permissions]
        for codename in [*codenames, *(codename for codename, _ in opts.permissions)]:
            yield f"{opts.app_label}.{codename}"
