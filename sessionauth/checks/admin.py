"""How the admin shows the models of credentials."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage

from sessionauth.checks.finding import Finding, ask
from sessionauth.conf import load
from sessionauth.models.credentials import models_by_kind

PLAIN_ADMIN = Finding(
    "W210",
    "{admin} shows {model}, whose rows it cannot issue, and lets a URL of the list ask about their digests.",
    "Derive it from sessionauth.admin.CredentialAdmin.",
)
EDITED_INLINE = Finding(
    "W211",
    "{admin} edits {model} in {inline}: whoever may change one widens there what others may do, and none can be added.",
    "Let its has_add_permission() and has_change_permission() return False, and link to the pages of CredentialAdmin.",
)

#: Of an inline that has not said otherwise.
DJANGOS = "django.contrib.admin.options"


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check the admin of credentials, on every site of it; nothing where there is no admin."""
    return ask(credentials, inlines)


def credentials() -> Iterator[CheckMessage]:
    """Look for the models of credentials that are shown by an admin of another kind."""
    for site in sites():
        for model in models_by_kind().values():
            shown = site._registry.get(model)
            # By its mark: to import the class would register ours, and there may be no admin.
            if shown is not None and not getattr(shown, "hands_out_secrets", False):
                yield PLAIN_ADMIN(obj=type(shown), admin=type(shown).__name__, model=model.__name__)


def inlines() -> Iterator[CheckMessage]:
    """Look for the models of credentials that are edited on the pages of others, where nobody asks whose they are."""
    known = set(models_by_kind().values())
    for site in sites():
        for shown in site._registry.values():
            for inline in shown.inlines:
                asked = (inline.has_add_permission, inline.has_change_permission)
                if inline.model in known and any(method.__module__ == DJANGOS for method in asked):
                    words = {"model": inline.model.__name__, "inline": inline.__name__}
                    yield EDITED_INLINE(obj=type(shown), admin=type(shown).__name__, **words)


def sites() -> list[Any]:
    """Return the sites of the admin, which where it is not installed would be imported by every process for nothing."""
    return list(load("django.contrib.admin.sites.all_sites")) if apps.is_installed("django.contrib.admin") else []
