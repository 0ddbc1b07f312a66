"""The user of this site: an e-mail address to sign in with, a UUID for a key, and the mixin of sessionauth."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone

from accounts.managers import UserManager
from sessionauth.base_user import SessionAuthUserMixin


class User(SessionAuthUserMixin, AbstractBaseUser, PermissionsMixin):
    """A person who may sign in: a customer, a colleague or somebody of support."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField("e-mail address", unique=True, error_messages={"unique": "This address has an account."})
    name = models.CharField(max_length=120)
    is_active = models.BooleanField("active", default=True, help_text="Clear this to lock somebody out at once.")
    is_staff = models.BooleanField("may use the admin", default=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    #: With two AUTHENTICATION_BACKENDS Django asks which of them a session shall name, where `login()` is called for a
    #: user who did not come from `authenticate()`, as after signing up.
    backend = "django.contrib.auth.backends.ModelBackend"

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = ("name", "email")

    def clean(self) -> None:
        """Store the address in one form only, see UserManager.normalize_email()."""
        super().clean()
        self.email = UserManager.normalize_email(self.email)

    def get_full_name(self) -> str:
        """Return the name; the mixin shows it as `request.auth.display_name`."""
        return self.name
