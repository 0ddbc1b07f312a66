"""The site of tests/impersonation with its admin, and links on pages of it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.contrib.auth import get_user_model

from tests.impersonation.conftest import AUTHENTICATION, IMPERSONATION

LINK = re.compile(r'href="(/account/impersonate/[^"]*)"')


def put_up(settings: Any) -> None:
    """Have the site of tests/impersonation, with its middleware."""
    place = settings.MIDDLEWARE.index(AUTHENTICATION) + 1
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:place], IMPERSONATION, *settings.MIDDLEWARE[place:]]
    settings.ROOT_URLCONF = "tests.impersonation.site"


def users() -> str:
    """Return the address of the list of users."""
    opts = get_user_model()._meta
    return f"/admin/{opts.app_label}/{opts.model_name}/"


def links(answer: Any) -> list[str]:
    """Return where a page leads to act as somebody."""
    assert answer.status_code == 200, answer.status_code
    return [unescape(found) for found in LINK.findall(answer.content.decode())]
