"""Attempts that come to no end: what fails on the way, and clients that hang up."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import pytest
from asgiref.sync import SyncToAsync, async_to_sync
from django.contrib.auth import aauthenticate, authenticate, get_user_model
from django.contrib.auth.backends import BaseBackend
from django.views.debug import ExceptionReporter
from django.views.decorators.debug import sensitive_variables

from sessionauth import passwords
from sessionauth.backends import aconfirm, averify, confirm, verify
from sessionauth.exceptions import TooManyAttempts
from sessionauth.guards import LoginGuard, keys
from sessionauth.guards.attempt import current
from sessionauth.request_state import state_of
from tests.guards.entries import rate, request_from

pytestmark = pytest.mark.django_db

CALLS = {"sync": authenticate, "async": async_to_sync(aauthenticate)}


@pytest.fixture(params=CALLS.values(), ids=list(CALLS))
def call(request):
    return request.param


@pytest.fixture
def alice(make_user):
    return make_user("alice")


class Watching(LoginGuard):
    """Has every step written, so that every step stands in the way of what is raised."""

    def before_credentials(self, request, identity, user): ...

    def after_credentials(self, request, user): ...


class Broken(BaseBackend):
    """A directory that is down."""

    def authenticate(self, request, username=None, password=None):
        raise ConnectionError


def test_failure_on_the_way__is_raised_and_takes_no_slot(call, guarded, alice, password, settings):
    ours, model = settings.AUTHENTICATION_BACKENDS
    guarded(rate("account", "1/d"))
    settings.AUTHENTICATION_BACKENDS = [ours, f"{__name__}.Broken"]
    request = request_from()
    for _ in range(3):
        with pytest.raises(ConnectionError):
            call(request, username="alice", password=password)
    assert state_of(request).denied is None
    settings.AUTHENTICATION_BACKENDS = [ours, model]
    assert call(request, username="alice", password=password) == alice


class Directory(BaseBackend):
    """One that answers."""

    def authenticate(self, request, username=None, password=None):
        return get_user_model().objects.get(username=username) if password == "right" else None


def gone_wrong(call):
    try:
        return call(request_from(), username="alice", password="a guess")
    except ConnectionError:
        return "failed"


@pytest.mark.parametrize("first", ["django.contrib.auth.backends.ModelBackend", f"{__name__}.Directory"])
def test_failure_after_another_backend_has_answered__counts(first, call, guarded, alice, password, settings):
    """Or while a directory is down anybody could guess at the passwords that stand here, as often as they like."""
    settings.AUTHENTICATION_BACKENDS = [settings.AUTHENTICATION_BACKENDS[0], first, f"{__name__}.Broken"]
    guarded(rate("account", "3/d"))
    assert [gone_wrong(call) for _ in range(4)] == ["failed"] * 3 + [None]


def test_no_place_to_hash__after_another_backend_has_answered_counts(call, guarded, alice, settings, monkeypatch):
    """Or whoever keeps this server hashing could guess at the passwords in the directory."""
    ours, model = settings.AUTHENTICATION_BACKENDS
    settings.AUTHENTICATION_BACKENDS = [ours, f"{__name__}.Directory", model]
    guarded(rate("account", "3/d"))
    settings.SESSIONAUTH_HASHING_QUEUE = 1
    monkeypatch.setattr(passwords._Place, "taken", 1)
    assert [gone_wrong(call) for _ in range(3)] == [None] * 3
    with pytest.raises(TooManyAttempts):
        verify(request_from(), {"username": "alice", "password": "right"})


class BrokenAndDiscreet(BaseBackend):
    """The same, which keeps the password out of reports."""

    @sensitive_variables()
    def authenticate(self, request, username=None, password=None):
        raise ConnectionError


ENTRIES = {
    **CALLS,
    "confirm": lambda request, **given: confirm(request, get_user_model().objects.get(), given),
    "aconfirm": lambda request, **given: async_to_sync(aconfirm)(request, get_user_model().objects.get(), given),
}


@pytest.mark.parametrize("guards", [[], [rate("account", "5/d"), f"{__name__}.Watching"]], ids=["unguarded", "guarded"])
@pytest.mark.parametrize("entry", ENTRIES)
def test_failure_on_the_way__tells_no_report_the_password(guards, entry, guarded, alice, settings):
    settings.AUTHENTICATION_BACKENDS = [settings.AUTHENTICATION_BACKENDS[0], f"{__name__}.BrokenAndDiscreet"]
    if guards:
        guarded(*guards)
    request = request_from()
    with pytest.raises(ConnectionError) as caught:
        ENTRIES[entry](request, username="alice", password="a secret indeed")
    reporter = ExceptionReporter(request, caught.type, caught.value, caught.tb)
    frames = reporter.get_traceback_frames()
    while "/sessionauth/" not in frames[0]["filename"]:  # the test's own
        del frames[0]
    assert len(frames) > 3
    assert [frame["function"] for frame in frames if "a secret indeed" in str(frame["vars"])] == []


class Slow(BaseBackend):
    """A directory that does not answer."""

    begun: asyncio.Event

    def authenticate(self, request, username=None, password=None): ...

    async def aauthenticate(self, request, username=None, password=None):
        self.begun.set()
        await asyncio.sleep(60)


class SlowGuard(LoginGuard):
    async def abefore_credentials(self, request, identity, user):
        await Slow().aauthenticate(request)


@pytest.mark.parametrize(
    ("guards", "backend", "is_free"),
    [([f"{__name__}.SlowGuard"], "django.contrib.auth.backends.ModelBackend", True), ([], f"{__name__}.Slow", False)],
    ids=["before", "while the password is looked at"],
)
def test_cancelled__keeps_its_slot_once_the_password_is_looked_at(
    guards, backend, is_free, guarded, alice, password, settings
):
    """Or whoever hangs up at once would have any number of passwords hashed, or tried on a directory."""
    ours, model = settings.AUTHENTICATION_BACKENDS
    guarded(rate("account", "1/d"), *guards)
    settings.AUTHENTICATION_BACKENDS = [ours, backend]

    async def hang_up():
        Slow.begun = asyncio.Event()
        attempt = asyncio.create_task(aauthenticate(request_from(), username="alice", password=password))
        await asyncio.wait_for(Slow.begun.wait(), 10)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        assert current() is None

    async_to_sync(hang_up)()
    settings.AUTHENTICATION_BACKENDS = [ours, model]
    guarded(rate("account", "1/d"))
    with nullcontext() if is_free else pytest.raises(TooManyAttempts):
        assert verify(request_from(), {"username": "alice", "password": password}) == alice


def test_wrong_password__takes_another_hop_only_where_it_shut_the_door(guarded, alice, monkeypatch):
    guarded(rate("account", "3/d"))
    original, taken = SyncToAsync.__call__, []

    def count(self, *args, **kwargs):
        taken[-1] += 1
        return original(self, *args, **kwargs)

    async def guess(times):
        for _ in range(times):
            taken.append(0)
            assert await averify(request_from(), {"username": "alice", "password": "wrong"}) is None

    monkeypatch.setattr(SyncToAsync, "__call__", count)
    async_to_sync(guess)(3)
    assert [hops - taken[0] for hops in taken] == [0, 0, 1]


def test_name__is_worked_out_once_for_an_attempt(check, alice, guarded, monkeypatch):
    guarded(rate("account", "5/d"), rate("account", "20/d"), "sessionauth.guards.lockout.LockoutGuard")
    hidden, told = keys._hidden, []
    monkeypatch.setattr(keys, "_hidden", lambda kind, text: told.append((kind, text)) or hidden(kind, text))
    for _ in range(2):
        check(request_from(), {"username": "alice", "password": "wrong"})
    assert [text for kind, text in told if kind == "name"] == ["alice"] * 2


@pytest.mark.parametrize("name", [["alice"], {"a": 1}, 7])
def test_name__may_be_anything_that_json_brings(name, check, alice, guarded):
    guarded(rate("account", "5/d"), "sessionauth.guards.lockout.LockoutGuard")
    assert check(request_from(), {"username": name, "password": "wrong"}) is None
