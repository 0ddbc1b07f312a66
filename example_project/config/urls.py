"""Every address of the Invoice Desk."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from demo import views

urlpatterns = [
    path("", views.home, name="home"),
    path("api-lines/", views.api_lines, name="api_lines"),
    path("mails/", views.mails, name="mails"),
    # Login, logout, confirm, passwords, devices, unlocking; templates/sessionauth/base.html puts them into our frame.
    path("account/", include("sessionauth.urls")),
    path("account/", include("accounts.urls")),
    path("invoices/", include("invoices.urls.pages")),
    path("reports/", include("invoices.urls.reports")),
    path("staff/", include("invoices.urls.staff")),
    path("api/", include("invoices.urls.api")),
    path("admin/", admin.site.urls),
]
