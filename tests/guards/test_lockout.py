"""Failures one after the other, counted in the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from sessionauth import signals
from sessionauth.backends import confirm, verify
from sessionauth.exceptions import AccountLocked
from sessionauth.guards import keys, unlock
from sessionauth.guards.counters import database
from sessionauth.models import LoginThrottle
from tests.guards.entries import LOCKOUT, rate, request_from

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _lockout(guarded, settings):
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 3
    settings.SESSIONAUTH_LOCKOUT_WAITS = [30, timedelta(minutes=1), 120]
    settings.SESSIONAUTH_LOCKOUT_LIMIT = 8
    guarded(LOCKOUT)


def fail(check, name="alice", request=None):
    return check(request or request_from(), {"username": name, "password": "wrong"})


def denial(check, name="alice", password="wrong", request=None):
    with pytest.raises(AccountLocked) as caught:
        check(request or request_from(), {"username": name, "password": password})
    return caught.value


def pass_time(**length):
    """Let all waits be shorter by so much."""
    for row in LoginThrottle.objects.exclude(blocked_until=None):
        row.blocked_until -= timedelta(**length)
        row.save()


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_waits__grow_and_stay_whoever_it_is(name, check, alice):
    assert [fail(check, name) for _ in range(3)] == [None] * 3
    waits = []
    for _ in range(5):
        waits.append(denial(check, name).retry_after)
        pass_time(hours=1)
        fail(check, name)
    assert [round(wait / 30) * 30 for wait in waits] == [30, 60, 120, 120, 120]
    assert LoginThrottle.objects.get().count == 8
    pass_time(days=1)
    assert denial(check, name).retry_after is None


def test_waiting__is_not_made_longer_by_trying(check, alice):
    for _ in range(3):
        fail(check)
    before = LoginThrottle.objects.get()
    for _ in range(3):
        assert denial(check).retry_after <= 30
    after = LoginThrottle.objects.get()
    assert (after.count, after.blocked_until) == (before.count, before.blocked_until)


def test_waiting__refuses_the_right_password_too(check, alice, password):
    for _ in range(3):
        fail(check)
    assert denial(check, password=password).status == 429
    pass_time(seconds=31)
    assert check(request_from(), {"username": "alice", "password": password}) == alice


def test_success__begins_at_none_again(check, alice, password):
    for _ in range(2):
        fail(check)
    check(request_from(), {"username": "alice", "password": password})
    assert LoginThrottle.objects.get().count == 0
    assert [fail(check) for _ in range(3)] == [None] * 3


def test_success__in_an_account_of_a_similar_name_is_none_in_this_one(check, make_user, password):
    make_user("weiss"), make_user("wei\N{LATIN SMALL LETTER SHARP S}")
    assert fail(check, "weiss") is fail(check, "weiss") is None
    assert check(request_from(), {"username": "wei\N{LATIN SMALL LETTER SHARP S}", "password": password})
    assert sorted(LoginThrottle.objects.values_list("count", flat=True)) == [0, 2]


def test_confirm__counts_whoever_is_handed_on_as_a_wrapper(alice):
    """As `request.user` is one."""
    assert not confirm(request_from(), SimpleLazyObject(lambda: alice), {"password": "wrong"})
    assert LoginThrottle.objects.get().user_id == alice.pk


def test_value__is_that_of_one_account_alone(make_user, monkeypatch):
    """Where several accounts may have the same name."""
    alice, bob = make_user("alice"), make_user("bob")
    monkeypatch.setitem(alice._meta.get_field(alice.USERNAME_FIELD).__dict__, "unique", False)
    setattr(bob, bob.USERNAME_FIELD, alice.get_username())
    assert keys.owner(alice) != keys.owner(bob)
    assert keys.account(None, "alice", alice) != keys.account(None, "alice", bob)


@pytest.mark.parametrize("way", [database.advance, database._update_or_insert])
def test_other_spelling__is_counted_with_the_account_and_unlocked_with_it(way, check, alice, password, monkeypatch):
    monkeypatch.setattr(database, "advance", way)
    fail(check, "ALICE")
    fail(check)
    assert LoginThrottle.objects.get().user_id == alice.pk
    LoginThrottle.objects.all().delete()
    for _ in range(3):
        fail(check, "ALICE")
    assert denial(check, password=password).retry_after
    assert unlock.is_locked(alice)
    assert unlock.unlock(alice) == 1
    assert check(request_from(), {"username": "alice", "password": password}) == alice


def test_denied_by_another_guard__counts_nothing(check, guarded, alice):
    guarded(LOCKOUT, rate("account", "1/d"))
    fail(check)
    for _ in range(3):
        with pytest.raises(Exception, match="too_many_attempts"):
            fail(check)
    assert LoginThrottle.objects.get(rule="lockout").count == 1


def test_signal__tells_when_somebody_has_to_wait_or_is_locked(check, alice):
    told = []

    def receive(**kwargs):
        told.append((kwargs["user"], kwargs["failures"], kwargs["until"] is None))

    signals.account_locked.connect(receive)
    for _ in range(8):
        fail(check)
        pass_time(days=1)
    signals.account_locked.disconnect(receive)
    assert told == [
        (alice, 3, False),
        (alice, 4, False),
        (alice, 5, False),
        (alice, 6, False),
        (alice, 7, False),
        (alice, 8, True),
    ]


def test_row__names_the_account_and_nobody_else(check, alice):
    fail(check)
    fail(check, "somebody")
    assert sorted(LoginThrottle.objects.values_list("user", "rule"), key=str) == [
        (alice.pk, "lockout"),
        (None, "lockout"),
    ]
    assert "somebody" not in str(list(LoginThrottle.objects.values()))


def test_without_a_name__nothing_is_counted(check):
    assert check(request_from(), {"code": "1"}) is None
    assert not LoginThrottle.objects.exists()


# Unlocking.


def lock(check, name="alice"):
    for _ in range(8):
        fail(check, name)
        pass_time(days=1)
    denial(check, name)


def test_unlock__lets_in_again_at_once(check, alice, password, guarded):
    guarded(rate("account", "8/d"), LOCKOUT)
    for _ in range(8):
        fail(check)
        pass_time(days=1)
    assert unlock.is_locked(alice)
    assert list(unlock.locked()) == list(LoginThrottle.objects.filter(rule="lockout"))
    assert unlock.unlock(alice) == 1
    assert not unlock.is_locked(alice)
    assert check(request_from(), {"username": "alice", "password": password}) == alice
    assert unlock.unlock(alice) == 0


def test_unlock_name__of_an_account_or_of_nobody(check, alice, password):
    lock(check)
    lock(check, "Nobody")
    assert async_to_sync(unlock.aunlock_name)("nobody") == 1
    assert unlock.unlock_name("alice") == 1
    assert fail(check, "nobody") is None
    assert check(request_from(), {"username": "alice", "password": password}) == alice
    assert unlock.unlock_name("never seen") == 0


def test_link__unlocks_once(check, alice):
    lock(check)
    token = unlock.make_link_token(alice)
    assert unlock.redeem(token) == alice
    assert fail(check) is None
    assert unlock.redeem(token) is None


def test_link__of_an_earlier_lock_is_no_good(check, alice):
    token = unlock.make_link_token(alice)
    lock(check)
    assert unlock.redeem(token) is None
    denial(check)


def test_link__is_no_good_after_another_way_of_unlocking(check, alice):
    lock(check)
    token = unlock.make_link_token(alice)
    unlock.unlock(alice)
    assert unlock.redeem(token) is None


def test_link__expires(check, alice, settings):
    lock(check)
    token = unlock.make_link_token(alice)
    settings.SESSIONAUTH_UNLOCK_AGE = -1
    assert unlock.redeem(token) is None


@pytest.mark.parametrize("token", ["", "x", "\0", "é", "WyJ4Il0:1:x", "a" * 100_000])
def test_link__forged_is_no_good(token):
    assert async_to_sync(unlock.aredeem)(token) is None


def test_link__of_somebody_who_is_gone_is_no_good(alice):
    token = unlock.make_link_token(alice)
    alice.delete()
    assert unlock.redeem(token) is None


@pytest.mark.django_db(transaction=True)
def test_link__redeemed_at_once_by_many_is_good_for_one(alice):
    from tests.attacks.storm import at_once

    token = unlock.make_link_token(alice)
    assert at_once(lambda n: unlock.redeem(token), 20, 8).count(alice) == 1


def test_time__is_the_clock_of_the_row(alice):
    fail(verify)
    assert timezone.now() - LoginThrottle.objects.get().changed_at < timedelta(minutes=1)
