"""Whom, and which rows, a command is about."""

from __future__ import annotations

import argparse
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db.models import Q

from sessionauth import accounts


def find_user(text: str) -> Any:
    """Return the user that `text` names: by username, e-mail address or key, also one that the site hides.

    Raises CommandError for nobody, and where `text` means several people: whom it is about must not be guessed.
    """
    if not accounts.can_be_a_name(text):
        raise CommandError(f"No user is called {text!r}.")
    model = get_user_model()
    email = getattr(model, "EMAIL_FIELD", "")
    meant = Q(**{model.USERNAME_FIELD: text})
    if email and "@" in text:
        meant |= Q(**{email: text})
    found = list(model._base_manager.filter(meant | _key(model, text))[:2])
    if not found:
        raise CommandError(f"No user has the name, e-mail address or key {text!r}.")
    if len(found) > 1:
        keys = " and ".join(str(user.pk) for user in found)
        raise CommandError(f"{text!r} means more than one user, such as those with the keys {keys}.")
    return found[0]


def _key(model: type[Any], text: str) -> Q:
    try:
        return Q(pk=model._meta.pk.to_python(text))
    except ValidationError:
        return Q(pk__in=())


def row_key(text: str) -> int:
    """Return `text` as the key of a row; argparse says that it is none."""
    if not text.isascii() or not text.isdecimal() or not 0 < int(text[:20]) < 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is no key of a row")
    return int(text)
