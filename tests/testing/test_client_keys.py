"""The clients as programs: with keys and tokens of any limits, of any model."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission

from sessionauth.credentials.rotating import rotate
from sessionauth.models import AccessToken, APIKey
from sessionauth.testing import AsyncAuthClient, AuthClient
from tests.project.organisations.models import DeviceKey, Organisation, OrganisationKey

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.testing.urls")]


class Sync:
    """The client over WSGI."""

    def __init__(self):
        self.client = AuthClient()

    def use(self, way, /, *args, **options):
        return getattr(self.client, way)(*args, **options)

    def get(self, path):
        return self.client.get(path)


class Async:
    """The client over ASGI, by its async twins."""

    def __init__(self):
        self.client = AsyncAuthClient()

    def use(self, way, /, *args, **options):
        return async_to_sync(getattr(self.client, f"a{way}"))(*args, **options)

    def get(self, path):
        return async_to_sync(self.client.get)(path)


@pytest.fixture(params=[Sync, Async], ids=["sync", "async"])
def client(request):
    return request.param()


@pytest.fixture
def alice(make_user):
    alice = make_user("alice")
    alice.user_permissions.add(Permission.objects.get(codename="view_user"))
    return alice


@pytest.mark.parametrize(
    ("name", "model", "method"), [("use_key", APIKey, "api_key"), ("use_token", AccessToken, "bearer")]
)
def test_use__is_a_program_with_these_limits(name, model, method, client, alice):
    row = client.use(name, alice, scopes=["auth.view_user"], methods=["GET"], name="export")
    assert row == model.objects.get()
    assert (row.user, row.scopes, row.methods) == (alice, ["auth.view_user"], ["GET"])
    assert client.get("/scoped/").status_code == 200
    assert client.get("/secret/").status_code == 403  # states no scope
    client.use(name, alice, scopes=[])
    assert client.get("/scoped/").status_code == 403
    client.use(name, alice)
    told = client.get("/who/").json()
    assert (told["name"], told["method"], told["state"]) == ("alice", method, "program")


def test_use_key__of_nobody_and_of_a_projects_own(client, alice):
    client.use("use_key", name="metrics")
    assert client.get("/who/").json()["credential"] == "metrics"
    desk = Organisation.objects.create(name="desk", service_user=alice)
    row = client.use("use_key", model=OrganisationKey, organisation=desk, method="bearer")
    assert isinstance(row, OrganisationKey)
    assert client.get("/who/").json()["name"] == "alice"
    client.use("use_key", model=DeviceKey, name="gate")
    assert client.get("/who/").json()["credential"] == "gate"


def test_use__revoked_meanwhile_is_refused(client, alice):
    row = client.use("use_key", alice)
    row.revoke("lost")
    assert client.get("/who/").status_code == 401


def test_use__lasts_until_logout_or_another(client, alice, make_user):
    client.use("use_key", alice)
    client.use("use_token", make_user("bob"))
    assert client.get("/who/").json()["name"] == "bob"  # and not two credentials at once
    client.client.logout()
    assert client.get("/who/").json()["state"] == "anonymous"


def test_use__of_a_method_that_is_not_active_says_so(client, alice):
    with pytest.raises(ValueError, match="bearer, api_key"):
        client.use("use_token", alice, method="token")
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("method", ["bearer", "api_key"])
def test_use_secret__sends_what_own_code_has_issued(method, alice):
    row, old = APIKey.objects.issue(user=alice)
    _, secret = rotate(row, overlap=0)
    client = AuthClient()
    client.use_secret(old, method=method)
    assert client.get("/who/").status_code == 401
    client.use_secret(secret, method=method)
    assert client.get("/who/").json()["name"] == "alice"
