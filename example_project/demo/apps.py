"""The app `demo`."""

from __future__ import annotations

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Name the app for Django and the admin."""

    name = "demo"
    verbose_name = "Demo"
