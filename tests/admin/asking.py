"""Administrators of every kind, and what they send."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from sessionauth import crypto
from sessionauth.views.tickets import FIELD

SECRET = re.compile(r"sa_(?:key|pat|org|dev)_[0-9A-Za-z]{38}")
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


def browser_of(user: Any) -> Client:
    """Return a browser in which `user` is signed in."""
    browser = Client()
    browser.force_login(user, backend=MODEL_BACKEND)
    return browser


def grant(user: Any, *codenames: str) -> Any:
    """Give `user` permissions, and return them as they are in the database, without what was asked before."""
    found = Permission.objects.filter(codename__in=codenames)
    assert found.count() >= len(codenames), codenames
    user.user_permissions.add(*found)
    return type(user)._default_manager.get(pk=user.pk)


def secrets_in(answer: Any) -> list[str]:
    """Return the whole secrets on a page."""
    return SECRET.findall(answer.content.decode())


def form_of(browser: Client, path: str, **changed: Any) -> dict[str, Any]:
    """Return what a browser would send with the form of `path` after `changed`."""
    page = browser.get(path)
    assert page.status_code == 200, page.status_code
    form = page.context["adminform"].form
    data = dict(_filled_in(form))
    if FIELD in page.content.decode():
        data[FIELD] = page.context["ticket"]
    return data | changed


def _filled_in(form: Any) -> Iterator[tuple[str, Any]]:
    for bound in form:
        value = bound.value()
        if bound.name == "expires_at":
            yield "expires_at_0", "" if value is None else value.strftime("%Y-%m-%d")
            yield "expires_at_1", "" if value is None else value.strftime("%H:%M:%S")
        elif value is not None:
            yield bound.name, value


def parsed(secret: str) -> Any:
    """Return the parts of `secret`, None if it is none."""
    return crypto.parse(secret, "sa")
