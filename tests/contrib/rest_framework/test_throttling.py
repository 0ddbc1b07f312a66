"""Throttles that count by credential."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.urls import path

from sessionauth.contrib.recognising import tally_of
from sessionauth.contrib.rest_framework import CredentialRateThrottle
from sessionauth.models import APIKey, Impersonation
from sessionauth.testing import AuthClient
from sessionauth.user_token import LoginState, UserToken
from tests.asking import Sent, ask
from tests.contrib.rest_framework.app import Tell
from tests.contrib.rest_framework.sending import key, token

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class Twice(CredentialRateThrottle):
    rate = "2/d"


urlpatterns = [
    path("twice/", Tell.as_view(permission_classes=[], throttle_classes=[Twice])),
    path("by-scope/", Tell.as_view(permission_classes=[], throttle_classes=[CredentialRateThrottle])),
]


def statuses(path, sent, times=3):
    return [ask("wsgi", path, sent).status for _ in range(times)]


def test_throttle__counts_each_credential_on_its_own(alice):
    sent = [key(alice), key(alice), token(alice), key(None)]
    assert [statuses("/twice/", one) for one in sent] == [[200, 200, 429]] * 4
    answer = ask("wsgi", "/twice/", sent[0])
    assert int(answer.header("Retry-After")) > 3600


def test_throttle__counts_people_by_their_key_and_others_by_address(alice):
    clients = [AuthClient() for _ in range(2)]
    for client in clients:
        client.force_login(alice)
    assert [client.get("/twice/").status_code for client in [*clients, clients[0]]] == [200, 200, 429]
    assert statuses("/twice/", Sent()) == [200, 200, 429]
    assert statuses("/twice/", Sent({"X-Forwarded-For": "192.0.2.1"}), 1) == [429]
    assert statuses("/twice/", key(alice), 1) == [200]


def test_throttle__counts_whoever_acts_as_somebody_else_as_themself(alice, rf):
    """They used up what the target may, and had as much again with each further one."""
    root, bob = (get_user_model()(pk=pk, username=str(pk)) for pk in (8, 9))
    own = UserToken(root, LoginState.FRESH, "session")
    acting = [
        UserToken(target, LoginState.IMPERSONATOR, "session", original_user_token=own, impersonation=Impersonation())
        for target in (alice, bob)
    ]
    assert {tally_of(token, rf.get("/")) for token in (own, *acting)} == {"user-8"}


def test_throttle__goes_by_the_credentials_own_rate(alice, settings):
    sent = key(alice)
    # By update(), for the authenticators keep to it as well, and would be the first to say so.
    APIKey.objects.update(rate="3/d")
    assert statuses("/by-scope/", sent, 4) == [200, 200, 200, 429]


def test_throttle__without_any_rate_counts_nothing(alice):
    assert statuses("/by-scope/", key(alice), 5) == [200] * 5


@pytest.mark.parametrize("own", ["", "nonsense"])
def test_rate_of__a_credential_that_has_none_is_the_scopes(own, rf, alice, monkeypatch):
    monkeypatch.setattr(CredentialRateThrottle, "THROTTLE_RATES", {"credential": "1/d"})
    assert statuses("/by-scope/", key(alice)) == [200, 429, 429]
