"""Signing in by a one-time link: a backend of this site's own, behind the same guards as a password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from accounts.models import LoginLink, User


class LinkBackend(BaseBackend):
    """Answers `authenticate(request, link=token)`; so does `LoginManager().login(request, link=token)`."""

    #: What `request.auth` and `fresh_login_required(methods=…)` call this way of proving who one is.
    login_method = "link"

    def authenticate(self, request: HttpRequest | None, link: str) -> User | None:  # type: ignore[override]
        """Return whose link it is, if it is good; from then on it is not."""
        return LoginLink.redeem(link)

    def get_user(self, user_id: Any) -> User | None:
        """Return the user of a session."""
        return User.objects.filter(pk=user_id).first()

    def user_can_authenticate(self, user: Any) -> bool:
        """Keep those out who are locked out."""
        return bool(user.is_active)
