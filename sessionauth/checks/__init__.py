"""System checks: what `manage.py check` says of a project's settings, wiring and models.

Nothing here raises, whatever a project has configured, and only `database` asks the database. The modules are imported
when checks run: a server has no use for them.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from django.core.checks import Tags
from django.core.checks import register as register_check

from sessionauth.late import LateModule, late

if TYPE_CHECKING:
    from sessionauth.checks import finding
else:
    finding = LateModule("sessionauth.checks.finding")

APP = "sessionauth"

#: In the order of their numbers.
TOPICS = (
    "settings",
    "values",
    "scopes",
    "authenticators",
    "policy",
    "login_pages",
    "middleware",
    "backends",
    "models",
    "database",
    "deploy",
    "passwords",
    "remember",
    "sessions",
    "guards",
    "lifetimes",
    "key_cache",
    "peppers",
    "scope_names",
    "frameworks",
    "token_api",
    "admin",
    "leaks",
    "formats",
    "impersonation",
    "impersonation_admin",
    "impersonation_header",
    "impersonating",
    "impersonation_credentials",
)

#: What is asked, and by which tags.
ALWAYS: tuple[tuple[str, ...], ...] = (
    ("settings.check", APP),
    ("values.check", APP, Tags.security),
    ("scopes.check", APP, Tags.security),
    ("authenticators.check", APP, Tags.security),
    ("admin.check", APP, Tags.security),
    ("policy.check", APP, Tags.security, Tags.urls),
    ("login_pages.check", APP, Tags.urls),
    ("middleware.check", APP, Tags.security),
    ("backends.check", APP, Tags.security),
    ("models.check", APP, Tags.models),
    ("remember.check", APP, Tags.security),
    ("sessions.check", APP, Tags.security),
    ("guards.check", APP, Tags.security),
    ("lifetimes.check", APP, Tags.security),
    ("key_cache.check", APP, Tags.security),
    ("peppers.check", APP, Tags.security),
    ("scope_names.check", APP, Tags.security),
    ("frameworks.check", APP),
    ("token_api.check", APP, Tags.security, Tags.urls),
    ("leaks.check", APP, Tags.security),
    ("formats.check", APP, Tags.security),
    ("impersonation.check", APP, Tags.security),
    ("impersonation_admin.check", APP, Tags.security, Tags.urls),
    ("impersonation_header.check", APP, Tags.security),
    ("impersonation_credentials.check", APP, Tags.security),
    ("impersonating.check", APP, Tags.security, Tags.urls),
    ("passwords.check", APP),
    # Without our own tag, by which it would be run where no database was named.
    ("database.check", Tags.database),
    ("peppers.check_database", Tags.database),
)
AT_DEPLOY: tuple[tuple[str, ...], ...] = (
    ("deploy.check", APP, Tags.security),
    ("remember.check_deploy", APP, Tags.security),
    ("sessions.check_deploy", APP, Tags.security),
    ("guards.check_deploy", APP, Tags.security),
    ("key_cache.check_deploy", APP, Tags.security),
    ("passwords.check_deploy", APP, Tags.security),
)


def register() -> None:
    """Register the checks; `manage.py check --tag sessionauth` runs these alone. Calling it twice changes nothing."""
    for is_of_deploy, asked in ((False, ALWAYS), (True, AT_DEPLOY)):
        for name, *tags in asked:
            register_check(late(f"{__name__}.{name}"), *tags, deploy=is_of_deploy)


def topics() -> list[ModuleType]:
    """Return the modules that ask, in the order of their numbers."""
    return [import_module(f"{__name__}.{topic}") for topic in TOPICS]


def findings() -> list[finding.Finding]:
    """Return everything that the checks may say, in the order of the numbers."""
    said = [found for topic in topics() for found in vars(topic).values() if isinstance(found, finding.Finding)]
    return sorted(said, key=lambda found: found.code[1:])
