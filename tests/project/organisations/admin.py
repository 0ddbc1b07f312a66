"""Own credentials in the admin."""

from __future__ import annotations

from django.contrib import admin

from sessionauth.admin import CredentialAdmin
from tests.project.organisations.models import DeviceKey, Organisation, OrganisationKey

admin.site.register(Organisation)
admin.site.register([OrganisationKey, DeviceKey], CredentialAdmin)
