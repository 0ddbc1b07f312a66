"""Guards that count in the database together: one look, one statement, and none of them counts what another refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from asgiref.sync import SyncToAsync
from django.db import connection, transaction
from django.utils import timezone

from sessionauth.backends import verify
from sessionauth.exceptions import AccountLocked, TooManyAttempts
from sessionauth.guards.counters import database
from sessionauth.guards.counters.step import Step
from sessionauth.guards.reserving import ReservingGuard
from sessionauth.models import LoginThrottle
from tests.asking import counted
from tests.attacks import storm
from tests.guards.conftest import CHECKS
from tests.guards.entries import ACTIVE, LOCKOUT, rate, request_from

pytestmark = pytest.mark.django_db(transaction=True)

ALL = (rate("address", "100/d"), rate("account", "5/d", "50/d"), LOCKOUT, ACTIVE)
TAKES_MANY = connection.vendor in ("postgresql", "sqlite")


@pytest.fixture(autouse=True)
def _counted_in_the_database(settings):
    settings.SESSIONAUTH_CACHE = "locmem"


def attempt(check, name="alice", password="wrong", **request):
    try:
        return check(request_from(**request), {"username": name, "password": password})
    except TooManyAttempts as denial:
        return denial


def words(act):
    with counted() as statements:
        act()
    return [one.split()[0] for one in statements if one.split()[0] not in ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")]


def rows():
    return {row.rule: (row.count, row.pending_until is None) for row in LoginThrottle.objects.all()}


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_attempt__is_a_look_and_one_statement(name, check, guarded, make_user, password):
    make_user("alice")
    guarded(*ALL)
    attempt(check, name)
    writes = ["INSERT"] * (1 if TAKES_MANY else 4)
    assert words(lambda: attempt(check, name)) == ["SELECT", "SELECT", *writes]
    if name == "alice" and TAKES_MANY:
        assert words(lambda: attempt(check, name, password)) == ["SELECT", "SELECT", "INSERT", "UPDATE"]
        assert rows() == {"address:100/86400s": (2, True), "account:5/86400s": (2, True)} | {
            "account:50/86400s": (2, True),
            "lockout": (0, True),
        }


@pytest.mark.parametrize("name", ["alice", "nobody"])
@pytest.mark.parametrize(
    ("guards", "statements", "kind"),
    [
        ([rate("address", "5/d"), rate("account", "50/d"), LOCKOUT], ["SELECT"], TooManyAttempts),
        ([rate("address", "50/d"), rate("account", "5/d"), LOCKOUT], ["SELECT"], TooManyAttempts),
        ([rate("address", "50/d"), rate("account", "50/d"), LOCKOUT], ["SELECT", "SELECT"], AccountLocked),
    ],
    ids=["address", "account", "lockout"],
)
def test_refused__writes_nothing_and_costs_the_same_for_ever(
    name, guards, statements, kind, check, guarded, make_user, settings
):
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 5
    make_user("alice")
    guarded(*guards)
    for _ in range(5):
        assert attempt(check, name) is None
    before = list(LoginThrottle.objects.order_by("pk").values())
    with storm.evaluated() as hashed:
        first = attempt(check, name)
        for _ in range(30):
            again = attempt(check, name)
        assert words(lambda: attempt(check, name)) == statements
    assert (type(first), type(again), hashed) == (kind, kind, [])
    assert list(LoginThrottle.objects.order_by("pk").values()) == before


def test_refused_in_an_event_loop__is_one_hop(guarded, make_user, monkeypatch):
    """Look, lookup and refusal are made in one thread."""
    make_user("alice")
    guarded(*ALL)
    check = CHECKS["async"]
    for _ in range(5):
        attempt(check)
    hops, real = [], SyncToAsync.__call__

    async def count(self, *args, **kwargs):
        hops.append(getattr(self.func, "__self__", None))
        return await real(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", count)
    assert isinstance(attempt(check), TooManyAttempts)
    assert len([one for one in hops if isinstance(one, ReservingGuard)]) == 1


def test_race_lost_after_the_look__takes_nothing(check, guarded, make_user, monkeypatch):
    """What the look has not seen is found out by the statement, and the other counters get their slot back."""
    make_user("alice")
    guarded(*ALL)
    for _ in range(5):
        attempt(check)
    before = rows()
    real, looks = database.look, []

    def blind(wanted):
        looks.append(wanted)
        return {} if len(looks) == 1 else real(wanted)

    monkeypatch.setattr(database, "look", blind)
    assert isinstance(attempt(check), TooManyAttempts)
    assert rows() == before


def test_race_lost_after_the_look__leaves_no_wait_behind(check, guarded, make_user, monkeypatch, settings):
    """Each failure from the second on waits; an attempt that was never evaluated is none."""
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 2
    make_user("alice")
    guarded(rate("account", "3/d"), LOCKOUT)
    for _ in range(3):
        assert attempt(check) is None
        LoginThrottle.objects.update(blocked_until=None, pending_until=None)
    real = database.look
    monkeypatch.setattr(database, "look", lambda wanted: {} if len(wanted) > 1 else real(wanted))
    assert isinstance(attempt(check), TooManyAttempts)
    row = LoginThrottle.objects.get(rule="lockout")
    assert (row.count, row.blocked_until, row.pending_until) == (3, None, None)


def test_counter_of_another_account__is_left_to_it(check, guarded, make_user, password):
    """Names that differ in their spelling alone share the counters; the second account has a lockout of its own."""
    if connection.vendor == "mysql":
        pytest.skip("its collations take the two names for one")
    alice, other = make_user("alice"), make_user("Alice")
    guarded(*ALL)
    attempt(check, "alice")
    attempt(check, "Alice")
    assert dict(LoginThrottle.objects.filter(rule="lockout").values_list("user_id", "count")) == {
        alice.pk: 1,
        other.pk: 1,
    }
    assert attempt(check, "Alice", password) == other
    assert LoginThrottle.objects.get(rule="lockout", user_id=alice.pk).count == 1


def test_transaction__has_each_count_by_itself(guarded, make_user):
    make_user("alice")
    guarded(*ALL)
    with transaction.atomic():
        for _ in range(5):
            assert attempt(verify) is None
        assert isinstance(attempt(verify), TooManyAttempts)
    counts = {rule: count for rule, (count, _) in rows().items()}
    assert counts == {"address:100/86400s": 5, "account:5/86400s": 5, "account:50/86400s": 5, "lockout": 5}


def test_several_steps__are_exact_whatever_the_order():
    """Of two that take the same rows in another order none waits for the other."""
    moment = timezone.now()
    steps = [Step(f"k{n}", "lockout", limit, moment=moment) for n, limit in enumerate([50, 5, 20])]

    def take(n):
        wanted = steps if n % 2 else steps[::-1]
        taken = database.advance_all(wanted)
        if len(taken) == 3:
            return True
        database.give_back([step for step in wanted if step.key in taken], [])
        return False

    assert storm.at_once(take, 60, 8).count(True) == 5
    assert dict(LoginThrottle.objects.values_list("key", "count")) == {"k0": 5, "k1": 5, "k2": 5}


def test_give_back__opens_the_door_that_it_has_shut_and_no_other():
    now = timezone.now()
    mine = Step("k", "lockout", 9, wait_from=2, waits=(60.0,), moment=now)
    database.advance(mine)
    database.advance(mine)
    earlier = replace(mine, moment=now - timedelta(seconds=1))
    database.give_back([earlier], [earlier])
    assert LoginThrottle.objects.get().blocked_until is not None
    LoginThrottle.objects.update(count=2)
    database.give_back([mine], [mine])
    row = LoginThrottle.objects.get()
    assert (row.count, row.blocked_until, row.pending_until) == (1, None, None)
