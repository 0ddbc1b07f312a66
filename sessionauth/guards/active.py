"""Only accounts that are active."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import load_backend
from django.http import HttpRequest

from sessionauth.exceptions import InactiveUser
from sessionauth.guards.base import LoginGuard


class ActiveUserGuard(LoginGuard):
    """Refuses an account that may not sign in, once its password is right; to the person it looks like a wrong one.

    Who may is the backend's to say, as it is for a session: `user_can_authenticate()` where it has one, else
    `is_active`.
    """

    needs_account = False

    def after_credentials(self, request: HttpRequest | None, user: Any) -> None:
        """Refuse with InactiveUser."""
        path = getattr(user, "_sessionauth_verified_by", None)
        ask = None if path is None else getattr(load_backend(path), "user_can_authenticate", None)
        if not (getattr(user, "is_active", True) if ask is None else ask(user)):
            raise InactiveUser

    async def aafter_credentials(self, request: HttpRequest | None, user: Any) -> None:
        """See after_credentials()."""
        self.after_credentials(request, user)
