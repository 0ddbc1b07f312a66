"""The API under ASGI: the same answers."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from sessionauth.models import APIKey

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.account_urls")]

ROOT, JSON = "/api/auth/", "application/json"


def test_a_way_through__under_asgi(make_user, password):
    alice = make_user("alice")
    async_to_sync(way)(alice, password, APIKey.objects.issue(user=alice, scopes=[])[1])


async def way(alice, password, secret):
    client = AsyncClient(enforce_csrf_checks=True)
    given = {"username": "alice", "password": password}
    told = (await client.post(f"{ROOT}token/", given, JSON)).json()
    assert (await client.post(f"{ROOT}token/", given | {"password": "no"}, JSON)).json()["code"] == "invalid_grant"
    refresh = {"refresh_token": told["refresh_token"]}
    told = (await client.post(f"{ROOT}token/refresh/", refresh, JSON)).json()
    assert (await client.post(f"{ROOT}token/refresh/", refresh, JSON)).json()["code"] == "invalid_grant"
    mine = {"authorization": f"Bearer {told['access_token']}"}
    assert (await client.get(f"{ROOT}token/", headers=mine)).json()["user"]["id"] == str(alice.pk)
    key = {"x-api-key": secret}
    assert (await client.get(f"{ROOT}keys/", headers=mine)).json()["keys"][0]["name"] == ""
    assert (await client.get(f"{ROOT}keys/", headers=key)).status_code == 403
    assert (await client.post(f"{ROOT}token/rotate/", {"overlap": 0}, JSON, headers=key)).status_code == 201
    assert (await client.get(f"{ROOT}token/", headers=key)).status_code == 401
    assert (await client.post(f"{ROOT}token/revoke/", {}, JSON, headers=mine)).status_code == 204
    assert (await client.get(f"{ROOT}token/", headers=mine)).status_code == 401
    assert not client.cookies


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"username": "\\ud800", "password": "x"}', b""])
def test_nonsense__is_told_under_asgi(body):
    answer = async_to_sync(AsyncClient().post)(f"{ROOT}token/", body, JSON)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
