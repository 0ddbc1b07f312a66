"""The admin of credentials, where there is an admin."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.sites import all_sites
from django.contrib.auth import get_user_model

from sessionauth.admin import CredentialAdmin
from sessionauth.models import APIKey
from tests.checks.asking import codes
from tests.project.run import run_in_project

pytestmark = pytest.mark.once


@pytest.mark.parametrize(("shown_by", "expected"), [(CredentialAdmin, []), (admin.ModelAdmin, ["W210"])])
def test_credentials__are_shown_by_our_admin_on_every_site(shown_by, expected):
    site = admin.AdminSite(name="another")
    site.register(APIKey, shown_by)
    try:
        assert codes() == expected
    finally:
        all_sites.discard(site)  # else it is there until the garbage is collected, for the tests that follow


class Edited(admin.TabularInline):
    model = APIKey


class Listed(Edited):
    def has_add_permission(self, request, obj):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@pytest.mark.parametrize(("inline", "expected"), [(Edited, ["W211"]), (Listed, [])])
def test_credentials__are_not_edited_among_the_fields_of_others(inline, expected):
    site = admin.AdminSite(name="another")
    site.register(get_user_model(), type("Users", (admin.ModelAdmin,), {"inlines": [inline]}))
    try:
        assert codes() == expected
    finally:
        all_sites.discard(site)


@pytest.mark.slow
def test_project__without_the_admin_is_checked_and_needs_none():
    code = """
call_command("check")
call_command("sessionauth_apikey", "create", "--name", "metrics")
import sys
assert "sessionauth.admin" not in sys.modules
"""
    apps = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "sessionauth"]
    outcome = run_in_project(code, INSTALLED_APPS=apps, ROOT_URLCONF="sessionauth.urls", migrate=True)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.strip().splitlines()[-1].startswith("sa_key_")
