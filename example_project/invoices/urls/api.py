"""The JSON API."""

from __future__ import annotations

from django.urls import path, re_path

from invoices.api import views
from invoices.api.dispatch import by_method

app_name = "api"
urlpatterns = [
    path("health", by_method(GET=views.health), name="health"),
    path("whoami", by_method(GET=views.whoami), name="whoami"),
    path("invoices", by_method(GET=views.list_invoices, POST=views.add_invoice), name="invoices"),
    path("invoices/<int:pk>", by_method(GET=views.show_invoice), name="invoice"),
    path("totals", by_method(GET=views.totals), name="totals"),
    path("partner", by_method(GET=views.partner_summary), name="partner"),
    path("openapi.json", by_method(GET=views.openapi), name="openapi"),
    re_path(r"", views.missing),
]
