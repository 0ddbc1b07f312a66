"""Users without a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.auth import hashers
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from sessionauth import passwords


class InMemoryBackend(BaseBackend):
    """Finds users in a dict, for tests and quick starts; stands in AUTHENTICATION_BACKENDS as a subclass of yours::

        class People(InMemoryBackend):
            users = {"alice": Person("alice", password=make_password("wonderland"))}

    The keys of `users` are the ids by which sessions and code name a user; one signs in by the key or by the user's
    `username` (or `get_username()`). Users may be objects of any class that says `is_authenticated`. Their password is
    asked for by `check_password()` or, where that is missing, read from `get_hashed_password()` or `password`, in the
    form that `make_password()` gives. One whose `is_active` is false is not let in. For a session, Django's `login()`
    wants an instance of a model; without one, use Basic, a callback, or SESSIONAUTH_USER_LOADER.
    """

    users: ClassVar[Mapping[Any, Any]] = {}

    def get_user(self, user_id: Any) -> Any | None:
        """Return the user whose key is `user_id`, however it is written; None if there is none, or not any more."""
        user = self._by_key(user_id)
        return user if _is_active(user) else None

    async def aget_user(self, user_id: Any) -> Any | None:
        """See get_user()."""
        return self.get_user(user_id)

    @sensitive_variables("password")
    def authenticate(  # type: ignore[override]
        self, request: HttpRequest | None, username: str, password: str
    ) -> Any | None:
        """Return the user whose name and password these are, else None, with the same work either way."""
        user = self._by_name(username)
        if user is None:
            return passwords.check(None, password)
        return user if _check_password(user, password) and _is_active(user) else None

    def _by_key(self, user_id: Any) -> Any | None:
        return next((user for key, user in self.users.items() if str(key) == str(user_id)), None)

    def _by_name(self, username: str) -> Any | None:
        found = next((user for user in self.users.values() if _username(user) == username), None)
        return self._by_key(username) if found is None else found


def _username(user: Any) -> str | None:
    own = getattr(user, "get_username", None)
    name: str | None = own() if own is not None else getattr(user, "username", None)
    return name


def _is_active(user: Any) -> bool:
    return user is not None and bool(getattr(user, "is_active", True))


@sensitive_variables("password")
def _check_password(user: Any, password: str) -> bool:
    own = getattr(user, "check_password", None)
    if own is not None:
        return bool(own(password))
    stored = getattr(user, "get_hashed_password", None)
    return hashers.check_password(password, stored() if stored is not None else user.password)
