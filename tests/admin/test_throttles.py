"""Unlocking in the admin."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from sessionauth.backends import verify
from sessionauth.guards import unlock
from sessionauth.models import LoginThrottle
from tests.guards.entries import LOCKOUT, request_from

pytestmark = pytest.mark.django_db

LIST = "/admin/sessionauth/loginthrottle/"


@pytest.fixture
def locked(make_user, guarded, settings):
    """Lock alice, and a name that nobody has."""
    settings.SESSIONAUTH_LOCKOUT_LIMIT = 2
    guarded(LOCKOUT)
    alice = make_user("alice")
    for name in ("alice", "nobody") * 2:
        verify(request_from(), {"username": name, "password": "wrong"})
    settings.SESSIONAUTH_GUARDS_ENABLED = False
    assert unlock.locked().count() == 2
    return alice


def browser_of(user):
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def act(browser):
    chosen = list(LoginThrottle.objects.values_list("pk", flat=True))
    return browser.post(LIST, {"action": "unlock", "_selected_action": chosen}, follow=True)


def test_action__unlocks_accounts_and_names(locked, make_user):
    root = make_user("root", is_staff=True, is_superuser=True)
    answer = act(browser_of(root))
    assert "2 waits or locks were ended." in answer.content.decode()
    assert not unlock.locked().exists()


def test_action__is_for_those_who_may_change_counters(locked, make_user):
    viewer = make_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_loginthrottle"))
    act(browser_of(viewer))
    assert unlock.locked().count() == 2


@pytest.mark.parametrize("path", [LIST, "{}{}/change/"])
def test_pages__are_shown_and_nothing_is_added_or_deleted(path, locked, make_user):
    browser = browser_of(make_user("root", is_staff=True, is_superuser=True))
    row = LoginThrottle.objects.filter(user=locked).get()
    answer = browser.get(path.format(LIST, row.pk))
    assert (answer.status_code, b"alice" in answer.content) == (200, True)
    assert browser.get(f"{LIST}add/").status_code == 403
    assert browser.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_locked_user__can_be_deleted_in_the_admin(locked, make_user):
    browser = browser_of(make_user("root", is_staff=True, is_superuser=True))
    assert browser.post(f"/admin/auth/user/{locked.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not LoginThrottle.objects.filter(user=locked).exists()
