"""Invoices, for everybody who may see some."""

from __future__ import annotations

from django.urls import path

from invoices.views import pages

app_name = "invoices"
urlpatterns = [
    path("", pages.InvoiceList.as_view(), name="list"),
    path("new/", pages.create, name="create"),
    path("<int:pk>/", pages.detail, name="detail"),
]
