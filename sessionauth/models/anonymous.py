"""The user of requests that are nobody's.

It stands beside the models, as Django's does, because Django's cannot be imported before the apps are loaded.
"""

from __future__ import annotations

from django.contrib.auth import models as auth_models
from django.utils.translation import gettext


class AnonymousUser(auth_models.AnonymousUser):
    """Django's anonymous user, with the three names by which sessionauth speaks to users."""

    def __eq__(self, other: object) -> bool:
        # Django's compares with its own class; nobody is nobody from both sides.
        return isinstance(other, auth_models.AnonymousUser)

    def __hash__(self) -> int:
        return super().__hash__()

    def get_id(self) -> None:
        """Return None: nobody has no id."""

    def get_display_name(self) -> str:
        """Return a word for nobody, in the active language."""
        return gettext("Anonymous")

    def get_scopes(self) -> list[str]:
        """Return no scopes."""
        return []

    def get_hashed_password(self) -> str:
        """Return an empty string, which no password matches."""
        return ""
