"""System checks: what `manage.py check` says of a project's settings, wiring and models.

Nothing here raises, whatever a project has configured, and only `database` asks the database.
"""

from __future__ import annotations

from django.core.checks import Tags
from django.core.checks import register as register_check

from sessionauth.checks import (
    admin,
    authenticators,
    backends,
    database,
    deploy,
    formats,
    frameworks,
    guards,
    impersonating,
    impersonation,
    impersonation_admin,
    impersonation_header,
    key_cache,
    leaks,
    lifetimes,
    login_pages,
    middleware,
    models,
    passwords,
    peppers,
    policy,
    remember,
    scope_names,
    scopes,
    sessions,
    settings,
    token_api,
    values,
)
from sessionauth.checks.finding import APP, Finding

#: In the order of their numbers.
TOPICS = (
    settings,
    values,
    scopes,
    authenticators,
    policy,
    login_pages,
    middleware,
    backends,
    models,
    database,
    deploy,
    passwords,
    remember,
    sessions,
    guards,
    lifetimes,
    key_cache,
    peppers,
    scope_names,
    frameworks,
    token_api,
    admin,
    leaks,
    formats,
    impersonation,
    impersonation_admin,
    impersonation_header,
    impersonating,
)


def register() -> None:
    """Register the checks; `manage.py check --tag sessionauth` runs these alone. Calling it twice changes nothing."""
    register_check(settings.check, APP)
    register_check(values.check, APP, Tags.security)
    register_check(scopes.check, APP, Tags.security)
    register_check(authenticators.check, APP, Tags.security)
    register_check(admin.check, APP, Tags.security)
    register_check(policy.check, APP, Tags.security, Tags.urls)
    register_check(login_pages.check, APP, Tags.urls)
    register_check(middleware.check, APP, Tags.security)
    register_check(backends.check, APP, Tags.security)
    register_check(models.check, APP, Tags.models)
    register_check(deploy.check, APP, Tags.security, deploy=True)
    register_check(remember.check, APP, Tags.security)
    register_check(remember.check_deploy, APP, Tags.security, deploy=True)
    register_check(sessions.check, APP, Tags.security)
    register_check(sessions.check_deploy, APP, Tags.security, deploy=True)
    register_check(guards.check, APP, Tags.security)
    register_check(guards.check_deploy, APP, Tags.security, deploy=True)
    register_check(lifetimes.check, APP, Tags.security)
    register_check(key_cache.check, APP, Tags.security)
    register_check(key_cache.check_deploy, APP, Tags.security, deploy=True)
    register_check(peppers.check, APP, Tags.security)
    register_check(scope_names.check, APP, Tags.security)
    register_check(frameworks.check, APP)
    register_check(token_api.check, APP, Tags.security, Tags.urls)
    register_check(leaks.check, APP, Tags.security)
    register_check(formats.check, APP, Tags.security)
    register_check(impersonation.check, APP, Tags.security)
    register_check(impersonation_admin.check, APP, Tags.security, Tags.urls)
    register_check(impersonation_header.check, APP, Tags.security)
    register_check(impersonating.check, APP, Tags.security, Tags.urls)
    register_check(passwords.check, APP)
    register_check(passwords.check_deploy, APP, Tags.security, deploy=True)
    # Without our own tag, by which it would be run where no database was named.
    register_check(database.check, Tags.database)
    register_check(peppers.check_database, Tags.database)


def findings() -> list[Finding]:
    """Return everything that the checks may say, in the order of the numbers."""
    said = [found for topic in TOPICS for found in vars(topic).values() if isinstance(found, Finding)]
    return sorted(said, key=lambda finding: finding.code[1:])
