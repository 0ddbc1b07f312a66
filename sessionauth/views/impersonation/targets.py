"""Whom an address or a form means."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from sessionauth import accounts, lookup
from sessionauth.request_state import state_of


def by_key(request: HttpRequest, text: str) -> Any | None:
    """Return the user whose primary key `text` is, None if it is nobody's or no key at all."""
    state_of(request).sought = text
    if not accounts.can_be_a_name(text):
        return None
    try:
        key = get_user_model()._meta.pk.to_python(text)
    except ValidationError:
        return None
    return lookup.users(request).filter(pk=key).first()


def by_words(request: HttpRequest, text: str) -> Any | None:
    """Return the user whom `text` means, a name to sign in with or a primary key; None if it could be two."""
    found = {user.pk: user for user in (accounts.find(request, text), by_key(request, text)) if user is not None}
    return next(iter(found.values())) if len(found) == 1 else None
