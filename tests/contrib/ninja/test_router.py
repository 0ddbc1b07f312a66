"""The API of keys and tokens in a coat of Ninja: everything that holds without it holds."""

from __future__ import annotations

import pytest
from django.test import Client
from openapi_spec_validator import validate

from sessionauth.contrib.ninja.router import make_router, router
from sessionauth.models import APIKey
from tests.views.api.asking import ask
from tests.views.api.test_credentials import *  # noqa: F403
from tests.views.api.test_tokens import *  # noqa: F403

pytestmark = [pytest.mark.django_db, pytest.mark.coat, pytest.mark.urls("tests.contrib.ninja.credential_urls")]


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods__are_a_problem_that_names_the_right_ones(method):
    answer = ask(method, "token/")  # of Ninja's own words, and without a body
    assert (answer.status_code, set(answer["Allow"].split(", "))) == (405, {"GET", "POST"})  # Ninja keeps them in a set


def test_document__describes_every_operation():
    document = Client().get("/api/auth/openapi.json").json()
    validate(document)
    told = document["paths"]["/api/auth/keys/{pk}/rotate/"]["post"]
    assert {"201", "401", "403", "404", "409"} <= set(told["responses"])
    assert "secret" in told["responses"]["201"]["content"]["application/json"]["schema"]["required"]
    assert document["paths"]["/api/auth/token/"]["post"]["security"] == []


def test_without_the_middleware__it_is_the_same(alice, settings, password):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.startswith("sessionauth.")]
    row, secret = APIKey.objects.issue(user=alice, scopes=[])
    assert ask("get", "token/", secret=secret).json()["credential"]["id"] == row.pk
    assert ask("get", "keys/", secret=secret).status_code == 403
    assert ask("get", "token/").status_code == 401
    told = ask("post", "token/", {"username": "alice", "password": password}).json()
    assert ask("post", "keys/revoke-all/", secret=told["access_token"]).json() == {"revoked": 1}
    assert ask("get", "token/", secret=secret).status_code == 401


def test_a_router__can_be_made_for_each_api():
    assert make_router() is not router
