"""The addresses of the pages, by the names that a project links to."""

from __future__ import annotations

import pytest
from django.urls import NoReverseMatch, resolve, reverse

from sessionauth import urls

NAMES = {
    "login": "login/",
    "logout": "logout/",
    "confirm_login": "confirm/",
    "session": "session/",
    "devices": "devices/",
    "devices_end_others": "devices/others/end/",
    "devices_end_all": "devices/all/end/",
    "keys": "keys/",
    "key_issue": "keys/new/",
    "keys_revoke_all": "keys/all/revoke/",
    "password_change": "password/",
    "password_change_done": "password/done/",
    "password_reset": "password/reset/",
    "password_reset_sent": "password/reset/sent/",
    "password_reset_complete": "password/reset/done/",
    "impersonate_start": "impersonate/",
    "impersonation": "impersonation/",
    "impersonation_stop": "impersonation/stop/",
    "impersonation_extend": "impersonation/extend/",
    "impersonation_upgrade": "impersonation/upgrade/",
    "impersonation_ended": "impersonation/ended/",
    "unlock": "unlock/",
    "unlock_sent": "unlock/sent/",
    "unlock_done": "unlock/done/",
}
WITH_ARGUMENTS = {
    "device_end",
    "impersonate",
    "key_rename",
    "key_revoke",
    "key_rotate",
    "password_reset_confirm",
    "unlock_confirm",
}


@pytest.mark.urls("tests.account_urls")
@pytest.mark.parametrize(("name", "path"), NAMES.items())
def test_name__leads_to_its_page(name, path):
    assert reverse(f"sessionauth:{name}") == f"/account/{path}"
    assert resolve(f"/account/{path}").view_name == f"sessionauth:{name}"


def test_names__are_all_told_here():
    assert {pattern.name for pattern in urls.urlpatterns} == {*NAMES} | WITH_ARGUMENTS


def test_names__are_nowhere_until_they_are_included():
    with pytest.raises(NoReverseMatch):
        reverse("sessionauth:login")
