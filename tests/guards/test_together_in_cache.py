"""Rates that the shared cache counts together: a look, which is a hint, and then a slot of each."""

# ruff: noqa: F811  # the fixture `shared`

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.db import DatabaseError
from redis import Redis
from redis.exceptions import ResponseError

from sessionauth import accounts
from sessionauth.backends import verify
from sessionauth.exceptions import TooManyAttempts
from sessionauth.guards import device
from sessionauth.guards.counters import cache
from sessionauth.models import LoginThrottle
from tests.asking import counted
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
        assert (commands.sent, hashed) == ({"eval": 1, "get": 2, "exists": 1}, [])
    assert list(LoginThrottle.objects.values()) == before


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_refused_by_the_account__is_looked_up_once_a_minute(name, shared, guarded, alice, caplog):
    guarded(rate("address", "9/d"), rate("account", "2/d"), LOCKOUT)
    for _ in range(3):
        storm.call(name, "wrong")
    caplog.clear()
    with counted() as statements:
        storm.call(name, "wrong")
    assert statements == []
    assert [one.user_id for one in caplog.records] == [str(alice.pk) if name == "alice" else None]


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


def counts():
    client = caches["guards"]._cache.get_client()
    return sorted(int(client.get(key)) for key in client.keys("*:rl:*") if not key.endswith(b":shut"))


def test_attempt__takes_its_slots_by_one_question_and_gives_them_back_by_another(shared, guarded, alice, password):
    guarded(rate("address", "9/d"), rate("account", "5/d"))
    for _ in range(2):
        with Commands() as commands:
            assert verify(request_from(), {"username": "ALICE", "password": "wrong"}) is None
        assert commands.trips == 1
        with Commands() as commands:
            assert verify(request_from(), {"username": "alice", "password": password}) == alice
        assert commands.trips == 2
    assert counts() == [2, 2]


def test_known_browser__is_counted_by_itself_alone(shared, guarded, alice):
    guarded(rate("address", "9/d"), rate("account", "2/d"))
    cookies = {device.cookie_name(): device._signer(alice).sign("nonce")}
    for _ in range(2):
        verify(request_from(), {"username": "alice", "password": "wrong"})
    request = request_from()
    request.COOKIES.update(cookies)
    assert verify(request, {"username": "alice", "password": "wrong"}) is None
    assert counts() == [1, 2, 3]


def test_account_that_cannot_be_looked_up__gives_back_what_was_taken(shared, guarded, alice, monkeypatch):
    guarded(rate("address", "9/d"), rate("account", "2/d"))

    def fail(*args):
        raise DatabaseError

    monkeypatch.setattr(accounts, "_find", fail)
    for _ in range(3):
        with pytest.raises(DatabaseError):
            verify(request_from(), {"username": "alice", "password": "wrong"})
    assert counts() == [0, 0]


def test_project_that_finds_accounts_by_other_names__is_counted_by_the_accounts_own(
    shared, guarded, make_user, settings
):
    """And asks the cache as often as of a name that nobody has."""
    account = make_user("joe")
    settings.SESSIONAUTH_USER_QUERYSET = "tests.guards.test_together_in_cache.by_any_name"
    guarded(rate("address", "99/d"), rate("account", "9/d"))
    asked = []
    for name in ("warm", "jöe", "nobody"):
        with Commands() as commands:
            verify(request_from(), {"username": name, "password": "wrong"})
        asked.append(commands.trips)
    assert asked[1] == asked[2]
    assert account is not None


def test_name_that_several_may_have__is_asked_for_like_one_that_nobody_has(shared, guarded, alice, monkeypatch):
    """The account is counted by itself, and not by the name; to find that out must not cost it a question more."""
    monkeypatch.setattr(accounts, "is_unique", lambda model, field: False)
    guarded(rate("address", "99/d"), rate("account", "9/d"))
    asked = []
    for name in ("warm", alice.get_username(), "nobody"):
        with Commands() as commands:
            verify(request_from(), {"username": name, "password": "wrong"})
        asked.append(commands.trips)
    assert asked[1] == asked[2]


def is_somebody(request, user):
    return user is not None


def test_account_that_a_rule_leaves_out__costs_no_question_less_than_a_name_that_nobody_has(shared, guarded, alice):
    unless = "tests.guards.test_together_in_cache.is_somebody"
    guarded(rate("address", "99/d"), rate("account", "9/d", unless=unless))
    asked = []
    for name in ("warm", alice.get_username(), "nobody"):
        with Commands() as commands:
            verify(request_from(), {"username": name, "password": "wrong"})
        asked.append(commands.trips)
    assert asked[1:] == [2, 2]


def raises(error):
    raise error


def by_any_name(request):
    return get_user_model()._default_manager.all()


@pytest.mark.parametrize(
    "refusal", [None, "unknown command 'EVAL', with args beginning with: "], ids=["not allowed", "not known"]
)
def test_server_that_runs_no_scripts_for_us__counts_all_the_same(refusal, shared, guarded, alice, monkeypatch):
    client = caches["guards"]._cache.get_client()
    if refusal is None:
        client.execute_command("ACL", "SETUSER", "default", "-@scripting")
    else:
        monkeypatch.setattr(Redis, "eval", lambda *args: raises(ResponseError(refusal)))
    guarded(rate("address", "9/d"), rate("account", "2/d"))
    with storm.evaluated() as hashed:
        for _ in range(5):
            storm.call("alice", "wrong")
    assert (len(hashed), counts()) == (2, [2, 2])
    assert LoginThrottle.objects.count() == 0


@pytest.mark.parametrize(
    "entries",
    [
        [rate("account", "2/d"), rate("account", "2/d", except_networks=["10.0.0.0/8"])],
        [rate("account", "2/d", "2/d")],
        [rate("address", "9/d"), rate("account", "2/d", "2/d")],
    ],
    ids=["of two rules", "of one", "of one beside another"],
)
def test_counter_that_is_named_twice__counts_an_attempt_once(entries, shared, guarded, alice):
    guarded(*entries)
    with storm.evaluated() as hashed:
        for _ in range(4):
            storm.call("alice", "wrong")
    assert len(hashed) == 2
