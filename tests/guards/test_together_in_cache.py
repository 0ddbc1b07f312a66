"""Rates that the shared cache counts together: a look, which is a hint, and then a slot of each."""

# ruff: noqa: F811  # the fixture `shared`

from __future__ import annotations

import pytest

from sessionauth.backends import verify
from sessionauth.exceptions import TooManyAttempts
from sessionauth.guards.counters import cache
from sessionauth.models import LoginThrottle
from tests.attacks import storm
from tests.guards.entries import LOCKOUT, rate, request_from
from tests.guards.valkey import Commands, shared  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("limits", [("2/d", "9/d"), ("9/d", "2/d")], ids=["address", "account"])
def test_refused__is_one_look_that_writes_nothing(limits, shared, guarded, alice, settings):
    settings.SESSIONAUTH_AUDIT = False
    guarded(rate("address", limits[0]), rate("account", limits[1]), LOCKOUT)
    for _ in range(2):
        verify(request_from(), {"username": "alice", "password": "wrong"})
    before = list(LoginThrottle.objects.values())
    for _ in range(3):
        with Commands() as commands, storm.evaluated() as hashed, pytest.raises(TooManyAttempts):
            verify(request_from(), {"username": "alice", "password": "wrong"})
        assert (commands.sent, hashed) == ({"mget": 1}, [])
    assert list(LoginThrottle.objects.values()) == before


def test_look_that_sees_nothing__is_a_hint_only(shared, guarded, alice, monkeypatch):
    """Who gets a slot is decided where it is taken, and whoever gets none keeps none."""
    guarded(rate("address", "9/d"), rate("account", "2/d"))
    for _ in range(2):
        storm.call("alice", "wrong")
    with monkeypatch.context() as patch:
        patch.setattr(cache, "look", lambda tallies: {})
        for _ in range(9):
            with storm.evaluated() as hashed, pytest.raises(TooManyAttempts):
                verify(request_from(), {"username": "alice", "password": "wrong"})
            assert hashed == []
    verify(request_from(), {"username": "nobody", "password": "wrong"})  # the address has slots left
