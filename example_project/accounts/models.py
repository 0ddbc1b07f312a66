"""The user of this site (an e-mail address to sign in with, a UUID for a key, the mixin of sessionauth), and links."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.core import signing
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


class LoginLink(models.Model):
    """A link that signs its owner in once, within ten minutes. The row says that it has been used, nothing more."""

    AGE: ClassVar = timedelta(minutes=10)
    SALT: ClassVar = "accounts.login-link"

    user = models.ForeignKey(User, models.CASCADE, related_name="login_links")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return f"{self.user_id}, {self.created_at:%Y-%m-%d %H:%M}"

    @classmethod
    def issue(cls, user: User) -> str:
        """Return the token of a new link for `user`."""
        return signing.dumps(cls.objects.create(user=user).pk, salt=cls.SALT)

    @classmethod
    def redeem(cls, token: str) -> User | None:
        """Return the user of `token` and use it up; None for one that is forged, too old or used.

        One conditional UPDATE: of several at once, one gets in.
        """
        try:
            number = signing.loads(token, salt=cls.SALT, max_age=cls.AGE)
        except signing.BadSignature:
            return None
        unused = cls.objects.filter(pk=number, used_at=None)
        if not unused.update(used_at=timezone.now()):
            return None
        return cls.objects.select_related("user").get(pk=number).user
