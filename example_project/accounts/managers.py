"""How users are made and found: by e-mail address, in which upper and lower case do not matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager

if TYPE_CHECKING:
    from accounts.models import User


class UserManager(BaseUserManager["User"]):
    """Make users from an e-mail address, a password and a name."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the address as it is stored: stripped and in lower case, so that `unique` sees through case."""
        return super().normalize_email(email).strip().lower()

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the user with this address, in whatever case it was typed."""
        return super().get_by_natural_key(self.normalize_email(username))

    async def aget_by_natural_key(self, username: str | None) -> User:
        """See get_by_natural_key()."""
        return await super().aget_by_natural_key(self.normalize_email(username))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make and save a user. Without `password` nobody can sign in with one."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make and save a user who may do everything."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
