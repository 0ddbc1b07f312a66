"""Every address of the Invoice Desk."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from demo import views

urlpatterns = [
    path("", views.home, name="home"),
    path("api-lines/", views.api_lines, name="api_lines"),
    path("mails/", views.mails, name="mails"),
    # Login, logout, confirm, passwords, devices, keys, unlocking, all in our frame: templates/sessionauth/base.html.
    path("account/", include("sessionauth.urls")),
    path("account/", include("accounts.urls")),
    path("invoices/", include("invoices.urls.pages")),
    path("reports/", include("invoices.urls.reports")),
    path("staff/", include("invoices.urls.staff")),
    # Tokens for a name and a password, and what becomes of keys and tokens, by JSON.
    path("api/auth/", include("sessionauth.api_urls")),
    path("api/", include("invoices.urls.api")),
    path("admin/", admin.site.urls),
]
