"""The app `invoices`."""

from __future__ import annotations

from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    """Name the app for Django and the admin."""

    name = "invoices"
    verbose_name = "Invoices"
