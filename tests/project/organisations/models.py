"""Keys that belong to an organisation or a device, built on the public bases."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from sessionauth.models import AbstractAPIKey


class Organisation(models.Model):
    name = models.CharField(max_length=50)
    service_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)


class OrganisationKey(AbstractAPIKey):
    """Acts as the service user of its organisation."""

    kind = "org"
    user_path: ClassVar[str | None] = "organisation__service_user"
    organisation = models.ForeignKey(Organisation, models.CASCADE)

    class Meta(AbstractAPIKey.Meta):
        pass


class DeviceKey(AbstractAPIKey):
    """Acts for nobody, ever."""

    kind = "dev"
    user_path: ClassVar[str | None] = None

    class Meta(AbstractAPIKey.Meta):
        pass
