"""An account without a failure on record: its attempts are counted when they fail, and never too many are evaluated."""

# ruff: noqa: F811  # the fixture `shared`

from __future__ import annotations

import asyncio
from copy import copy

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import UserManager
from django.core.cache import caches
from django.db import transaction

from sessionauth.backends import verify
from sessionauth.exceptions import AccountLocked, GuardUnavailable
from sessionauth.guards import spotless
from sessionauth.guards.rate_limit import RateLimitGuard
from sessionauth.models import LoginThrottle
from tests.asking import counted
from tests.attacks import storm
from tests.attacks.trouble import read_only, without_table
from tests.guards.entries import ACTIVE, LOCKOUT, rate, request_from
from tests.guards.valkey import Commands, shared  # noqa: F401  # a fixture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shared")]

FIVE = rate("account", "5/d")


class Sparing(RateLimitGuard):
    """A project's own, which leaves out whom it likes."""


@pytest.fixture(autouse=True)
def _forgets_pauses():
    yield
    spotless._paused.clear()


def right(check, password):
    return check(request_from(), {"username": "alice", "password": password})


def wrong(check, name="alice"):
    return check(request_from(), {"username": name, "password": "wrong"})


def tables(act):
    """Return which statements ran, each by its first word."""
    with counted() as statements:
        act()
    return [statement.split()[0] for statement in statements]


def count():
    return list(LoginThrottle.objects.values_list("count", flat=True))


def test_right_password__writes_nothing(check, alice, guarded, password):
    guarded(FIVE, LOCKOUT)
    assert tables(lambda: right(check, password)) == ["SELECT", "SELECT"]
    assert count() == []


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_wrong_password__is_counted_by_one_statement_before_it_is_told(name, check, alice, guarded):
    guarded(FIVE, LOCKOUT)
    for failures in (1, 2, 3):
        with Commands() as commands:
            ran = tables(lambda: wrong(check, name))
        assert count() == [failures]
        assert ran == (["SELECT", "SELECT", "INSERT"] if failures == 1 else ["SELECT", "INSERT"])
        assert commands.trips <= 1


def test_failure_on_record__is_counted_first_and_forgiven_by_a_success(check, alice, guarded, password):
    guarded(FIVE, LOCKOUT)
    wrong(check)
    ran = tables(lambda: right(check, password))
    assert count() == [0]
    assert ran == ["SELECT", "INSERT", "UPDATE"]
    assert tables(lambda: right(check, password)) == ["SELECT", "SELECT"]


def test_failure_that_this_process_has_not_counted__is_asked_for(check, alice, guarded, password):
    guarded(FIVE, LOCKOUT)
    wrong(check)
    spotless._failed.clear()  # another process
    assert tables(lambda: right(check, password)) == ["SELECT", "SELECT", "INSERT", "UPDATE"]
    assert count() == [0]


def test_failure_that_is_forgiven_elsewhere__counts_right_from_there(check, alice, guarded, password):
    guarded(FIVE, LOCKOUT)
    for _ in range(3):
        wrong(check)
    LoginThrottle.objects.update(count=0)
    wrong(check)
    assert count() == [1]
    assert right(check, password) == alice
    assert count() == [0]


@pytest.mark.parametrize("most", [4, 5])
def test_failures_that_others_have_counted__shut_the_door_all_the_same(most, check, alice, guarded, password, settings):
    """What this process remembers is a hint."""
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = settings.SESSIONAUTH_LOCKOUT_LIMIT = 10
    guarded(FIVE, LOCKOUT)
    wrong(check)
    LoginThrottle.objects.update(count=5 + most)
    if most == 4:
        wrong(check)
    with pytest.raises(AccountLocked):
        right(check, password)


def test_name_of_an_account_that_failed_under_another__is_asked_for(check, alice, guarded, monkeypatch):
    """Or it would take less time than other names, and tell that it means an account that is being guessed at."""

    def by_any_name(manager, name):
        return manager.get(username="alice")

    monkeypatch.setattr(UserManager, "get_by_natural_key", by_any_name)
    guarded(FIVE, LOCKOUT)
    wrong(check)
    assert tables(lambda: wrong(check, "another name"))[:2] == ["SELECT", "SELECT"]
    assert count() == [2]


@pytest.mark.parametrize(
    "guards",
    [
        [LOCKOUT],
        [LOCKOUT, FIVE],
        [rate("address", "5/d"), LOCKOUT],
        [rate("account_address", "5/d"), LOCKOUT],
        [rate("account", "6/d"), LOCKOUT],
        [rate("account", "5/d", except_networks=["198.51.100.0/24"]), LOCKOUT],
        [{**FIVE, "NAME": f"{__name__}.Sparing"}, LOCKOUT],
        [rate("account", "5/s", "20/d"), LOCKOUT],
    ],
    ids=["alone", "asked before the rate", "by address", "by both", "too many", "not for all", "own", "short windows"],
)
def test_rate_that_does_not_hold_them_to_few_enough__is_counted_first(guards, check, alice, guarded, password):
    """More than half of the ten that make an account wait are too many; and of short windows several are under way."""
    guarded(*guards)
    right(check, password)
    assert count() == [0]


def test_guards_of_one_call__hold_nobody_else_to_it(alice, guarded, password):
    guarded(LOCKOUT)
    guard = RateLimitGuard(by="account", rates="5/d")
    verify(request_from(), {"username": "alice", "password": password}, guards=[guard])
    assert count() == [0]


def test_transaction__may_have_looked_long_ago_and_is_counted_first(alice, guarded, password):
    guarded(FIVE, LOCKOUT)
    with transaction.atomic():
        right(verify, password)
    assert count() == [0]


def test_cache_that_cannot_count__leaves_it_to_the_database(check, alice, guarded, password, shared):
    guarded(FIVE, LOCKOUT)
    shared.stop()
    right(check, password)
    assert LoginThrottle.objects.filter(rule="lockout", count=0).exists()


@pytest.mark.parametrize("failures", [10, 100])
def test_flushed_cache__opens_no_door(failures, check, alice, guarded, password):
    guarded(FIVE, LOCKOUT)
    for _ in range(failures):
        LoginThrottle.objects.update(blocked_until=None)
        caches["guards"].clear()
        wrong(check)
    assert count() == [failures]
    for _ in range(3):
        caches["guards"].clear()
        with pytest.raises(AccountLocked):
            right(check, password)
    assert count() == [failures]


def test_name_that_failed_before_there_was_such_an_account__is_on_its_record(check, guarded, make_user, password):
    guarded(FIVE, LOCKOUT)
    wrong(check, "ALICE ")
    alice = make_user("alice")
    assert right(check, password) == alice
    assert count() == [0]
    assert LoginThrottle.objects.get().user_id == alice.pk


def test_own_rule_of_the_manager_on_names__is_followed(alice, guarded, password, monkeypatch):
    guarded(FIVE, LOCKOUT)
    monkeypatch.setattr(UserManager, "get_by_natural_key", lambda self, name: self.get(username__iexact=name))
    assert verify(request_from(), {"username": "ALICE", "password": password}) == alice
    assert count() == []


def test_manager_that_keeps_what_it_has_found__opens_no_door(check, alice, guarded, password, monkeypatch):
    """Such as django-cacheops, which keeps the answers of `get()` for minutes."""
    guarded(FIVE, LOCKOUT)
    real, kept = UserManager.get_by_natural_key, {}

    def keeping(self, name):
        if name not in kept:
            kept[name] = copy(real(self, name))
        return copy(kept[name])

    monkeypatch.setattr(UserManager, "get_by_natural_key", keeping)
    for _ in range(10):
        caches["guards"].clear()
        wrong(check)
    caches["guards"].clear()
    with pytest.raises(AccountLocked):
        right(check, password)
    assert count() == [10]


def test_missing_table__is_said_and_nobody_gets_in(alice, guarded, password, caplog):
    guarded(FIVE, LOCKOUT)
    with without_table(LoginThrottle):
        assert storm.call("alice", password) is None
    assert "migrated" in caplog.text


def test_failure_that_cannot_be_written__ends_it_for_a_while(alice, guarded, password, caplog):
    guarded(FIVE, LOCKOUT)
    with read_only():
        assert storm.call("alice", "wrong") is None
        assert spotless._paused
        assert storm.call("alice", password) is None  # 503: nobody is let in uncounted
    spotless._paused.clear()
    assert storm.call("alice", password) == alice


@pytest.mark.parametrize("name", ["alice", "inactive", "unusable", "nobody"])
def test_failure_that_cannot_be_written__is_told_to_nobody(name, check, alice, guarded, make_user):
    """Or by the answer a name that somebody has were told from one that nobody has."""
    make_user("inactive", is_active=False)
    unusable = make_user("unusable")
    unusable.set_unusable_password()
    unusable.save()
    guarded(FIVE, LOCKOUT)
    with read_only(), pytest.raises(GuardUnavailable):
        wrong(check, name)


def test_failure_that_cannot_be_written__of_somebody_inactive(check, guarded, make_user, password):
    make_user("alice", is_active=False)
    guarded(FIVE, LOCKOUT, ACTIVE)
    with read_only(), pytest.raises(GuardUnavailable):
        right(check, password)


async def all_at_once():
    return await asyncio.gather(*(storm.acall("alice", f"wrong {n}") for n in range(100)))


STORMS = {
    "threads": lambda: storm.at_once(lambda n: storm.call("alice", f"wrong {n}"), 100),
    "tasks": async_to_sync(all_at_once),
}


@pytest.mark.parametrize("way", STORMS)
def test_storm__exactly_so_many_are_evaluated_before_it_waits(way, alice, guarded):
    """It begins on a clean account, so that many are under way uncounted; each time the cache has forgotten them."""
    guarded(FIVE, LOCKOUT)
    evaluated = []
    for _ in range(4):
        with storm.evaluated() as hashed:
            STORMS[way]()
        evaluated.append(len(hashed))
        caches["guards"].clear()
    assert evaluated == [5, 5, 0, 0]
    assert count() == [10]


def test_storm__would_tell_if_they_were_not_held_to_so_few(alice, guarded, monkeypatch):
    """A control: the clean record alone is no reason to count late."""
    monkeypatch.setattr(spotless, "is_in_question", lambda shuts_from: True)
    guarded(rate("account", "90/d"), LOCKOUT)
    with storm.evaluated() as hashed:
        STORMS["tasks"]()
    assert len(hashed) > 10
