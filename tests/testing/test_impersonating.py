"""Clients that act as somebody else."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ImproperlyConfigured
from django.test import AsyncClient, Client

from sessionauth import testing
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.models import Impersonation
from tests.impersonation.conftest import AUTHENTICATION, IMPERSONATION

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(autouse=True)
def _site(settings):
    place = settings.MIDDLEWARE.index(AUTHENTICATION) + 1
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:place], IMPERSONATION, *settings.MIDDLEWARE[place:]]
    settings.ROOT_URLCONF = "tests.impersonation.site"


@pytest.fixture
def root(make_user):
    return make_user("root", is_superuser=True, is_staff=True)


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.mark.parametrize("kind", [Client, testing.AuthClient])
@pytest.mark.parametrize("write", [False, True])
def test_impersonate__from_the_next_request_on(kind, write, root, alice):
    client = kind()
    client.force_login(root, BACKEND)
    row = testing.impersonate(client, alice, write=write)
    assert client.get("/who/").json()["actor"] == root.get_username()
    assert client.get("/who/").json()["user"] == alice.get_username()
    assert client.post("/act/").status_code == (200 if write else 403)
    assert (row.reason, row.is_read_only) == ("a test", not write)


@pytest.mark.parametrize("kind", [AsyncClient, testing.AsyncAuthClient])
def test_aimpersonate(kind, root, alice):
    client = kind()
    client.force_login(root, BACKEND)
    async_to_sync(testing.aimpersonate)(client, alice)
    assert async_to_sync(client.get)("/awho/").json()["user"] == alice.get_username()


def test_impersonate__fixture(impersonate, root, alice):
    client = Client()
    client.force_login(root, BACKEND)
    impersonate(client, alice)
    assert client.get("/who/").json()["user"] == alice.get_username()


def test_impersonate__what_a_person_may_not(root, alice):
    client = testing.AuthClient()
    with pytest.raises(ImpersonationDenied):
        testing.impersonate(client, alice)
    client.force_login(alice, BACKEND)
    with pytest.raises(ImpersonationDenied):
        testing.impersonate(client, root)
    client.force_login(root, BACKEND, fresh=False)
    with pytest.raises(ImpersonationDenied):
        testing.impersonate(client, alice)
    assert not Impersonation.objects.exists()


def test_impersonate__to_write_needs_the_permission(make_user, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = []
    client = testing.AuthClient()
    client.force_login(make_user("bob"), BACKEND)
    with pytest.raises(ImpersonationDenied):
        testing.impersonate(client, alice, write=True)
    assert client.get("/who/").json()["user"] == "bob"


def test_impersonate__without_the_middleware(root, alice, settings):
    settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if path != IMPERSONATION]
    client = testing.AuthClient()
    client.force_login(root, BACKEND)
    with pytest.raises(ImproperlyConfigured):
        testing.impersonate(client, alice)
