"""What a user model may be built on. Importable before any app is loaded, as a user model's base must be."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.db import models, router, transaction

from sessionauth.signals import logged_out_everywhere


def display_name(user: Any) -> str:
    """Return how `user` is addressed: their own `get_display_name()`, else full name, short name or username."""
    own = getattr(user, "get_display_name", None)
    if own is not None:
        return str(own())
    for name in ("get_full_name", "get_short_name", "get_username"):
        method = getattr(user, name, None)
        if method is not None and (found := str(method()).strip()):
            return found
    return "" if user is None else str(user)


class SessionAuthUserMixin(models.Model):
    """Gives a custom user model a session identity that can be rotated, and the names that sessionauth speaks to it by.

    Stands to the left of AbstractUser or AbstractBaseUser::

        class User(SessionAuthUserMixin, AbstractUser): ...
    """

    session_identity = models.CharField(max_length=32, blank=True, default="", editable=False)

    class Meta:
        abstract = True

    def get_id(self) -> str:
        """Return the primary key as a string. Raises ValueError for a user that has none yet."""
        if self.pk is None:
            raise ValueError(f"{type(self).__name__} has no id before it is saved.")
        return str(self.pk)

    def get_display_name(self) -> str:
        """Return the full name, the short name or the username, whichever is there first."""
        for name in ("get_full_name", "get_short_name", "get_username"):
            method = getattr(self, name, None)
            if method is not None and (found := str(method()).strip()):
                return found
        return str(self)

    def get_scopes(self) -> list[str]:
        """Return names of scopes that this user holds besides those that follow from their permissions: none here."""
        return []

    def can_impersonate(self, target: Any) -> bool:
        """Say whether this user may act as `target`: nothing against it here.

        Asked besides what is always refused and SESSIONAUTH_IMPERSONATION_GUARDS, so it can only refuse more. May raise
        PermissionDenied to say why; so may can_be_impersonated().
        """
        return True

    def can_be_impersonated(self, by: Any) -> bool:
        """Say whether `by` may act as this user: nothing against it here. The place for an opt-out."""
        return True

    def get_hashed_password(self) -> str:
        """Return the password as it is stored."""
        return str(getattr(self, "password", ""))

    def get_session_auth_hash(self) -> str:
        """Return Django's hash, mixed with the session identity once that has been rotated.

        While it is empty the hash is exactly Django's, so that adding the mixin signs nobody out.
        """
        return self._with_identity(super().get_session_auth_hash())  # type: ignore[misc]

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """See get_session_auth_hash(); one for each of SECRET_KEY_FALLBACKS."""
        for fallback in super().get_session_auth_fallback_hash():  # type: ignore[misc]
            yield self._with_identity(fallback)

    def _with_identity(self, session_hash: str) -> str:
        # Django's part is keyed with SECRET_KEY already, so a plain hash binds the two.
        if not self.session_identity:
            return session_hash
        return hashlib.sha256(f"{self.session_identity}:{session_hash}".encode()).hexdigest()

    def logout_everywhere(self, reason: str = "logout_everywhere", *, credentials: bool = False) -> None:
        """Sign this user out of every browser; the change is saved at once. `reason` is kept with the sessions.

        Tokens that are bound to a login end as well; keys and personal tokens only with `credentials`.
        """
        identity = secrets.token_urlsafe(24)
        using = router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            type(self)._base_manager.using(using).filter(pk=self.pk).update(session_identity=identity)
            logged_out_everywhere.send(sender=type(self), user=self, reason=reason, credentials=credentials)
        self.session_identity = identity

    async def alogout_everywhere(self, reason: str = "logout_everywhere", *, credentials: bool = False) -> None:
        """See logout_everywhere()."""
        await sync_to_async(self.logout_everywhere)(reason, credentials=credentials)
