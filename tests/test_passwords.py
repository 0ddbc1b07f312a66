"""Checking a password; how much work it is and where it is done, the attacks tell."""

from __future__ import annotations

import os
import threading
from contextvars import ContextVar

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password

from sessionauth import passwords

pytestmark = pytest.mark.django_db

User = get_user_model()
CHECKS = {"sync": passwords.check, "async": async_to_sync(passwords.acheck)}


@pytest.fixture(params=CHECKS.values(), ids=list(CHECKS))
def check(request):
    return request.param


def test_check__gives_the_account_or_nothing(check, make_user, password):
    alice = make_user("alice")
    assert check(alice, password) is alice
    assert check(alice, "wrong") is None
    assert check(None, password) is None


def test_check__stores_a_right_password_anew_and_tells_no_validator(check, make_user, password):
    alice = make_user("alice")
    alice.password = make_password(password, hasher="pbkdf2_sha256")
    assert check(alice, password) is alice
    assert alice.password == User.objects.get().password != make_password(password, hasher="pbkdf2_sha256")
    assert alice._password is None


def test_check__asks_the_models_own_check_password(check, make_user, password, monkeypatch):
    """One that refuses whatever the password is, as a directory or an expiry would."""
    alice = make_user("alice")
    monkeypatch.setattr(User, "check_password", lambda user, raw: False, raising=False)
    assert check(alice, password) is None


def test_acheck__asks_the_models_own_acheck_password(make_user, password, monkeypatch):
    async def acheck_password(user, raw):
        return raw == "the async way"

    alice = make_user("alice")
    monkeypatch.setattr(User, "acheck_password", acheck_password, raising=False)
    acheck = async_to_sync(passwords.acheck)
    assert acheck(alice, "the async way") is alice
    assert acheck(alice, password) is None


@pytest.mark.parametrize("value", [1, None, b"x", "\ud800", ["x"], object()])
def test_check__takes_nothing_that_is_no_text(value, check, make_user):
    assert check(make_user("alice"), value) is None
    assert check(None, value) is None


def test_in_pool__runs_elsewhere_in_the_same_context_and_raises_what_was_raised():
    variable = ContextVar("variable")

    async def ask():
        variable.set("seen")
        return await passwords.in_pool(lambda: (variable.get(), threading.current_thread().name))

    seen, name = async_to_sync(ask)()
    assert (seen, name.startswith("sessionauth-hash")) == ("seen", True)
    with pytest.raises(ZeroDivisionError):
        async_to_sync(passwords.in_pool)(lambda: 1 / 0)


def test_in_pool__steps_back_behind_the_others():
    if not hasattr(os, "setpriority") or os.uname().sysname != "Linux":
        pytest.skip("threads have no priority of their own here")

    async def ask():
        return await passwords.in_pool(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    assert async_to_sync(ask)() == max(15, os.getpriority(os.PRIO_PROCESS, 0))


def test_step_back__is_left_out_where_it_cannot_be_done(monkeypatch):
    def refuse(*args):
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    passwords._step_back()
    monkeypatch.delattr(os, "setpriority")
    passwords._step_back()
