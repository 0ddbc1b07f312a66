"""Logins switched off: every rule, sync and async, every thread, and only as long as asked."""

from __future__ import annotations

import unittest
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.test import AsyncClient

from sessionauth.models import APIKey
from sessionauth.testing import login_disabled

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.testing.urls")]

REFUSING = ["/secret/", "/asecret/", "/page/", "/apage/", "/scoped/", "/ascoped/", "/session-only/"]


@pytest.mark.parametrize("path", REFUSING)
def test_login_disabled__everybody_passes(client, path):
    assert client.get(path).status_code == 302
    with login_disabled():
        assert client.get(path).content == b"ok"
    assert client.get(path).status_code == 302


@pytest.mark.parametrize("path", REFUSING)
def test_login_disabled__over_asgi(path):
    get = async_to_sync(AsyncClient().get)
    with login_disabled():
        assert get(path).content == b"ok"
    assert get(path).status_code == 302


def test_login_disabled__the_request_is_still_nobodys(client):
    with login_disabled():
        assert client.get("/who/").json()["state"] == "anonymous"


def test_login_disabled__pages_for_nobody_open_to_all(client, make_user):
    client.force_login(make_user("alice"))
    assert client.get("/nobody-only/").status_code == 302
    with login_disabled():
        assert client.get("/nobody-only/").status_code == 200


@pytest.mark.parametrize("policy", ["redirect", "raise", "tests.testing.test_override.refuse"])
def test_login_disabled__the_policy_refuses_nobody(client, settings, policy):
    settings.SESSIONAUTH_ON_FAILURE = policy
    assert client.get("/open/").status_code != 200
    with login_disabled():
        assert client.get("/open/").status_code == 200


def refuse(request):
    return HttpResponse(status=418)


def test_login_disabled__djangos_own_decorator_is_not_ours(client):
    with login_disabled():
        assert client.get("/django/").status_code == 302


def test_login_disabled__restricted_credentials_stay_confined(client, make_user):
    _, secret = APIKey.objects.issue(user=make_user("alice"), scopes=[])
    with login_disabled():
        assert client.get("/open/", headers={"X-Api-Key": secret}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_login_disabled__in_the_thread_of_a_live_server(live_server):
    with login_disabled():
        assert status_of(live_server, "/secret/") == 200
    assert status_of(live_server, "/secret/") == 401


def status_of(live_server, path):
    with closing(HTTPConnection(urlsplit(live_server.url).netloc)) as connection:
        connection.request("GET", path, headers={"Accept": "application/json"})
        return connection.getresponse().status


@login_disabled()
def test_login_disabled__decorates_a_test(client):
    assert client.get("/secret/").status_code == 200


def test_login_disabled__decorates_a_coroutine(client):
    @login_disabled()
    async def ask():
        return await AsyncClient().get("/secret/")

    assert async_to_sync(ask)().status_code == 200
    assert client.get("/secret/").status_code == 302


def test_login_disabled__decorates_a_test_case(client):
    seen = []

    @login_disabled()
    class Case(unittest.TestCase):
        def test_it(self):
            seen.append(client.get("/secret/").status_code)

    Case("test_it").run()
    assert seen == [200]
    assert client.get("/secret/").status_code == 302


def test_login_disabled__nests(client):
    with login_disabled():
        with login_disabled():
            pass
        assert client.get("/secret/").status_code == 200
    assert client.get("/secret/").status_code == 302


def test_login_disabled__ends_when_the_test_fails(client):
    with pytest.raises(ZeroDivisionError), login_disabled():
        1 / 0  # noqa: B018
    assert client.get("/secret/").status_code == 302


def test_login_disabled__no_setting_does_it(client, settings):
    settings.LOGIN_DISABLED = settings.SESSIONAUTH_LOGIN_DISABLED = True
    assert client.get("/secret/").status_code == 302
