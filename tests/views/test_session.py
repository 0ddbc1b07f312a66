"""The session as a resource of JSON: who am I, sign in, sign out; through the sync and the async handler."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from sessionauth.models import AccessToken, LoginSession
from sessionauth.testing import AuthClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

SESSION = "/account/session/"
JSON = {"content_type": "application/json"}


@pytest.fixture
def alice(make_user):
    return make_user("alice", first_name="Alice", last_name="Aster")


def test_get__nobody(client):
    answer = client.get(SESSION)
    assert answer.json() == {
        "user": None,
        "state": "anonymous",
        "method": "",
        "is_fresh": False,
        "authenticated_at": None,
        "idle_seconds_left": None,
        "absolute_seconds_left": None,
        "csrf_token": answer.json()["csrf_token"],
    }
    assert "no-store" in answer["Cache-Control"]
    assert "csrftoken" in answer.cookies


def test_get__somebody(client, alice, settings):
    settings.SESSIONAUTH_IDLE_TIMEOUT = timedelta(minutes=10)
    settings.SESSIONAUTH_ABSOLUTE_TIMEOUT = timedelta(hours=1)
    client.force_login(alice)
    told = client.get(SESSION).json()
    assert told["user"] == {"id": str(alice.pk), "display_name": "Alice Aster"}
    assert (told["state"], told["is_fresh"], told["method"]) == ("fresh", True, "session")
    assert 500 < told["idle_seconds_left"] <= 600
    assert 3500 < told["absolute_seconds_left"] <= 3600


def test_get__is_no_use_of_the_session(client, alice, settings):
    """A page may ask how long it lasts without making it last."""
    settings.SESSIONAUTH_IDLE_TIMEOUT = timedelta(minutes=10)
    settings.SESSIONAUTH_LAST_USED_INTERVAL = 0
    client.force_login(alice)
    row = LoginSession.objects.get()
    LoginSession.objects.update(last_seen_at=row.last_seen_at - timedelta(minutes=5))
    for _ in range(2):
        assert client.get(SESSION).json()["idle_seconds_left"] <= 300
    client.get("/whoami/")
    assert client.get(SESSION).json()["idle_seconds_left"] > 300


def test_post__signs_in_with_the_token_that_get_tells(alice, password):
    client = Client(enforce_csrf_checks=True)
    right = {"username": "alice", "password": password}
    assert client.post(SESSION, right, **JSON).status_code == 403
    token = client.get(SESSION).json()["csrf_token"]
    answer = client.post(SESSION, right, **JSON, headers={"x-csrftoken": token})
    assert (answer.status_code, answer.json()["state"]) == (200, "fresh")
    assert client.delete(SESSION, headers={"x-csrftoken": token}).status_code == 403  # a login changes it
    token = answer.json()["csrf_token"]
    assert client.delete(SESSION, headers={"x-csrftoken": token}).status_code == 204
    assert client.get(SESSION).json()["user"] is None


def test_post__answers_json_to_a_form_as_well(client, alice, password):
    assert client.post(SESSION, {"username": "alice", "password": password}).json()["state"] == "fresh"
    answer = client.post(SESSION, {"username": "alice", "password": "wrong"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_login")


def test_delete__ends_it_for_good(client, alice):
    client.force_login(alice)
    cookie = client.cookies["sessionid"].value
    assert client.delete(SESSION).status_code == 204
    assert client.delete(SESSION).status_code == 204
    client.cookies["sessionid"] = cookie
    assert client.get(SESSION).json()["user"] is None


def test_programs__are_not_served(client, alice):
    _, secret = AccessToken.objects.issue(user=alice)
    for method in (client.get, client.delete):
        answer = method(SESSION, headers={"authorization": f"Bearer {secret}"})
        assert (answer.status_code, answer.json()["code"]) == (403, "people_only")


@pytest.mark.django_db(transaction=True)
def test_async__the_same(alice, password):
    async_to_sync(_visit)(AsyncClient(), password)


async def _visit(client, password):
    answer = await client.post(SESSION, {"username": "alice", "password": password}, **JSON)
    assert answer.json()["state"] == "fresh"
    assert (await client.get(SESSION)).json()["user"]["display_name"] == "Alice Aster"
    assert (await client.delete(SESSION)).status_code == 204
    assert (await client.get(SESSION)).json()["user"] is None


@pytest.mark.parametrize("method", ["put", "patch"])
def test_other_methods__are_not_there(client, method):
    assert getattr(client, method)(SESSION).status_code == 405


def test_csrf_failure__is_a_problem_for_clients_of_json(settings):
    settings.CSRF_FAILURE_VIEW = "sessionauth.views.csrf.csrf_failure"
    client = AuthClient(enforce_csrf_checks=True)
    answer = client.post(SESSION, {}, **JSON, headers={"accept": "*/*"})
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    answer = client.post("/account/login/", headers={"accept": "text/html"})
    assert (answer.status_code, answer["Content-Type"]) == (403, "text/html; charset=utf-8")
