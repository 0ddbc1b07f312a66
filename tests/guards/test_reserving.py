"""Waiting for a slot that may come free, and not waiting where none will."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import ClassVar

import pytest
from asgiref.sync import async_to_sync

from sessionauth.backends import averify, verify
from sessionauth.exceptions import TooManyAttempts
from sessionauth.guards import reserving
from sessionauth.guards.counters import Full
from sessionauth.guards.reserving import ReservingGuard
from tests.guards.entries import LOCKOUT, rate, request_from

CHECKS = {"sync": verify, "async": async_to_sync(averify)}


@pytest.fixture(params=list(CHECKS))
def way(request):
    return request.param


@pytest.fixture
def naps(monkeypatch):
    """Count the naps, and take none."""
    taken = []

    async def asleep(seconds):
        taken.append(seconds)

    monkeypatch.setattr(reserving, "time", SimpleNamespace(sleep=taken.append, monotonic=time.monotonic))
    monkeypatch.setattr(reserving, "asyncio", SimpleNamespace(sleep=asleep))
    return taken


class Door(ReservingGuard):
    """Opens after so many looks, or never."""

    def __init__(self, *answers):
        self.answers, self.given_up = list(answers), []

    def claim(self, request, identity, user):
        is_pending = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if is_pending is None:
            return None
        return Full(60, is_pending=is_pending, give_up=lambda: self.given_up.append(True))

    def ask(self, way):
        if way == "sync":
            self.before_credentials(None, None, None)
        else:
            async_to_sync(self.abefore_credentials)(None, None, None)


def test_slot_that_comes_free__is_waited_for(way, naps):
    Door(True, True, None).ask(way)
    assert naps == [reserving.INTERVAL] * 2


def test_door_that_is_shut__is_waited_at_by_nobody(way, naps):
    with pytest.raises(TooManyAttempts) as caught:
        Door(False).ask(way)
    assert (naps, caught.value.retry_after) == ([], 60)


def test_slot_that_does_not_come_free__is_waited_for_so_long_and_no_longer(way, naps, monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(reserving.time, "monotonic", lambda: next(clock) / 2)
    door = Door(True)
    with pytest.raises(TooManyAttempts) as caught:
        door.ask(way)
    assert (len(naps), caught.value.retry_after, door.given_up) == (3, 1, [True])


@pytest.mark.django_db
@pytest.mark.parametrize("guards", [[rate("account", "3/d")], [LOCKOUT]], ids=["rate", "lockout"])
def test_after_the_last_has_failed__nobody_waits(guards, way, naps, guarded, make_user, settings):
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 3
    make_user("alice")
    guarded(*guards)
    for n in range(6):
        try:
            CHECKS[way](request_from(), {"username": "alice", "password": "wrong"})
        except TooManyAttempts:
            assert n >= 3
    assert naps == []


class OwnSlot:
    """A slot of a project that does not say whether it is the last one."""

    told: ClassVar = []

    def succeeded(self):
        self.told.append("succeeded")

    def failed(self):
        self.told.append("failed")

    def refund(self):
        self.told.append("refund")


class OwnGuard(ReservingGuard):
    def claim(self, request, identity, user):
        self.keep(OwnSlot())


@pytest.mark.django_db
def test_slot_that_does_not_say_whether_it_is_the_last__is_told(way, guarded, make_user, monkeypatch):
    monkeypatch.setattr(OwnSlot, "told", [])
    make_user("alice")
    guarded(f"{__name__}.OwnGuard")
    CHECKS[way](request_from(), {"username": "alice", "password": "wrong"})
    assert OwnSlot.told == ["failed"]


@pytest.mark.once
def test_real_nap__holds_up_no_loop():
    async def at_once():
        door = asyncio.create_task(Door(True, None).abefore_credentials(None, None, None))
        ticks = [await asyncio.sleep(0.001) for _ in range(5)]
        await door
        return len(ticks)

    assert async_to_sync(at_once)() == 5
