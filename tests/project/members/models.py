"""A user with a string for a key, without the mixin, whose default manager hides those who left."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models


def new_key() -> str:
    return f"m-{secrets.token_hex(8)}"


class PresentMembers(UserManager["Member"]):
    def get_queryset(self) -> models.QuerySet[Member]:
        return super().get_queryset().filter(left_at=None)


class Member(AbstractUser):
    id = models.CharField(primary_key=True, max_length=18, default=new_key, editable=False)
    left_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[PresentMembers] = PresentMembers()
