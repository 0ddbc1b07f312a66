"""The clients: signing in by session and by every kind of credential, sync and async."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.test import Client

from sessionauth.models import AccessToken, APIKey, LoginSession, RememberToken
from sessionauth.sessions import registry
from sessionauth.testing import AsyncAuthClient, AuthClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.testing.urls")]

WITH_TOKEN = [
    "sessionauth.authenticators.token.BearerAuthenticator",
    "sessionauth.authenticators.token.TokenAuthenticator",
    "sessionauth.authenticators.api_key.APIKeyAuthenticator",
    "sessionauth.authenticators.session.SessionAuthenticator",
]


class Sync:
    """The client over WSGI."""

    def __init__(self, **kwargs):
        self.client = AuthClient(**kwargs)

    def force_login(self, *args, **kwargs):
        self.client.force_login(*args, **kwargs)

    def logout(self):
        self.client.logout()

    def who(self, **kwargs):
        return self.client.get("/who/", **kwargs).json()


class Async(Sync):
    """The client over ASGI, by its async twins."""

    def __init__(self, **kwargs):
        self.client = AsyncAuthClient(**kwargs)

    def force_login(self, *args, **kwargs):
        async_to_sync(self.client.aforce_login)(*args, **kwargs)

    def logout(self):
        async_to_sync(self.client.alogout)()

    def who(self, **kwargs):
        return async_to_sync(self.client.get)("/who/", **kwargs).json()


@pytest.fixture(params=[Sync, Async], ids=["sync", "async"])
def new_client(request):
    return request.param


@pytest.fixture
def client(new_client):
    return new_client()


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.mark.every_project
def test_force_login__is_a_fresh_session(client, alice):
    client.force_login(alice)
    told = client.who()
    assert told == {
        "name": alice.get_username(),
        "method": "session",
        "state": "fresh",
        "fresh": True,
        "credential": None,
    }


@pytest.mark.every_project
def test_force_login__not_fresh_is_a_login_of_long_ago(client, alice):
    client.force_login(alice, fresh=False)
    told = client.who()
    assert (told["name"], told["state"], told["fresh"]) == (alice.get_username(), "stale", False)


def test_force_login__stale_follows_the_setting(client, alice, settings):
    settings.SESSIONAUTH_FRESH_AGE = 7 * 86_400
    client.force_login(alice, fresh=False)
    assert client.who()["state"] == "stale"


def test_force_login__lists_address_and_browser(new_client, alice):
    client = new_client(headers={"user-agent": "Netscape/4"}) if new_client is Sync else new_client()
    client.force_login(alice)
    row = LoginSession.objects.get(user=alice)
    assert row.ip_address == "127.0.0.1"
    assert row.user_agent == ("Netscape/4" if new_client is Sync else "")


def test_force_login__can_be_revoked_like_a_real_one(client, alice):
    client.force_login(alice, fresh=False)
    registry.revoke(LoginSession.objects.get(user=alice))
    assert client.who()["method"] == ""


def test_force_login__keeps_the_backend_that_checks_passwords(client, alice):
    client.force_login(alice)
    assert client.client.session["_auth_user_backend"] == "django.contrib.auth.backends.ModelBackend"


def test_force_login__takes_a_backend(client, alice):
    client.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    assert client.client.session["_auth_user_backend"] == "django.contrib.auth.backends.ModelBackend"
    assert client.who()["state"] == "fresh"


@pytest.mark.every_project
@pytest.mark.parametrize("method", ["bearer", "api_key"])
def test_force_login__issues_a_credential_and_sends_it(client, alice, method):
    client.force_login(alice, method=method)
    for _ in range(2):
        assert client.who() == {
            "name": alice.get_username(),
            "method": method,
            "state": "program",
            "fresh": False,
            "credential": "test client",
        }
    assert AccessToken.objects.count() + APIKey.objects.count() == 1
    assert "sessionid" not in client.client.cookies


def test_force_login__token_scheme_when_it_is_switched_on(client, alice, settings):
    with pytest.raises(ValueError, match=r"method='token'.*session, bearer, api_key"):
        client.force_login(alice, method="token")
    settings.SESSIONAUTH_AUTHENTICATORS = WITH_TOKEN
    client.force_login(alice, method="token")
    assert client.who()["method"] == "token"


def test_force_login__header_and_name_of_the_project(client, alice, settings):
    own = {"NAME": WITH_TOKEN[1], "OPTIONS": {"keyword": "Desk", "header": "X-Desk", "name": "desk"}}
    settings.SESSIONAUTH_AUTHENTICATORS = [own]
    client.force_login(alice, method="desk")
    assert client.who()["method"] == "desk"


@pytest.mark.parametrize("method", ["basic", "carrier pigeon"])
def test_force_login__says_what_it_cannot_issue(client, alice, settings, method):
    settings.SESSIONAUTH_AUTHENTICATORS = [*WITH_TOKEN, "sessionauth.authenticators.basic.BasicAuthenticator"]
    with pytest.raises(ValueError, match="session, bearer, token, api_key"):
        client.force_login(alice, method=method)


def test_force_login__key_of_nobody(client):
    client.force_login(None, method="api_key")
    told = client.who()
    assert (told["name"], told["method"]) == ("", "api_key")


def test_force_login__the_last_one_holds(client, alice, make_user):
    bob = make_user("bob")
    client.force_login(alice, method="bearer")
    client.force_login(bob, method="api_key")
    assert client.who()["name"] == "bob"
    client.force_login(alice)
    assert (client.who()["name"], client.who()["method"]) == ("alice", "session")


def test_force_login__one_request_may_send_another_credential(client, alice, make_user):
    _, secret = APIKey.objects.issue(user=make_user("bob"))
    client.force_login(alice, method="api_key")
    assert client.who(headers={"X-Api-Key": secret})["name"] == "bob"
    assert client.who()["name"] == "alice"


@pytest.mark.every_project
@pytest.mark.parametrize("method", ["session", "bearer", "api_key"])
def test_logout__leaves_nobody(client, alice, method):
    client.force_login(alice, method=method)
    assert client.who()["method"] == method
    client.logout()
    assert client.who()["method"] == ""


def test_logout__leaves_the_clients_own_headers(alice):
    client = AuthClient(headers={"accept": "application/json"})
    client.force_login(alice, method="bearer")
    client.logout()
    assert client.defaults == {"HTTP_ACCEPT": "application/json"}


def test_client__login_by_password_as_in_django(alice, password):
    client = AuthClient()
    assert client.login(username="alice", password=password) is True
    assert client.get("/who/").json()["state"] == "fresh"
    assert LoginSession.objects.get(user=alice).ip_address == "127.0.0.1"


def test_async_client__sync_methods_work_where_there_is_no_loop(alice):
    client = AsyncAuthClient()
    client.force_login(alice, fresh=False)
    assert async_to_sync(client.get)("/who/").json()["state"] == "stale"


def test_django_client__is_listed_too(alice):
    client = Client()
    client.force_login(alice)
    assert client.get("/who/").json()["state"] == "fresh"
    assert get_user_model().objects.get(pk=alice.pk).sessionauth_loginsession_set.count() == 1


@pytest.mark.parametrize(("remember", "days"), [(True, 30), (timedelta(days=3), 3), (7 * 86_400, 7)])
def test_force_login__remembers_the_browser(client, alice, remember, days):
    client.force_login(alice, remember=remember)
    token = RememberToken.objects.get(user=alice)
    assert token == LoginSession.objects.get(user=alice).remember_token
    assert round((token.expires_at - token.created_at).total_seconds()) == days * 86_400
    del client.client.cookies["sessionid"]
    told = client.who()
    assert (told["name"], told["state"]) == ("alice", "remembered")


def test_force_login__of_another_user_forgets_who_was_remembered(client, alice, make_user):
    client.force_login(alice, remember=True)
    client.force_login(make_user("bob"))
    del client.client.cookies["sessionid"]
    assert client.who()["name"] == ""
    assert RememberToken.objects.get().is_revoked


def test_force_login__remembers_no_program(client, alice):
    with pytest.raises(ValueError, match="not a program"):
        client.force_login(alice, method="api_key", remember=True)
    with pytest.raises(TypeError, match="remember must be"):
        client.force_login(alice, remember="yes")
