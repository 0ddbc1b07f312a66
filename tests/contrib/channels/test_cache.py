"""Sockets whose credentials are known from the cache of keys."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async

from sessionauth.contrib.channels.connection import Connection
from sessionauth.models import AccessToken
from tests.asking import counted
from tests.contrib.channels.conftest import open_socket
from tests.contrib.channels.site import SOON

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key_cache")]


def bearer(secret):
    return {"headers": {"Authorization": f"Bearer {secret}"}}


def test_open__the_user_is_whole(token):
    for _ in range(2):  # not known, then known
        assert open_socket("/mine/", **bearer(token))["user"] == "alice"


def test_looking_again__costs_no_query_and_sees_a_revocation(monkeypatch, token):
    looks = []
    original = Connection._recheck

    def recheck(self, terms, before):
        with counted() as statements:
            code = original(self, terms, before)
        looks.append(list(statements))
        return code

    monkeypatch.setattr(Connection, "_recheck", recheck)
    row = AccessToken.objects.get()

    async def then(socket):
        await asyncio.sleep(SOON * 4)
        assert (await socket.who())["user"] == "alice"
        seen = len(looks)
        await sync_to_async(row.revoke)()
        return seen, await socket.closed()

    open_socket("/mine/", **bearer(token))
    seen, code = open_socket("/mine/", then, **bearer(token))
    assert code == 4401
    assert [] in looks[:seen]
