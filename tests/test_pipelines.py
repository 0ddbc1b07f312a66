"""Commands to Valkey by one client; how they count, `tests/guards/counters/test_cache.py` tells."""

# ruff: noqa: F811  # the fixture `shared`

from __future__ import annotations

import asyncio
import gc

import pytest
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCacheClient
from redis import Redis
from redis.exceptions import (
    BusyLoadingError,
    ClusterCrossSlotError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)

from sessionauth import pipelines
from sessionauth.pipelines import Limited
from tests.guards.valkey import Commands, shared  # noqa: F401  # a fixture


def test_commands__go_by_one_client(shared, monkeypatch):
    found, made = caches["guards"], []
    original = RedisCacheClient.get_client
    monkeypatch.setattr(RedisCacheClient, "get_client", lambda *args, **how: made.append(how) or original(*args, **how))
    for _ in range(3):
        pipelines.read(found, ["k"])
        pipelines.count(found, [("k", 65)])
        pipelines.give_back(found, ["k"])
        pipelines.add(found, "other", 65)
        pipelines.get_many(found, ["k", "other"])
    assert made == [{"write": True}]


def test_connections_of_a_task_that_is_over__are_closed(shared):
    """Django has a pool of connections for each task, and each thread: with their last user they must go."""

    async def task():
        assert pipelines.take(caches["guards"], [Limited("k", "asked", 99, 65)]).full == {}

    async def tasks():
        for _ in range(9):
            await asyncio.create_task(task())

    asyncio.run(tasks())
    gc.collect()
    assert caches["guards"]._cache.get_client().info("clients")["connected_clients"] <= 2


@pytest.mark.parametrize("left", [None, 0, -1, -2])
def test_take__leaves_no_counter_without_an_end(left, shared):
    found, client = caches["guards"], caches["guards"]._cache.get_client()
    if left is not None:
        client.set(found.make_key("k"), left)
    assert pipelines.take(found, [Limited("k", "asked", 9, 65)]).counts == [(left or 0) + 1]
    assert 60 < client.ttl(found.make_key("k")) <= 65


@pytest.mark.parametrize("is_scripted", [True, False])
def test_give_back__leaves_no_window_that_is_over_behind(is_scripted, shared, monkeypatch):
    found, client = caches["guards"], caches["guards"]._cache.get_client()
    monkeypatch.setattr(pipelines, "_unscripted", set() if is_scripted else {pipelines._client(found)})
    client.set(found.make_key("open"), 2, ex=60)
    client.set(found.make_key("asked"), 1)
    assert pipelines.give_back(found, ["over", "open"], "asked") is True
    assert pipelines.give_back(found, ["over", "open"], "absent") is False
    assert pipelines.give_back(found, ["over"]) is False
    assert (client.exists(found.make_key("over")), client.get(found.make_key("open"))) == (0, b"0")
    assert 50 < client.ttl(found.make_key("open")) <= 60


def test_give_back__of_a_window_that_is_over_is_one_question(shared):
    """Between two of them others would find a count below none, and one slot too many."""
    pipelines.give_back(caches["guards"], ["warm"])
    with Commands() as commands:
        pipelines.give_back(caches["guards"], ["over"], "asked")
    assert commands.trips == 1


@pytest.mark.parametrize(
    "error",
    [
        ReadOnlyError("You can't write against a read only replica."),
        OutOfMemoryError("command not allowed when used memory > 'maxmemory'."),
        ResponseError("MASTERDOWN Link with MASTER is down"),
        BusyLoadingError("Redis is loading the dataset in memory"),
        NoPermissionError("No permissions to access a key"),
    ],
)
def test_trouble_that_passes__does_not_end_scripts(error, shared, monkeypatch):
    def fail(*args):
        raise error

    found = caches["guards"]
    with monkeypatch.context() as patch:
        patch.setattr(Redis, "eval", fail)
        with pytest.raises(type(error)):
            pipelines.take(found, [Limited("k", "asked", 9, 65)])
        with pytest.raises(type(error)):
            pipelines.give_back(found, ["k"])
    assert pipelines.runs_scripts(found)


@pytest.mark.parametrize(
    "error",
    [
        ResponseError("unknown command 'EVAL', with args beginning with: "),
        ResponseError("unknown command `EVAL`, with args beginning with: "),
        NoPermissionError("this user has no permissions to run the 'eval' command or its subcommand"),
        ClusterCrossSlotError("Keys in request don't hash to the same slot"),
        ResponseError("CROSSSLOT Keys in request don't hash to the same slot"),
    ],
)
def test_server_that_runs_no_scripts__is_not_asked_again(error, shared, monkeypatch):
    def fail(*args):
        asked.append(args)
        raise error

    asked, found = [], caches["guards"]
    monkeypatch.setattr(Redis, "eval", fail)
    assert pipelines.take(found, [Limited("k", "asked", 9, 65)]) is None
    pipelines.count(found, [("k", 65)])
    pipelines.give_back(found, ["k"])
    assert len(asked) == 1
    assert not pipelines.runs_scripts(found)
    assert found.get("k") == 0


def test_script__is_not_looked_for_where_the_server_has_forgotten_it(shared):
    found = caches["guards"]
    for count in (1, 2):
        assert pipelines.take(found, [Limited("k", "asked", 9, 65)]).counts == [count]
        found._cache.get_client().script_flush()
    assert pipelines.runs_scripts(found)


def test_add__does_as_django(shared):
    found, client = caches["guards"], caches["guards"]._cache.get_client()
    for add in (lambda key: pipelines.add(found, key, 60), lambda key: found.add(key, 1, 60)):
        assert [add("a"), add("a"), found.delete("a"), add("a"), found.get("a")] == [True, False, True, True, 1]
        assert 58 <= client.ttl(found.make_key("a")) <= 60
        found.delete("a")


def test_get_many__does_as_django(shared):
    found = caches["guards"]
    found.set_many({"number": 5, "text": "é" * 80, "none": None, "list": [1, "x"]}, 60)
    keys = ["number", "text", "none", "list", "absent"]
    assert pipelines.get_many(found, keys) == found.get_many(keys) != {}
    assert pipelines.get_many(caches["default"], ["absent"]) == {}
