"""What a process remembers for a moment."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from sessionauth import recent
from sessionauth.recent import Recent


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(recent, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def test_value__is_remembered_for_so_long(clock):
    kept = Recent()
    kept.put("a", 1, 10)
    clock[0] += 9.9
    assert (kept.get("a"), kept.get("b")) == (1, None)
    clock[0] += 0.1
    assert kept.get("a") is None


def test_value_that_is_changed__is_remembered_for_no_longer(clock):
    kept = Recent()
    kept.change("a", 0)
    kept.put("a", 1, 10)
    clock[0] += 9
    kept.change("a", 2)
    assert kept.get("a") == 2
    clock[0] += 1
    assert (kept.get("a"), kept.get("b")) == (None, None)


def test_value__is_forgotten():
    kept = Recent()
    for key in "ab":
        kept.put(key, 1, 10)
    kept.forget("a")
    kept.forget("never there")
    assert (kept.get("a"), kept.get("b")) == (None, 1)


def test_too_many__are_all_forgotten():
    kept = Recent(most=3)
    for key in "abc":
        kept.put(key, 1, 10)
    kept.put("a", 2, 10)
    assert (len(kept), kept.get("a")) == (3, 2)
    kept.put("d", 4, 10)
    assert (len(kept), kept.get("a"), kept.get("d")) == (1, None, 4)
