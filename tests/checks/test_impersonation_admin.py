"""What the checks say of the admin's links to impersonation, and of other apps of this kind."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from django.contrib import admin
from django.contrib.admin.sites import all_sites
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from sessionauth.admin import ImpersonateAdminMixin, user_acts
from tests.checks.asking import codes
from tests.impersonation.conftest import AUTHENTICATION, IMPERSONATION

pytestmark = pytest.mark.once


@pytest.fixture
def with_middleware(settings):
    place = settings.MIDDLEWARE.index(AUTHENTICATION) + 1
    return [*settings.MIDDLEWARE[:place], IMPERSONATION, *settings.MIDDLEWARE[place:]]


def test_page__that_the_admin_leads_to(with_middleware):
    assert "W235" in codes(MIDDLEWARE=with_middleware)
    assert "W235" not in codes(MIDDLEWARE=with_middleware, SESSIONAUTH_IMPERSONATION_ADMIN=False)
    assert "W235" not in codes(MIDDLEWARE=with_middleware, ROOT_URLCONF="tests.impersonation.site")
    assert "W235" not in codes()


class Explicit(ImpersonateAdminMixin, admin.ModelAdmin):
    pass


@pytest.mark.parametrize("model", [Group, get_user_model()], ids=["group", "user"])
def test_middleware__where_an_admin_asks_for_the_links(model, with_middleware):
    site = admin.AdminSite(name="another")
    site.register(model, Explicit)
    user_acts.extend([site])
    try:
        assert codes().count("W236") == 1
        assert "W236" not in codes(MIDDLEWARE=with_middleware)
    finally:
        all_sites.discard(site)


def test_middleware__where_nobody_asks_or_the_setting_does():
    site = admin.AdminSite(name="another")
    site.register(get_user_model())
    user_acts.extend([site])
    try:
        assert "W236" not in codes()
        assert "W236" in codes(SESSIONAUTH_IMPERSONATION_ADMIN=True)
    finally:
        all_sites.discard(site)


def test_other_apps__beside_ours(with_middleware, settings, monkeypatch, tmp_path):
    hijack = ModuleType("hijack")
    hijack.__path__ = [str(tmp_path)]
    monkeypatch.setitem(sys.modules, "hijack", hijack)
    installed = [*settings.INSTALLED_APPS, "hijack"]
    assert "W237" in codes(MIDDLEWARE=with_middleware, INSTALLED_APPS=installed)
    assert "W237" not in codes(INSTALLED_APPS=installed)
    assert "W237" not in codes(MIDDLEWARE=with_middleware)
