"""Counting in the shared cache: what django-ratelimit must go on doing, and what happens in an outage."""

# ruff: noqa: F811  # the fixture `shared`

from __future__ import annotations

import threading

import pytest
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from django.db import connection
from django_ratelimit import ALL
from django_ratelimit import core as ratelimit

from sessionauth import accounts, pipelines
from sessionauth.backends import verify
from sessionauth.crypto import new_secret
from sessionauth.exceptions import GuardUnavailable
from sessionauth.guards.counters import Full, Rate, Tally, Unavailable, cache, windows
from sessionauth.models import APIKey
from tests.asking import Sent, ask
from tests.attacks import storm
from tests.guards.entries import LOCKOUT, rate, request_from
from tests.guards.valkey import Commands, shared  # noqa: F401  # a fixture

TALLY = Tally("test:5/60s", "u:1:", Rate(5, 3600))


# What we rely on in django-ratelimit; a release that changes it fails here.


def test_contract__count_and_window_and_key(shared):
    rate, value = (2, 60), "somebody"
    window = ratelimit._get_window(value, 60)
    key = ratelimit._make_cache_key("group:", window, rate, value, ALL)
    for count in (1, 2, 3):
        usage = ratelimit.get_usage(None, "group:", key=lambda g, r: value, rate=rate, method=ALL, increment=True)
        assert (usage["count"], usage["limit"], usage["should_limit"]) == (count, 2, count > 2)
        assert 0 <= usage["time_left"] <= 60
        assert caches["guards"].get(key) == count


def test_contract__an_outage_raises_or_says_nothing(shared, settings, monkeypatch):
    ask = {"group": "g:", "key": lambda g, r: "v", "rate": (2, 60), "method": ALL, "increment": True}
    shared.stop()
    with pytest.raises(Exception, match="onnect"):
        ratelimit.get_usage(None, **ask)
    monkeypatch.setattr(RedisCache, "add", lambda *args, **kwargs: False)
    monkeypatch.setattr(RedisCache, "incr", lambda *args, **kwargs: None)
    assert ratelimit.get_usage(None, **ask) == {"count": 0, "limit": 0, "should_limit": True, "time_left": -1}
    settings.RATELIMIT_FAIL_OPEN = True
    assert ratelimit.get_usage(None, **ask) is None


def test_contract__a_pipeline_counts_as_it_does(shared):
    """The same key, the same count and the same time to live; so it goes on where the other one has begun."""
    rate, value = (9, 60), "somebody"
    tally = Tally("r", value, Rate(*rate))
    ask = {"group": windows.group(tally), "key": lambda g, r: value, "rate": rate, "method": ALL, "increment": True}
    assert ratelimit.get_usage(None, **ask)["count"] == 1
    client, key = caches["guards"]._cache.get_client(), caches["guards"].make_key(windows.key_of(tally))
    left = client.ttl(key)
    assert pipelines.count(caches["guards"], [(windows.key_of(tally), 65)]) == [2]
    assert ratelimit.get_usage(None, **ask)["count"] == 3
    client.delete(key)
    assert pipelines.count(caches["guards"], [(windows.key_of(tally), 65)]) == [1]
    assert abs(client.ttl(key) - left) <= 1


# Taking and giving back.


@pytest.fixture(params=[True, False], ids=["at once", "one by one"], autouse=True)
def _ways(request, monkeypatch):
    """Both ways: Django's interface knows the second alone."""
    if not request.param:
        monkeypatch.setattr(pipelines, "speaks_to", lambda found: False)


def test_take_all__takes_all_or_none(shared):
    many, few = Tally("many", "v", Rate(9, 3600)), Tally("few", "v", Rate(2, 3600))
    assert [len(cache.take_all([many, few]).slots) for _ in range(2)] == [2, 2]
    for tallies in ([many, few], [few, many]):
        assert isinstance(cache.take_all(tallies), Full)
    counts = [caches["guards"].get(windows.key_of(tally)) for tally in (many, few)]
    assert counts == [2, 2]
    with Commands() as commands:
        slots = cache.take_all([many])
        slots.succeeded()
    assert commands.trips <= (2 if pipelines.speaks_to(caches["guards"]) else 5)
    assert caches["guards"].get(windows.key_of(many)) == 2


def test_refund__after_the_window_leaves_nothing_behind(shared):
    slot = cache.take(TALLY)
    caches["guards"].clear()
    slot.refund()
    assert caches["guards"].get(windows.key_of(TALLY)) is None


def test_take__so_many_and_no_more(shared):
    slots = [cache.take(TALLY) for _ in range(5)]
    assert [slot.is_last for slot in slots] == [False] * 4 + [True]
    full = cache.take(TALLY)
    assert isinstance(full, Full)
    assert (full.is_pending, 0 < full.retry_after <= 3600) == (True, True)


def test_take__is_shut_once_the_last_has_failed(shared):
    slots = [cache.take(TALLY) for _ in range(5)]
    slots[0].failed()
    assert cache.take(TALLY).is_pending
    slots[-1].failed()
    assert not cache.take(TALLY).is_pending
    slots[1].refund()
    assert cache.take(TALLY).is_last


def test_take__gives_up_for_those_who_come_next(shared):
    for _ in range(5):
        cache.take(TALLY)
    cache.take(TALLY).give_up()
    assert not cache.take(TALLY).is_pending


def test_clear__forgets(shared):
    for _ in range(7):
        cache.take(TALLY)
    cache.clear(TALLY)
    assert cache.take(TALLY).is_last is False


def test_refund__is_left_out_where_the_window_has_changed(shared, monkeypatch):
    ends = iter([1_000_000_000, 2_000_000_000, 3_000_000_000, 3_000_000_000])
    monkeypatch.setattr(windows, "_get_window", lambda value, period: next(ends))
    slot = cache.take(TALLY)
    assert slot.key is None
    slot.refund()


@pytest.mark.parametrize("answer", [None, {"count": 0, "limit": 0, "should_limit": True, "time_left": -1}, OSError()])
def test_take__without_an_answer_counts_nothing(answer, shared, monkeypatch):
    def get_usage(*args, **kwargs):
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(cache.pipelines, "speaks_to", lambda found: False)
    monkeypatch.setattr(cache, "get_usage", get_usage)
    with pytest.raises(Unavailable):
        cache.take(TALLY)


def test_broken_cache__is_left_alone_for_a_while(shared, monkeypatch):
    monkeypatch.setattr(cache, "PAUSE", 60.0)
    asked = []

    def get_usage(*args, **kwargs):
        asked.append(1)

    monkeypatch.setattr(cache.pipelines, "speaks_to", lambda found: False)
    monkeypatch.setattr(cache, "get_usage", get_usage)
    for _ in range(3):
        with pytest.raises(Unavailable):
            cache.take(TALLY)
    assert len(asked) == 1


# Which cache may count.


@pytest.mark.parametrize(
    ("backend", "counts"),
    [
        ("django.core.cache.backends.redis.RedisCache", True),
        ("django.core.cache.backends.memcached.PyMemcacheCache", True),
        ("tests.guards.counters.test_cache.OwnRedisCache", True),
        ("django.core.cache.backends.locmem.LocMemCache", False),
        ("django.core.cache.backends.dummy.DummyCache", False),
        ("django.core.cache.backends.db.DatabaseCache", False),
        ("django.core.cache.backends.filebased.FileBasedCache", False),
    ],
)
def test_capability__by_the_class(backend, counts, settings, tmp_path):
    settings.CACHES = {**settings.CACHES, "guards": {"BACKEND": backend, "LOCATION": str(tmp_path)}}
    settings.SESSIONAUTH_CACHE = settings.RATELIMIT_USE_CACHE = "guards"
    assert (cache.fault() is None) is counts


class OwnRedisCache(RedisCache):
    """A project's own."""


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changed", [{"RATELIMIT_ENABLE": False}, {"RATELIMIT_USE_CACHE": "locmem"}, {"SESSIONAUTH_CACHE": "nowhere"}]
)
def test_elsewhere__the_database_counts_and_no_guard_is_off(changed, shared, settings, guarded, alice):
    for name, value in changed.items():
        setattr(settings, name, value)
    guarded(rate("account", "2/d"))
    assert cache.fault()
    with storm.evaluated() as hashed:
        for _ in range(5):
            storm.call("alice", "wrong")
    assert len(hashed) == 2


# Costs.


@pytest.mark.django_db
def test_cost__of_a_wrong_password_with_two_rules(shared, guarded, alice, django_assert_num_queries):
    """A slot of each or of none: one question where the server runs a script for us, else a look and then a slot."""
    guarded(rate("address", "100/d"), rate("account", "100/d"), LOCKOUT)
    verify(request_from(), {"username": "alice", "password": "wrong"})  # it is told the script once
    once = 1 if accounts.are_found_by_their_names() else 2  # where another name finds her, too: a look before
    for _ in range(3):
        with Commands() as commands:
            verify(request_from(), {"username": "alice", "password": "wrong"})
        assert commands.trips <= (once if pipelines.speaks_to(caches["guards"]) else 7), commands.sent


@pytest.mark.django_db
def test_cost__of_a_refused_one_is_the_same_ever_after(shared, guarded, alice):
    guarded(rate("address", "1/d"))
    costs = []
    for _ in range(6):
        with Commands() as commands:
            storm.call("alice", "wrong")
        costs.append(commands.total)
    assert len(set(costs[2:])) == 1


@pytest.mark.django_db
@pytest.mark.urls("tests.project.ways_urls")
def test_cost__of_a_good_key_is_no_command(shared, guarded, alice):
    guarded()
    _, secret = APIKey.objects.issue(user=alice)
    with Commands() as commands:
        assert ask("wsgi", "/tell/", Sent({"X-Api-Key": secret})).status == 200
    assert commands.sent == {}
    with Commands() as commands:
        assert ask("wsgi", "/tell/", Sent({"X-Api-Key": new_secret("sa", "key")})).status == 401
    assert commands.total


# Stopped in the middle.


@pytest.mark.django_db(transaction=True)
@pytest.mark.urls("tests.project.ways_urls")
@pytest.mark.parametrize(
    ("policy", "status", "evaluated"), [("fallback", 429, 5), ("deny", 503, 0), ("allow", 200, 40)]
)
def test_outage__no_error_no_open_door_and_back_without_a_restart(
    policy, status, evaluated, shared, settings, guarded, alice, password
):
    settings.SESSIONAUTH_GUARD_ON_CACHE_ERROR = policy
    guarded(rate("account"))
    threads = 1 if connection.vendor == "sqlite" else 8

    def attempts():
        with storm.evaluated() as hashed:
            found = storm.at_once(lambda n: storm.form("alice", f"wrong {n}", n), 40, threads)
        return found, len(hashed)

    storm.form("alice", "wrong")
    shared.stop()
    found, hashed = attempts()
    assert set(found) <= {200, 429, 503}
    assert (found[-1], hashed) == (status, evaluated)
    assert storm.form("alice", password) == {"fallback": 429, "deny": 503, "allow": 302}[policy]
    shared.start()
    found, hashed = attempts()
    assert (hashed, found[-1]) == (5, 429)


@pytest.mark.django_db(transaction=True)
@pytest.mark.urls("tests.project.ways_urls")
def test_outage__in_the_middle_of_a_storm(shared, guarded, alice):
    guarded(rate("account"))
    timer = threading.Timer(0.3, shared.stop)
    timer.start()
    with storm.evaluated() as hashed:
        found = storm.at_once(lambda n: storm.form("alice", f"wrong {n}", n), 100, 4)
    timer.join()
    assert set(found) <= {200, 429, 503}
    assert len(hashed) <= 10


@pytest.mark.django_db
def test_deny__tells_to_come_back(shared, settings, guarded, alice, password):
    settings.SESSIONAUTH_GUARD_ON_CACHE_ERROR = "deny"
    guarded(rate("account"))
    shared.stop()
    with pytest.raises(GuardUnavailable) as caught:
        verify(request_from(), {"username": "alice", "password": password})
    assert (caught.value.status, caught.value.retry_after) == (503, 60)
