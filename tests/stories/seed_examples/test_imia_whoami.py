"""imia's quick start: a page that says who is asking, for programs with a key.

There the users stand in a dict and the key is the user's name. Here a key is issued, kept as a digest and shown once;
the users may be in the database, or in a dict as there.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

import pytest
from django.contrib.auth.hashers import make_password
from django.http import JsonResponse
from django.urls import path

from sessionauth.models import APIKey
from sessionauth.testing import InMemoryBackend

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def whoami(request):
    return JsonResponse({"id": request.auth.user_id, "name": request.auth.display_name, "how": request.auth.method})


urlpatterns = [path("", whoami)]


def test_a_stranger_is_told_so(client):
    assert client.get("/").json() == {"id": None, "name": "Anonymous", "how": ""}


def test_a_program_is_known_by_its_key(client, django_user_model):
    rosa = django_user_model.objects.create_user("rosa", first_name="Rosa")
    _, secret = APIKey.objects.issue(user=rosa, name="shop till")

    answer = client.get("/", headers={"X-Api-Key": secret})
    assert answer.json() == {"id": rosa.pk, "name": "Rosa", "how": "api_key"}


def test_a_key_that_is_not_right_is_refused(client, django_user_model):
    _, secret = APIKey.objects.issue(user=django_user_model.objects.create_user("rosa"))
    assert client.get("/", headers={"X-Api-Key": secret[:-1]}).status_code == 401


# Without a table of users: they are objects of any class that says `is_authenticated`.


@dataclass
class Friend:
    id: str
    name: str
    password: str
    is_authenticated = True

    def get_display_name(self):
        return self.name


class Friends(InMemoryBackend):
    users = {}


@pytest.fixture
def friends(settings, monkeypatch):
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Friends"]
    settings.SESSIONAUTH_AUTHENTICATORS = ["sessionauth.authenticators.basic.BasicAuthenticator"]
    monkeypatch.setattr(Friends, "users", {"root@localhost": Friend("root@localhost", "Root", make_password("secret"))})


def test_users_in_a_dict(client, friends):
    credentials = base64.b64encode(b"root@localhost:secret").decode()
    answer = client.get("/", headers={"Authorization": f"Basic {credentials}"})
    assert answer.json() == {"id": "root@localhost", "name": "Root", "how": "basic"}
