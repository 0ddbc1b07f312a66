"""`manage.py sessionauth_unlock`: who is locked, and how they get in again."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.utils import timezone

from sessionauth.guards import keys, lockout
from sessionauth.guards.counters import Unavailable, outside
from sessionauth.models import AuthEvent, LoginThrottle
from tests.guards.entries import LOCKOUT, rate
from tests.management.asking import Terminal, run, run_json

pytestmark = pytest.mark.django_db

NAME = "sessionauth_unlock"
unlock = partial(run, NAME)
unlock_json = partial(run_json, NAME)


@pytest.fixture
def alice(make_user, guarded):
    guarded("sessionauth.guards.lockout.LockoutGuard")
    return make_user("alice")


def lock(value, *, user=None, failures=100, until=None):
    row = {"key": lockout.key_of(value), "rule": lockout.RULE, "user": user, "count": failures}
    return LoginThrottle.objects.create(**row, blocked_until=until)


def lock_out(user):
    return lock(keys.names(user)[0], user=user)


def may_sign_in(password, name="alice"):
    return authenticate(None, username=name, password=password) is not None


def test_list__has_a_stable_form_for_programs(alice):
    later = timezone.now() + timedelta(minutes=5)
    lock_out(alice)
    lock(keys.name("nobody"), failures=12, until=later)
    lock(keys.name("somebody"), failures=12, until=timezone.now() - timedelta(seconds=1))
    nobody, hers = unlock_json("--list")["locked"]
    assert list(nobody) == ["id", "user_id", "user", "failures", "last_attempt_at", "waits_until"]
    assert (hers["user"], hers["user_id"], hers["failures"], hers["waits_until"]) == ("alice", alice.pk, 100, None)
    assert (nobody["user"], nobody["user_id"], nobody["failures"]) == (None, None, 12)
    assert nobody["waits_until"]


def test_list__is_a_table_for_people_and_unlocks_nobody(alice, password):
    assert unlock("--list").startswith("Nobody waits or is locked after failures. Rates are not listed;")
    lock_out(alice)
    head, row = unlock("--list").splitlines()
    assert head.split() == ["id", "user", "failures", "last_attempt_at", "waits_until"]
    assert row.split()[1:3] == ["alice", "100"]
    assert not may_sign_in(password)


@pytest.mark.parametrize("given", ["name", "e-mail", "key"])
def test_user__gets_in_again(given, alice, password):
    lock_out(alice)
    assert not may_sign_in(password)
    word = {"name": "alice", "e-mail": "alice@example.org", "key": str(alice.pk)}[given]
    assert unlock_json("--user", word) == {"unlocked": 1}
    assert may_sign_in(password)
    assert unlock("--user", word) == "0 unlocked.\n"


def test_name__is_an_account_s_or_nobody_s(alice, make_user, password):
    lock_out(alice)
    lock(keys.name("nobody"))
    assert unlock_json("--name", "alice") == {"unlocked": 1}
    assert unlock_json("--name", " NOBODY ") == {"unlocked": 1}
    assert may_sign_in(password)
    assert unlock_json("--list") == {"locked": []}


def test_all__unlocks_everybody(alice, password):
    lock_out(alice)
    lock(keys.name("nobody"))
    terminal = Terminal()
    assert unlock("--all", stderr=terminal) == "2 unlocked.\n"
    assert terminal.getvalue().endswith("] 2/2\n")
    assert may_sign_in(password)
    assert unlock_json("--all") == {"unlocked": 0}


def test_unlocking__is_recorded(alice):
    lock_out(alice)
    unlock("--user", "alice")
    row = AuthEvent.objects.get(event="account_unlocked")
    assert (row.user, row.user_name) == (alice, "alice")
    unlock("--user", "alice")
    assert AuthEvent.objects.filter(event="account_unlocked").count() == 1


def test_row_of_who_is_gone__is_unlocked_too(alice):
    row = lock_out(alice)
    LoginThrottle.objects.filter(pk=row.pk).update(user_id=alice.pk + 1)
    assert unlock_json("--all") == {"unlocked": 1}


def test_database_that_does_not_let_it__is_an_error(alice, monkeypatch):
    def refuse(act, request):
        raise Unavailable

    monkeypatch.setattr(outside, "write", refuse)
    with pytest.raises(CommandError, match="does not let"):
        unlock("--user", "alice")


@pytest.mark.parametrize("wrong", [(), ("--user", "carol"), ("--all", "--user", "alice"), ("--list", "--all")])
def test_wrong_option__is_an_error(wrong, alice):
    with pytest.raises(CommandError):
        unlock(*wrong)


def test_help__has_examples(capsys):
    with pytest.raises(SystemExit):
        call_command(NAME, "--help")
    assert "manage.py sessionauth_unlock --user alice\n" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--user", "--name"])
def test_rate__that_holds_somebody_up_is_lifted_and_told(option, alice, guarded, password):
    guarded(rate("account", "3/d"), LOCKOUT)
    for _ in range(4):
        authenticate(None, username="alice", password="wrong")
    assert not may_sign_in(password)
    assert unlock_json(option, "alice") == {"unlocked": 1}
    assert may_sign_in(password)
    assert unlock_json(option, "alice") == {"unlocked": 0}


def test_rate__of_a_name_that_nobody_has_is_lifted_too(alice, guarded):
    guarded(rate("account", "3/d"))
    for _ in range(4):
        authenticate(None, username="nobody", password="wrong")
    assert unlock_json("--name", "nobody") == {"unlocked": 1}
