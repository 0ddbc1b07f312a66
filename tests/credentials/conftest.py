"""What tests of credentials rely on: a cache of them, and packages that they are imported from, with their tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.conf import UserSettingsHolder
from django.conf import settings as django_settings
from django.contrib import admin
from django.db import connection
from django.test import override_settings

from sessionauth.models import APIKey, tombstones

PEERS = ("rest_framework", "rest_framework.authtoken", "knox", "rest_framework_api_key")
MODELS = ("authtoken.Token", "knox.AuthToken", "rest_framework_api_key.APIKey")


@pytest.fixture(scope="module")
def peers(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Install them for the tests of a module."""
    with installed(*PEERS), django_db_blocker.unblock():
        models = [apps.get_model(label) for label in MODELS]
        with connection.schema_editor() as editor:
            for model in models:
                editor.create_model(model)
        with django_db_blocker.block():
            yield
        with connection.schema_editor() as editor:
            for model in reversed(models):
                editor.delete_model(model)


@contextmanager
def installed(*names: str) -> Iterator[None]:
    """Install apps, also such as look at INSTALLED_APPS while they are imported: `override_settings` is too late."""
    wanted, before = [*django_settings.INSTALLED_APPS, *names], django_settings._wrapped
    registered = dict(admin.site._registry)
    for module in [name for name in sys.modules if name.startswith("rest_framework.authtoken")]:
        # Imported where it was not installed, its models are abstract for good.
        del sys.modules[module]
    apps.all_models["authtoken"].clear()  # they are imported anew for each module of tests, which Django warns of
    holder: Any = UserSettingsHolder(before)
    holder.INSTALLED_APPS = wanted
    django_settings._wrapped = holder
    try:
        with override_settings(INSTALLED_APPS=wanted):
            yield
    finally:
        django_settings._wrapped = before
        admin.site._registry = registered  # it has looked for more in the apps, and would show them for good


@pytest.fixture
def key_cache(settings: Any) -> Iterator[None]:
    """Look keys and tokens up in the default cache first."""
    settings.SESSIONAUTH_KEY_CACHE = "default"
    settings.SESSIONAUTH_AUDIT = False
    tombstones.resume()
    yield
    tombstones.resume()


@pytest.fixture
def alice(make_user: Any) -> Any:
    """A user."""
    return make_user("alice")


@pytest.fixture
def issued(alice: Any) -> Any:
    """A key of alice's, and its secret."""
    return APIKey.objects.issue(user=alice, name="desk")
