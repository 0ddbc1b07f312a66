"""Counting in the database: exact with one statement, and where that is not to be had with several."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import InterfaceError, OperationalError, connection, connections, transaction
from django.test import RequestFactory
from django.utils import timezone

from sessionauth.backends import verify
from sessionauth.exceptions import GuardUnavailable
from sessionauth.guards.counters import Full, Rate, Tally, Unavailable, database, outside, upsert
from sessionauth.guards.counters.step import Step
from sessionauth.guards.in_database import DatabaseSlots
from sessionauth.models import LoginThrottle
from sessionauth.request_state import state_of
from tests.asking import counted
from tests.attacks.storm import at_once
from tests.attacks.trouble import read_only, without_table
from tests.guards.entries import LOCKOUT, rate, request_from

TALLY = Tally("test:5/h", "u:1:", Rate(5, 3600))


@pytest.fixture(params=["upsert", "update or insert"])
def advance(request, monkeypatch):
    """Both ways on every database: MySQL knows only the second."""
    if request.param == "update or insert":
        monkeypatch.setattr(database, "advance", database._update_or_insert)
    return database.advance


def step(**changed):
    return Step(**{"key": "k", "rule": "lockout", "limit": 5, **changed})


@pytest.mark.django_db
def test_advance__counts_to_the_limit(advance):
    assert [advance(step()) for _ in range(7)] == [1, 2, 3, 4, 5, None, None]
    row = LoginThrottle.objects.get()
    assert (row.count, row.generation, row.pending_until is None) == (5, 1, False)


@pytest.mark.django_db
def test_advance__makes_wait_from_there_on(advance):
    now = timezone.now()
    waits = []
    for _ in range(5):
        advance(step(wait_from=2, waits=(10.0, 20.0), moment=now))
        row = LoginThrottle.objects.get()
        waits.append(None if row.blocked_until is None else (row.blocked_until - now).total_seconds())
        LoginThrottle.objects.update(blocked_until=None if row.blocked_until is None else now)
    assert waits == [None, 10, 20, 20, 20]


@pytest.mark.django_db
def test_advance__lets_nobody_by_while_one_has_to_wait(advance):
    assert [advance(step(wait_from=2, waits=(10.0,))) for _ in range(4)] == [1, 2, None, None]


@pytest.mark.django_db
def test_upsert__is_one_statement():
    if connection.vendor == "mysql" and not connection.mysql_is_mariadb:
        pytest.skip("knows no such statement")
    with counted() as statements:
        for _ in range(7):
            database.advance(step())
    assert len(statements) == 7


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", [1, 5])
def test_advance__is_exact_at_once(advance, limit):
    """The last one knows that it is; with two statements others may believe it of themselves, which harms nobody."""
    found = [one for one in at_once(lambda n: database.advance(step(limit=limit)), 60, 8) if one]
    assert (len(found), max(found)) == (limit, limit)


@pytest.mark.django_db
def test_take__refunds_fails_and_is_pending_meanwhile():
    slots = [database.take(TALLY, None) for _ in range(5)]
    assert database.take(TALLY, None).is_pending
    slots[-1].failed()
    full = database.take(TALLY, None)
    assert (isinstance(full, Full), full.is_pending, 0 < full.retry_after <= 3600) == (True, False, True)
    slots[0].refund()
    last = database.take(TALLY, None)
    assert last.is_last
    last.succeeded()
    assert LoginThrottle.objects.get().count == 4
    database.clear(TALLY)
    assert not LoginThrottle.objects.exists()


@pytest.mark.django_db
def test_window__begins_anew(monkeypatch):
    for _ in range(6):
        database.take(TALLY, None)
    now = database.time.time()
    monkeypatch.setattr(database.time, "time", lambda: now + 3600)
    assert not isinstance(database.take(TALLY, None), Full)


# Outside of the request's transaction.


@transaction.atomic
def take_and_fail(request):
    database.take(TALLY, request)
    return 1 / 0


@pytest.mark.django_db(transaction=True)
def test_write__outlives_the_transaction_around_it():
    request = RequestFactory().get("/")
    with pytest.raises(ZeroDivisionError):
        take_and_fail(request)
    for act in state_of(request).later:
        act()
    assert LoginThrottle.objects.get().count == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guards", [[LOCKOUT], [rate("account"), LOCKOUT]], ids=["lockout", "with a rate"])
def test_write__outlives_what_the_caller_takes_back_by_hand(guards, guarded, make_user):
    if connection.vendor == "sqlite":
        pytest.skip("it has one writer")
    make_user("alice")
    guarded(*guards)
    for _ in range(3):
        transaction.set_autocommit(False)
        try:
            verify(request_from(), {"username": "alice", "password": "wrong"})
        finally:
            transaction.rollback()
            transaction.set_autocommit(True)
    assert LoginThrottle.objects.get(rule="lockout").count == 3


@pytest.mark.django_db(transaction=True)
def test_write__on_a_database_that_commits_by_hand(monkeypatch):
    """AUTOCOMMIT = False: the connection of our own would have nobody to commit."""
    if connection.vendor == "sqlite":
        pytest.skip("it has one writer")
    monkeypatch.setitem(connection.settings_dict, "AUTOCOMMIT", False)
    outside._pool.cache_clear()
    connection.close()
    try:
        database.take(TALLY, None)
        connection.rollback()
    finally:
        monkeypatch.undo()
        connection.close()
        outside._pool.cache_clear()
    assert LoginThrottle.objects.get().count == 1


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.django_db
def test_write__without_a_connection(error):
    """Drivers differ in what they raise on a connection that has been closed."""

    def fail():
        raise error

    with pytest.raises(Unavailable):
        outside.write(fail, None)


@pytest.mark.django_db(transaction=True)
def test_write__is_done_once_where_the_transaction_went_through():
    request = RequestFactory().get("/")
    with transaction.atomic():
        database.take(TALLY, request)
    for act in state_of(request).later:
        act()
    assert LoginThrottle.objects.get().count == 1


@pytest.mark.django_db
def test_write__is_done_once_within_a_test_case():
    """A TestCase's transaction is never committed: what waits for its end was not rolled back."""
    request = RequestFactory().get("/")
    for _ in range(2):
        with transaction.atomic():
            database.take(TALLY, request)
    with pytest.raises(ZeroDivisionError):
        take_and_fail(request)
    assert LoginThrottle.objects.get().count == 2
    for act in state_of(request).later:
        act()
    assert LoginThrottle.objects.get().count == 3


@pytest.mark.django_db(transaction=True)
def test_write__waits_for_no_circle():
    """The request's own transaction holds the row, and waits for us: we give up, and it goes on."""
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL waits for ever otherwise")
    database.take(TALLY, None)
    with transaction.atomic():
        LoginThrottle.objects.update(count=0)
        with pytest.raises(Unavailable):
            database.take(TALLY, None)
    assert LoginThrottle.objects.get().count == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("trouble", [read_only, lambda: without_table(LoginThrottle)], ids=["read only", "no table"])
def test_trouble__is_told_and_is_no_slot(trouble, caplog):
    with trouble(), pytest.raises(Unavailable):
        database.take(TALLY, None)
    assert "guard_degraded" in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("entry", [LOCKOUT, rate("account")], ids=["lockout", "rate"])
@pytest.mark.parametrize("trouble", [read_only, lambda: without_table(LoginThrottle)], ids=["read only", "no table"])
def test_trouble__lets_nobody_in_uncounted(trouble, entry, guarded, make_user, password, settings):
    settings.SESSIONAUTH_CACHE = "locmem"
    alice, credentials = make_user("alice"), {"username": "alice", "password": password}
    guarded(entry)
    with trouble():
        with pytest.raises(GuardUnavailable):
            verify(request_from(), credentials)
        settings.SESSIONAUTH_GUARD_ON_CACHE_ERROR = "allow"
        assert verify(request_from(), credentials) == alice
    assert verify(request_from(), credentials) == alice


@pytest.mark.django_db
def test_trouble__spoils_no_transaction_around_it():
    def fail():
        with connection.cursor() as cursor:
            cursor.execute("SELECT nonsense FROM nowhere")

    with transaction.atomic():
        with pytest.raises(Unavailable):
            outside.write(fail, None)
        outside.quietly(fail, None)
        assert LoginThrottle.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_own_connection__is_of_its_own_thread_and_is_given_back():
    if connection.vendor == "sqlite":
        pytest.skip("writes in place")
    threads = []

    def act():
        threads.append(threading.current_thread().name)
        return id(connections["default"])

    with transaction.atomic():
        assert outside.write(act, None) != id(connections["default"])
    assert threads[0].startswith("sessionauth-count")


def test_own_connection__comes_from_no_pool(monkeypatch):
    """Requests that hold all of the pool wait for the counting: it must not wait for them."""
    shared = connections[outside.alias()].settings_dict
    monkeypatch.setitem(shared["OPTIONS"], "pool", True)
    with ThreadPoolExecutor(1) as threads:
        own, again, found = threads.submit(
            lambda: (outside._own_connection(), outside._own_connection(), connections[outside.alias()])
        ).result()
    assert own is again is found
    assert "pool" not in own.settings_dict["OPTIONS"]
    assert own.settings_dict["NAME"] == shared["NAME"]
    assert shared["OPTIONS"]["pool"] is True


@pytest.mark.django_db
def test_look__asks_no_orm(monkeypatch):
    taken = step()
    database.advance(taken)
    expected = database.look([taken.key, "another"])
    monkeypatch.setattr(outside, "rows", None)
    assert database.look([taken.key, "another"]) == expected
    assert (expected[taken.key].count, list(expected)) == (1, [taken.key])


@pytest.mark.django_db
def test_look__by_the_orm_finds_the_same(monkeypatch):
    taken = step()
    database.advance(taken)
    expected = database.look([taken.key])
    monkeypatch.setattr(database.compiled, "tuples", lambda *args: None)
    assert database.look([taken.key]) == expected


def counts_of(key):
    return {row.key: row.count for row in database.look([key]).values()}


@pytest.mark.django_db
@pytest.mark.parametrize("waits", [{"wait_from": 4, "waits": (60.0, 120.0)}, {}], ids=["waits", "a rate"])
@pytest.mark.parametrize("limit", [1, 3, 6])
def test_advance_all__counts_and_waits_alike_whatever_was_seen_before(limit, waits):
    """What was seen may be old by then: a counter that was far from its last attempt or its waits has come to them."""
    moment, rows = timezone.now(), {}
    for key, seen in (("each", None), ("unseen", {}), ("nothing", {"nothing": 0}), ("far", {"far": 1}), ("now", "now")):
        mine = step(key=key, limit=limit, moment=moment, **waits)
        history = rows[key] = []
        for _ in range(7):
            LoginThrottle.objects.filter(key=key).update(blocked_until=None)
            if seen is None:
                count = database.advance(mine)
            else:
                found = counts_of(key) if seen == "now" else seen
                count = database.advance_all([mine], found).get(key)
            columns = ("count", "blocked_until", "pending_until", "generation")
            history.append((count, LoginThrottle.objects.values_list(*columns).get(key=key)))
    assert rows["unseen"] == rows["nothing"] == rows["far"] == rows["now"] == rows["each"]
    assert [count for count, _ in rows["each"]] == [*range(1, limit + 1)] + [None] * (7 - limit)


@pytest.mark.django_db
def test_advance_all__is_one_statement_far_from_the_waits_and_at_them():
    moment = timezone.now()
    mine = step(limit=9, wait_from=4, waits=(60.0, 120.0), moment=moment)
    for _ in range(6):
        LoginThrottle.objects.update(blocked_until=None)
        found = counts_of(mine.key)
        with counted() as statements:
            database.advance_all([mine], found)
        assert len(statements) == 1


class AsMariaDB:
    """A connection that says it is MariaDB's, whose counters are given back one by one."""

    vendor = "mysql"

    def __init__(self, real):
        self.real = real

    def __getattr__(self, name):
        return getattr(self.real, name)


@pytest.mark.django_db
@pytest.mark.parametrize("as_other", [lambda real: real, AsMariaDB], ids=["as it is", "one by one"])
def test_slot_of_two_rules__is_given_back_once(as_other, monkeypatch):
    """It was taken once; twice would give whoever owns an account a guess at another for each login of theirs."""
    step = database.step_of(Tally("address:5/d", "v", Rate.parse("5/d")), timezone.now())
    for _ in range(3):
        database.advance(step)
    give = upsert.give_back
    monkeypatch.setattr(upsert, "give_back", lambda real, *told: give(as_other(real), *told))
    DatabaseSlots([database.DatabaseSlot(step, False, None)] * 2, None).succeeded()
    assert LoginThrottle.objects.get(key=step.key).count == 2
