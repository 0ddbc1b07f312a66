"""Guards as functions and classes, by setting and per call: when they are asked, and what follows what they raise."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate
from django.contrib.auth.backends import BaseBackend

from sessionauth import signals
from sessionauth.backends import averify
from sessionauth.exceptions import ChallengeRequired, InactiveUser, LoginDenied
from sessionauth.guards import LoginGuard, base, before_credentials
from sessionauth.request_state import state_of
from tests.guards.entries import ACTIVE, rate, request_from

pytestmark = pytest.mark.django_db


@pytest.fixture
def log():
    Diary.entries = []
    return Diary.entries


class Diary(LoginGuard):
    """Writes down what it is asked."""

    entries: list[tuple] = []

    def before_credentials(self, request, identity, user):
        self.entries.append(("before", identity, user))

    def after_credentials(self, request, user):
        self.entries.append(("after", user))

    def login_succeeded(self, request, user):
        self.entries.append(("succeeded", user))

    def login_failed(self, request, identity, user):
        self.entries.append(("failed", identity, user))

    def login_denied(self, request, identity, user, reason):
        self.entries.append(("denied", identity, user, type(reason).__name__))


class TooManyLogins(Exception):
    """A project's own exception."""


def refuses(request, user):
    raise TooManyLogins(str(user))


async def arefuses(request, user):
    await asyncio.sleep(0)
    raise TooManyLogins(str(user))


def throttle_logins(max_attempts: int):
    """Imia's example: a factory of guards, which are coroutine functions there."""

    async def guard(request, user):
        request.attempts = getattr(request, "attempts", 0) + 1
        if request.attempts > max_attempts:
            raise TooManyLogins

    return guard


async def require_active_user(request, user):
    """Imia's example."""
    if not user.is_active:
        raise InactiveUser


def credentials(password="wrong", name="alice"):
    return {"username": name, "password": password}


DIARY = f"{__name__}.Diary"


def test_class__is_asked_each_step_once(check, guarded, alice, log, password):
    guarded(DIARY)
    assert check(request_from(), credentials(password)) == alice
    assert log == [("before", "alice", alice), ("after", alice), ("succeeded", alice)]
    log.clear()
    assert check(request_from(), credentials()) is None
    assert check(request_from(), credentials(name="nobody")) is None
    assert log == [
        ("before", "alice", alice),
        ("failed", "alice", alice),
        ("before", "nobody", None),
        ("failed", "nobody", None),
    ]


@pytest.mark.parametrize("guard", [refuses, arefuses], ids=["sync", "async"])
def test_function__is_asked_once_the_password_is_right(guard, check, alice, password):
    assert check(request_from(), credentials(), guards=[guard]) is None
    with pytest.raises(TooManyLogins, match="alice"):
        check(request_from(), credentials(password), guards=[guard])


@pytest.mark.parametrize("guard", [refuses, arefuses], ids=["sync", "async"])
def test_function_before__is_asked_whoever_it_is(guard, check, alice, monkeypatch):
    monkeypatch.setattr(guard, base.BEFORE, True, raising=False)
    with pytest.raises(TooManyLogins, match="alice"):
        check(request_from(), credentials(), guards=[guard])
    with pytest.raises(TooManyLogins, match="None"):
        check(request_from(), credentials(name="nobody"), guards=[guard])


def test_before_credentials__marks_and_returns_the_guard():
    def guard(request, user): ...

    assert before_credentials(guard) is guard
    assert base.as_guard(guard).is_before
    assert not base.as_guard(refuses).is_before


def test_imias_guards__work_as_they_stand(check, make_user, password):
    alice, request = make_user("alice"), request_from()
    guards = [throttle_logins(2), require_active_user]
    assert [check(request, credentials(password), guards=guards) for _ in range(2)] == [alice, alice]
    with pytest.raises(TooManyLogins):
        check(request, credentials(password), guards=guards)
    make_user("sleeper", is_active=False)
    with pytest.raises(InactiveUser):
        check(request_from(), credentials(password, "sleeper"), guards=guards)
    assert check(request_from(), credentials(name="sleeper"), guards=guards) is None
    assert check(request_from(), credentials(name="nobody"), guards=guards) is None


def test_setting__takes_classes_instances_functions_and_factories(check, guarded, alice, password, log):
    guarded(
        DIARY,
        f"{__name__}.INSTANCE",
        f"{__name__}.allows",
        {"NAME": f"{__name__}.throttle_logins", "OPTIONS": {"max_attempts": 1}},
    )
    request = request_from()
    assert check(request, credentials(password)) == alice
    assert [entry[0] for entry in log] == ["before", "before", "after", "after", "succeeded", "succeeded"]
    with pytest.raises(TooManyLogins):
        check(request, credentials(password))


INSTANCE = Diary()


def allows(request, user):
    return None


def test_setting__is_read_once_and_again_when_it_changes(settings):
    settings.SESSIONAUTH_LOGIN_GUARDS = [DIARY]
    assert base.active() is base.active()
    settings.SESSIONAUTH_LOGIN_GUARDS = [ACTIVE]
    assert [type(guard).__name__ for guard in base.active()] == ["ActiveUserGuard"]


def test_switched_off__asks_those_of_the_call_alone(check, settings, alice, log, password):
    settings.SESSIONAUTH_LOGIN_GUARDS = [DIARY]
    assert check(request_from(), credentials(password)) == alice
    assert log == []
    with pytest.raises(TooManyLogins):
        check(request_from(), credentials(password), guards=[refuses])


def test_denial__is_told_to_every_guard_and_by_a_signal(check, guarded, alice, log):
    told = []

    def receive(**kwargs):
        told.append({name: kwargs[name] for name in ("identity", "user", "reason")})

    signals.login_denied.connect(receive)
    guarded(DIARY, rate("account", "1/d"))
    request = request_from()
    check(request, credentials())
    with pytest.raises(LoginDenied) as caught:
        check(request, credentials())
    signals.login_denied.disconnect(receive)
    assert log[-1] == ("denied", "alice", alice, "TooManyAttempts")
    assert told == [{"identity": "alice", "user": alice, "reason": caught.value}]


@pytest.mark.parametrize("guard", [refuses, arefuses], ids=["sync", "async"])
def test_authenticate__asks_no_other_backend_and_notes_a_denial_of_whatever_kind(
    guard, call, guarded, alice, password, settings
):
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, f"{__name__}.Never"]
    guarded(f"{__name__}.{guard.__name__}")
    request = request_from()
    assert call(request, username="alice", password=password) is None
    denial = state_of(request).denied
    assert (type(denial), denial.code, bool(denial.public)) == (LoginDenied, "login_denied", True)


class Never(BaseBackend):
    """A backend that Django must not ask after ours has refused; ours asks it only where ModelBackend did not know."""

    def authenticate(self, request, username=None, password=None):
        raise AssertionError


def test_inactive__looks_like_a_wrong_password(call, guarded, make_user, password):
    make_user("sleeper", is_active=False)
    guarded()
    request = request_from()
    assert call(request, username="sleeper", password=password) is None
    assert (state_of(request).denied.code, state_of(request).denied.public) == ("inactive", "")


def test_inactive__counts_like_a_wrong_password(check, guarded, make_user, password):
    """Or the counter would tell that the password is right."""
    make_user("sleeper", is_active=False)
    guarded(rate("account", "2/d"), ACTIVE)
    for _ in range(2):
        with pytest.raises(InactiveUser):
            check(request_from(), credentials(password, "sleeper"))
    with pytest.raises(LoginDenied, match="too_many_attempts"):
        check(request_from(), credentials(password, "sleeper"))


def test_denial_after_the_password__takes_no_slot(check, guarded, alice, password):
    """What says that the password was right, and why one may not come in, is no guess."""
    guarded(rate("account", "1/d"), f"{__name__}.refuses")
    for _ in range(3):
        with pytest.raises(TooManyLogins):
            check(request_from(), credentials(password))


@before_credentials
def asks_for_a_captcha(request, user):
    """A challenge: after the second failure, say, a CAPTCHA is to be solved before the next password."""
    if request.POST.get("captcha") != "solved":
        raise ChallengeRequired


def test_challenge__is_asked_before_the_password_and_takes_no_slot(call, guarded, alice, password, rf):
    guarded(rate("account", "1/d"), f"{__name__}.asks_for_a_captcha")
    request = request_from()
    for _ in range(3):
        assert call(request, username="alice", password=password) is None
        assert state_of(request).denied.code == "challenge_required"
    assert call(rf.post("/", {"captcha": "solved"}), username="alice", password=password) == alice


# Exactly once.


class Wrapper(BaseBackend):
    """A backend behind ours that asks authenticate() once more, with another keyword, as second factors do."""

    def authenticate(self, request, username=None, password=None, code=None):
        return authenticate(request, username=username, password=password) if code == "1" else None

    async def aauthenticate(self, request, username=None, password=None, code=None):
        return await aauthenticate(request, username=username, password=password) if code == "1" else None


@pytest.mark.parametrize("password_given", ["right", "wrong"])
def test_nested_authenticate__asks_no_guard_again(password_given, call, guarded, alice, password, settings, log):
    model = "django.contrib.auth.backends.ModelBackend"
    settings.AUTHENTICATION_BACKENDS = ["sessionauth.backends.SessionAuthBackend", f"{__name__}.Wrapper", model]
    guarded(DIARY, rate("account", "5/d"))
    given = password if password_given == "right" else "wrong"
    found = call(request_from(), username="alice", password=given, code="1")
    assert found == (alice if password_given == "right" else None)
    assert [entry[0] for entry in log].count("before") == 1
    assert len(log) == (3 if found else 2)


def test_task_that_was_started_within_an_attempt__makes_attempts_of_its_own(guarded, alice, log):
    """A receiver may start one, and it goes on with the context of the attempt that is over by then."""
    started = []

    async def later():
        await asyncio.sleep(0.05)
        await aauthenticate(request_from(), username="alice", password="wrong")

    async def starts(request, user):
        started.append(asyncio.create_task(later()))

    starts_before = before_credentials(starts)

    async def go():
        await averify(request_from(), credentials(), guards=[starts_before])
        await asyncio.gather(*started)

    guarded(DIARY)
    async_to_sync(go)()
    assert [entry[0] for entry in log] == ["before", "failed", "before", "failed"]


def test_two_attempts__are_two(call, guarded, alice, log):
    guarded(DIARY)
    for _ in range(2):
        call(request_from(), username="alice", password="wrong")
    assert len(log) == 4


# What is no verdict gives back what was reserved.


@pytest.mark.parametrize("guard", [5, "no path", None])
def test_as_guard__takes_no_nonsense(guard):
    with pytest.raises(TypeError, match="no guard"):
        base.as_guard(guard)
