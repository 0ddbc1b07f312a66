"""What is in the cache and not our word, or not any more, lets nobody in."""

from __future__ import annotations

import time

import pytest
from django.core.cache import caches
from django.db import connections

from sessionauth import crypto
from sessionauth.credentials import entries as entries_module
from sessionauth.models import APIKey, tombstones
from tests.credentials.knowing import entries, get, warm

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.credentials.known_urls"),
    pytest.mark.usefixtures("key_cache"),
]


def sealed_of(secret):
    return caches["default"].get(tombstones.key_of(crypto.digest(secret), "default"))


NONSENSE = [None, 5, b"x", "", "x" * 64, "x" * 200, {"a": 1}, ["x"], ("x",), True, "é" * 80, "\ud800" * 80, '{"a": 1}']


@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_in_the_cache__is_passed_over(value, issued):
    key = tombstones.key_of(issued[0].digest, "default")
    caches["default"].set(key, value)
    assert get(issued[1])[0] == 200
    caches["default"].set(tombstones.GENERATION, value)
    assert get(issued[1])[0] == 200
    issued[0].revoke("lost")
    caches["default"].set(key, value)
    assert get(issued[1])[0] == 401


def test_entry_written_by_an_attacker__lets_nobody_in(make_user, issued, settings):
    """They know their own secret, how entries look, and the entries of others; not SECRET_KEY."""
    mallory, (_, secret) = make_user("mallory"), issued
    _, own = APIKey.objects.issue(user=mallory)
    warm(secret)
    warm(own)
    key = tombstones.key_of(crypto.digest(own), "default")
    forged = [
        sealed_of(secret),  # alice's entry in the place of their own
        sealed_of(own)[:64] + sealed_of(secret)[64:],
        sealed_of(own).replace(f'"user_id":{mallory.pk}', f'"user_id":{issued[0].user_id}'),
        sealed_of(own).replace('"scopes":null', '"scopes":["x"]'),
    ]
    settings.SECRET_KEY, real = "another", settings.SECRET_KEY
    caches["default"].delete(key)
    get(own)
    forged.append(sealed_of(own).replace(f'"user_id":{mallory.pk}', f'"user_id":{issued[0].user_id}'))
    settings.SECRET_KEY = real
    for value in forged:
        caches["default"].set(key, value)
        status, told, queries = get(own)
        assert (status, told["user"], queries) == (200, str(mallory.pk), 1)
    unknown = crypto.new_secret("sa", "key")
    for value in forged:
        caches["default"].set(tombstones.key_of(crypto.digest(unknown), "default"), value)
        assert get(unknown)[0] == 401


def test_old_entry_written_back__counts_no_longer_than_it_did(issued, settings):
    settings.SESSIONAUTH_KEY_CACHE_TTL = 1
    row, secret = issued
    warm(secret)
    old, key = sealed_of(secret), tombstones.key_of(row.digest, "default")
    row.revoke("lost")
    time.sleep(1.05)
    caches["default"].set(key, old, 1000)
    assert get(secret)[0] == 401


def test_entry__is_not_believed_for_longer_than_todays_setting_says(issued, settings):
    settings.SESSIONAUTH_KEY_CACHE_TTL = 1000
    warm(issued[1])
    settings.SESSIONAUTH_KEY_CACHE_TTL = 30
    assert get(issued[1])[2] == 1


def test_entry_of_an_older_model__is_passed_over(issued, monkeypatch):
    warm(issued[1])
    known = entries_module.makers(APIKey)
    monkeypatch.setattr(entries_module, "makers", lambda model: dict(list(known.items())[:-1]))
    assert get(issued[1])[2] == 1


def test_column_without_a_plain_form__is_not_kept(issued, monkeypatch):
    def fail(value):
        raise TypeError

    monkeypatch.setattr(entries_module, "plain", fail)
    assert [get(issued[1])[0] for _ in range(2)] == [200, 200]
    assert entries() == {}


def test_generation_that_is_forgotten__brings_no_entry_back(issued):
    warm(issued[1])
    caches["default"].delete(tombstones.GENERATION)
    assert [get(issued[1])[2] for _ in range(2)] == [1, 1]


def test_schema_of_another_tenant__has_entries_of_its_own(issued, monkeypatch):
    monkeypatch.setattr(connections["default"], "schema_name", "one", raising=False)
    warm(issued[1])
    monkeypatch.setattr(connections["default"], "schema_name", "two")
    assert get(issued[1])[2] == 1
