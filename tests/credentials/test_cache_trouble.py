"""A cache that fails costs queries and no more: nobody is let in by it, nobody is kept out, and no page breaks."""

from __future__ import annotations

import logging
import time

import pytest
from django.core.cache import caches

from sessionauth import crypto, pipelines
from sessionauth.credentials import cache
from sessionauth.models import APIKey, tombstones
from tests.asking import WAYS
from tests.credentials.knowing import entries, get, warm

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.credentials.known_urls"),
    pytest.mark.usefixtures("key_cache"),
]

COMMANDS = ("get", "get_many", "add", "set", "set_many", "delete")


@pytest.fixture
def outage(monkeypatch):
    """`outage()`: from now on every command of the cache fails; `outage.over()` ends it, and nothing is lost."""
    kind = type(caches["default"])

    def fail(*args, **kwargs):
        raise ConnectionError("no route to host")

    def begin():
        for name in COMMANDS:
            monkeypatch.setattr(kind, name, fail)
        if pipelines.speaks_to(caches["default"]):  # which is asked without Django's cache between
            monkeypatch.setattr("redis.Redis.execute_command", fail)

    begin.over = monkeypatch.undo
    yield begin
    monkeypatch.undo()


@pytest.mark.parametrize("way", sorted(WAYS))
def test_outage__asks_the_database_and_breaks_no_page(way, issued, outage, caplog):
    row, secret = issued
    warm(secret)
    outage()
    with caplog.at_level(logging.ERROR, "sessionauth"):
        assert [get(secret, way=way)[::2] for _ in range(3)] == [(200, 1)] * 3
    assert [line.getMessage()[:29] for line in caplog.records] == ["credential_cache_degraded: th"]  # once
    row.revoke("lost")
    row.name = "till"
    row.save()
    APIKey.objects.update(name="desk")
    assert get(secret, way=way)[0] == 401
    row.delete()


def test_outage__during_a_revocation_is_told(issued, outage, caplog):
    warm(issued[1])
    outage()
    issued[0].revoke("lost")
    assert "credential_cache_stale" in caplog.text
    assert issued[1] not in caplog.text
    assert issued[0].digest not in caplog.text


def test_process_that_has_seen_the_outage__believes_nothing_from_before_it(issued, outage):
    row, secret = issued
    warm(secret)
    outage()
    row.revoke("lost")
    outage.over()
    assert entries() != {}  # the entry is still there
    assert get(secret)[0] == 401


def test_process_that_has_not_seen_it__is_wrong_for_no_longer_than_an_entry_lasts(issued, outage, settings):
    settings.SESSIONAUTH_KEY_CACHE_TTL = 1
    row, secret = issued
    warm(secret)
    outage()
    row.revoke("lost")
    outage.over()
    tombstones.resume()
    time.sleep(1.05)
    assert get(secret)[0] == 401


def test_pause__ends_when_all_from_before_it_has_run_out(issued, outage, settings):
    settings.SESSIONAUTH_KEY_CACHE_TTL = 1
    warm(issued[1])
    outage()
    get(issued[1])
    outage.over()
    assert [get(issued[1])[2] for _ in range(2)] == [1, 1]
    time.sleep(1.05)
    warm(issued[1])


def test_one_command_that_fails__is_tried_again(issued, monkeypatch):
    """A connection that was idle for long fails at its first command."""
    row, secret = issued
    warm(secret)
    kind, real, calls = type(caches["default"]), type(caches["default"]).set_many, []

    def once(self, *args, **kwargs):
        calls.append(args)
        if len(calls) % 2:
            raise ConnectionError
        return real(self, *args, **kwargs)

    monkeypatch.setattr(kind, "set_many", once)
    row.revoke("lost")
    assert len(calls) == 4  # before and after, twice each
    assert tombstones.TOMBSTONE in entries().values()
    assert not tombstones.is_paused()


@pytest.mark.parametrize("answer", [["failed"], None])
def test_client_that_swallows_errors__is_found_out(answer, issued, monkeypatch, caplog):
    row, secret = issued
    warm(secret)
    monkeypatch.setattr(type(caches["default"]), "set_many", lambda *args, **kwargs: answer)
    row.revoke("lost")
    assert "credential_cache_stale" in caplog.text
    assert get(secret)[0] == 401


def test_missing_cache__is_like_one_that_fails(issued, settings):
    settings.SESSIONAUTH_KEY_CACHE = "nowhere"
    assert get(issued[1])[0] == 200
    issued[0].revoke("lost")
    assert get(issued[1])[0] == 401


def test_evicted_tombstone__brings_nothing_back(issued):
    row, secret = issued
    warm(secret)
    row.revoke("lost")
    caches["default"].clear()
    assert [get(secret)[0] for _ in range(2)] == [401, 401]


def test_tombstone__lasts_longer_than_any_entry_read_before_it(issued, settings):
    """Who has read the row before it was revoked, and is slow, adds an entry that has run out."""
    settings.SESSIONAUTH_KEY_CACHE_TTL = 1
    row, secret = issued
    look = cache.find(APIKey, crypto.parse(secret, "sa"))
    slow = APIKey.objects.lookup(crypto.parse(secret, "sa"))
    row.revoke("lost")
    cache.keep(look, slow)
    assert get(secret)[0] == 401
    time.sleep(1.05)
    caches["default"].clear()
    caches["default"].set(tombstones.GENERATION, look.generation)
    cache.keep(look, slow)
    assert entries() == {}
    assert get(secret)[0] == 401
