"""The app `accounts`."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Name the app for Django and the admin."""

    name = "accounts"
    verbose_name = "People"
