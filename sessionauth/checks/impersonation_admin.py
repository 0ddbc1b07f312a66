"""The links of the admin that lead to impersonation, and other apps that do the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage

from sessionauth.checks import admin, reading, urls
from sessionauth.checks.finding import Finding, ask
from sessionauth.checks.impersonation import is_installed
from sessionauth.conf import PREFIX

NO_PAGE = Finding(
    "W235",
    "ImpersonationMiddleware and the admin are there, but no URL is called sessionauth:impersonate: the admin shows "
    "nothing that leads to it.",
    "Include sessionauth.urls, or set SESSIONAUTH_IMPERSONATION_ADMIN to False.",
)
NO_MIDDLEWARE = Finding(
    "W236",
    "{what} asks for links to impersonation in the admin, but ImpersonationMiddleware is not installed: none is shown.",
    "Put sessionauth.impersonation.middleware.ImpersonationMiddleware into MIDDLEWARE, right after "
    "sessionauth.middleware.AuthenticationMiddleware.",
)
OTHER_APP = Finding(
    "W237",
    "{app} is installed beside ImpersonationMiddleware: who acts as somebody by it is taken for that user here, "
    "without a record, without limits, and with their rights.",
    "Take {app} out of INSTALLED_APPS, its middleware and URLs with it.",
)
OTHERS = {"hijack": "django-hijack", "impersonate": "django-impersonate", "loginas": "django-loginas"}


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check what the links of the admin need, and look for other apps of this kind."""
    return ask(page, middleware, others)


def page() -> Iterator[CheckMessage]:
    """Look for the page that the links lead to."""
    is_wanted = apps.is_installed("django.contrib.admin") and reading.value_of("IMPERSONATION_ADMIN")
    if is_wanted and is_installed() and not urls.has_name("sessionauth:impersonate"):
        yield NO_PAGE()


def middleware() -> Iterator[CheckMessage]:
    """Look for the middleware where the links were asked for: by the setting, or by an admin with our mixin."""
    if is_installed() or not apps.is_installed("django.contrib.admin"):
        return
    name = PREFIX + "IMPERSONATION_ADMIN"
    if getattr(django_settings, name, False) is True:
        yield NO_MIDDLEWARE(what=name)
    for site in admin.sites():
        for shown in site._registry.values():
            own = getattr(type(shown), "sessionauth_extends", type(shown))
            # By its mark: to import the class would register ours.
            if hasattr(own, "get_impersonation_target"):
                yield NO_MIDDLEWARE(obj=own, what=own.__name__)


def others() -> Iterator[CheckMessage]:
    """Look for other apps by which one acts as somebody else."""
    for app, name in OTHERS.items():
        if is_installed() and apps.is_installed(app):
            yield OTHER_APP(app=name)
