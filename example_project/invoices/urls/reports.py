"""Figures. SESSIONAUTH_PROTECT asks for a login here, not the views."""

from __future__ import annotations

from django.urls import path

from invoices.views import reports

app_name = "reports"
urlpatterns = [
    path("", reports.figures, name="figures"),
    path("live/", reports.live, name="live"),
    path("help/", reports.explained, name="help"),
]
