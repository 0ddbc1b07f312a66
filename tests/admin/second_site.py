"""A project with two admin sites, one of them its own, and with a page to confirm a login."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from sessionauth.admin import CredentialAdmin
from sessionauth.models import APIKey
from tests.project.urls import urlpatterns as others

site = admin.AdminSite(name="back_office")
site.register(APIKey, CredentialAdmin)

urlpatterns = [path("office/", site.urls), path("account/", include("sessionauth.urls")), *others]
