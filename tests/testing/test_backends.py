"""Users in a dict: found, verified and refused as any others."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate, get_user
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from sessionauth.testing import InMemoryBackend

PATH = f"{__name__}.People"
HERE = [PATH]
FIRST_OURS = ["sessionauth.backends.SessionAuthBackend", PATH]


@dataclass
class Person:
    """A user that is no model."""

    username: str
    password: str = ""
    is_active: bool = True
    is_authenticated = True
    is_anonymous = False

    def __bool__(self) -> bool:
        return False  # imia skipped such users


class Spy:
    """A user that checks passwords itself."""

    def get_username(self) -> str:
        return "spy"

    def check_password(self, raw: str) -> bool:
        return raw == "swordfish"


class Kept:
    """A user of imia's kind."""

    def get_hashed_password(self) -> str:
        return make_password("kept")


class People(InMemoryBackend):
    users = {}


@pytest.fixture(autouse=True)
def people(settings, monkeypatch):
    settings.AUTHENTICATION_BACKENDS = HERE
    everybody = {
        1: Person("alice", make_password("wonderland")),
        2: Person("bob", make_password("builder"), is_active=False),
        "007": Spy(),
        "kept": Kept(),
    }
    monkeypatch.setattr(People, "users", everybody)
    return everybody


def log_in(username, password):
    found = authenticate(None, username=username, password=password)
    assert async_to_sync(aauthenticate)(None, username=username, password=password) is found
    return found


@pytest.mark.parametrize("backends", [HERE, FIRST_OURS], ids=["alone", "behind ours"])
def test_authenticate__name_and_password(people, settings, backends):
    settings.AUTHENTICATION_BACKENDS = backends
    assert log_in("alice", "wonderland") is people[1]
    assert log_in("alice", "looking-glass") is None
    assert log_in("carol", "wonderland") is None


def test_authenticate__by_the_key_as_well(people):
    assert log_in("1", "wonderland") is people[1]


def test_authenticate__a_name_goes_before_a_key(people):
    people[3] = Person("1", make_password("wonderland"))
    assert log_in("1", "wonderland") is people[3]


def test_authenticate__inactive_is_refused():
    assert log_in("bob", "builder") is None


def test_authenticate__any_object(people):
    assert log_in("spy", "swordfish") is people["007"]
    assert log_in("spy", "wonderland") is None
    assert log_in("kept", "kept") is people["kept"]


def test_authenticate__unknown_costs_a_hash(monkeypatch):
    hashed = []
    monkeypatch.setattr("sessionauth.passwords.make_password", hashed.append)
    authenticate(None, username="carol", password="wonderland")
    assert hashed == ["wonderland"]


def test_get_user__by_key_however_it_is_written(people):
    backend = People()
    assert backend.get_user("1") is backend.get_user(1) is people[1]
    assert async_to_sync(backend.aget_user)("007") is people["007"]
    assert backend.get_user("nobody") is None


def test_get_user__inactive_is_gone():
    assert People().get_user(2) is None


def test_users__belong_to_the_subclass():
    assert InMemoryBackend.users == {}


@pytest.mark.django_db
@pytest.mark.urls("tests.testing.urls")
def test_basic__knows_a_user_without_a_table(client, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = ["sessionauth.authenticators.basic.BasicAuthenticator"]
    Person.get_username = lambda self: self.username  # the view's question
    basic = base64.b64encode(b"alice:wonderland").decode()
    assert client.get("/who/", headers={"Authorization": f"Basic {basic}"}).json()["name"] == "alice"


@pytest.mark.django_db
@pytest.mark.urls("tests.testing.urls")
def test_session__of_a_model_instance_is_found_in_the_dict(client, make_user, people):
    alice = make_user("alice")
    people[alice.pk] = alice
    client.force_login(alice, PATH)
    assert client.get("/who/").json()["name"] == "alice"

    del people[alice.pk]
    request = HttpRequest()
    request.session = client.session
    assert get_user(request).is_anonymous
