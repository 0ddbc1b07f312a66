"""Models of a project that had our names before we came: none of them may get in our way, nor we in theirs."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models


class Owned(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)

    class Meta:
        abstract = True


class APIKey(Owned):
    key = models.CharField(max_length=40)


class AccessToken(Owned):
    token = models.CharField(max_length=40)


class LoginSession(Owned):
    session_key = models.CharField(max_length=40)


class Reversed(models.CharField):  # type: ignore[type-arg]
    """Text that the database has backwards."""

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        return value if value is None else value[::-1]

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value if value is None else value[::-1]


class Drawer(models.Model):
    label = models.UUIDField(primary_key=True, default=uuid.uuid4)
    opened_at = models.DateTimeField(null=True)


class Specimen(models.Model):
    """One field of each kind that databases and Django keep in different ways."""

    drawer = models.ForeignKey(Drawer, models.CASCADE, null=True)
    name = Reversed(max_length=40, unique=True)
    number = models.SmallIntegerField(default=0)
    price = models.DecimalField(max_digits=8, decimal_places=3, null=True)
    weight = models.FloatField(null=True)
    notes = models.JSONField(default=dict)
    tag = models.UUIDField(null=True)
    found_at = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    hour = models.TimeField(null=True)
    lasted = models.DurationField(null=True)
    is_rare = models.BooleanField(null=True)
    image = models.BinaryField(null=True)
    address = models.GenericIPAddressField(null=True)
