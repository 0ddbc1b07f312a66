"""People whom the user model's manager hides: from then on nobody acts as them, and they act as nobody."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission
from django.test import AsyncClient, Client
from django.utils import timezone

from sessionauth import scopes
from sessionauth.models import APIKey, Impersonation
from tests.impersonation import site

pytestmark = [pytest.mark.django_db, pytest.mark.every_project]

ENGINES = ["sessionauth.sessions.db", *(f"django.contrib.sessions.backends.{n}" for n in ("db", "signed_cookies"))]


def leave(user):
    """Hide `user`, or where the manager shows everybody, have them switched off, which is to come to the same."""
    left = {"left_at": timezone.now()} if hasattr(user, "left_at") else {"is_active": False}
    type(user)._base_manager.filter(pk=user.pk).update(**left)


@pytest.fixture
def root(make_user):
    """Who is no superuser, so that the database is asked for what they hold."""
    root = make_user("root")
    root.user_permissions.add(Permission.objects.get(codename="impersonate"))
    return root


@pytest.fixture(params=["root", "alice"])
def leaver(request, root, alice):
    """One of the two."""
    return {"root": root, "alice": alice}[request.param]


@pytest.mark.parametrize("engine", ENGINES)
def test_browser__acts_no_more_once_either_has_left(engine, browser, root, alice, leaver, settings):
    settings.SESSION_ENGINE = engine
    browser.client.force_login(root, "django.contrib.auth.backends.ModelBackend")
    browser.begin(alice)
    assert [browser.who()["user"] for _ in range(2)] == [alice.get_username()] * 2
    leave(leaver)
    browser.get("/act/")
    assert alice.get_username() not in site.done
    assert browser.who()["user"] == (root.get_username() if leaver == alice else None)


def test_pages__begin_with_nobody_who_has_left(browser, alice):
    page = f"/account/impersonate/{alice.pk}/"
    assert browser.get(page).status_code == 200
    leave(alice)
    assert browser.get(page).status_code == browser.post(page, {"reason": "a ticket"}).status_code == 404
    assert not Impersonation.objects.exists()


def asks(secret, path="/who/", **headers):
    """Return the answers to a program, asked each way."""
    headers = {"authorization": f"Bearer {secret}", "accept": "application/json", **headers}
    return [Client().get(path, headers=headers), async_to_sync(AsyncClient().get)(f"/a{path[1:]}", headers=headers)]


def obtain(browser, named):
    headers = {"x-csrftoken": browser.form()}
    data = {"user": str(named), "reason": "a ticket"}
    return browser.client.post("/api/impersonation/", data, content_type="application/json", headers=headers)


@pytest.mark.parametrize("browser", ["sync"], indirect=True)
def test_token__is_for_nobody_who_has_left(browser, alice, settings):
    settings.ROOT_URLCONF = "tests.impersonation.tokens_site"
    settings.SESSIONAUTH_IMPERSONATION_TOKENS = True
    leave(alice)
    for named in (alice.pk, alice.get_username()):
        assert obtain(browser, named).status_code == 404
    assert not Impersonation.objects.exists()


@pytest.mark.parametrize("browser", ["sync"], indirect=True)
def test_token__ends_once_either_has_left(browser, alice, leaver, settings):
    settings.ROOT_URLCONF = "tests.impersonation.tokens_site"
    settings.SESSIONAUTH_IMPERSONATION_TOKENS = True
    secret = obtain(browser, alice.pk).json()["access_token"]
    assert [one.json()["user"] for one in asks(secret)] == [alice.get_username()] * 2
    leave(leaver)
    assert [one.status_code for one in asks(secret)] == [401, 401]


def test_header__names_nobody_who_has_left(root, alice, leaver, settings):
    settings.SESSIONAUTH_IMPERSONATION_HEADER = "X-Impersonate-User"
    settings.ROOT_URLCONF = "tests.impersonation.header_site"
    _, secret = APIKey.objects.issue(user=root, scopes=[scopes.IMPERSONATE])
    named = {"x-impersonate-user": str(alice.pk)}
    assert [one.json()["user"] for one in asks(secret, **named)] == [alice.get_username()] * 2
    leave(leaver)
    assert [one.status_code for one in asks(secret, **named)] == [403 if leaver == alice else 401] * 2
