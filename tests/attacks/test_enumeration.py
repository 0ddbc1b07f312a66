"""By what is refused to one name nobody learns whether another one exists: in the rates and in the failures in a row.

On a database whose collation is case-insensitive several spellings are one account; the answers are the same.
"""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from sessionauth.backends import verify
from sessionauth.exceptions import LoginDenied
from sessionauth.guards import keys, unlock
from sessionauth.models import LoginThrottle
from tests.guards.entries import LOCKOUT, rate, request_from

pytestmark = pytest.mark.django_db

GUARDS = {"rate": [rate("account", "3/d")], "lockout": [LOCKOUT]}

#: What is tried until it is refused, and what is asked then.
PAIRS = [
    ("Alice", "alice"),
    ("alice", "Alice"),
    ("Alice", "ALICE "),
    ("alice@example.org", "ALICE@example.org"),
    ("ALICE@example.org", "alice@example.org"),
    ("alice@example.org", "alice@EXAMPLE.org"),
    ("alice@example.org", "Alice"),
    ("Alice", "alice@example.org"),
]


@pytest.fixture(params=GUARDS)
def _guarded(request, guarded, settings):
    settings.SESSIONAUTH_LOGIN_FIELDS = ["username", "email"]
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 3
    guarded(*GUARDS[request.param])


def outcome(name, password="wrong"):
    try:
        user = verify(request_from(), {"username": name, "password": password})
    except LoginDenied as denial:
        return denial.code
    return "wrong" if user is None else "right"


def after_three_failures(first, then):
    for _ in range(3):
        assert outcome(first) == "wrong"
    return outcome(first), outcome(then)


def somebody_else(name):
    return name.replace("lice", "nybody").replace("LICE", "NYBODY")


@pytest.mark.usefixtures("_guarded")
@pytest.mark.parametrize(("first", "then"), PAIRS, ids=lambda name: name)
def test_refusal__is_the_same_whether_there_is_such_an_account(first, then, make_user):
    of_nobody = after_three_failures(somebody_else(first), somebody_else(then))
    make_user("Alice", email="alice@example.org")
    assert after_three_failures(first, then) == of_nobody


@pytest.mark.usefixtures("_guarded")
def test_refusal__of_an_account_with_both_names_alike(make_user):
    make_user("alice@example.org", email="alice@example.org")
    assert len(set(after_three_failures("alice@example.org", "ALICE@example.org"))) == 1


# Several names, and several accounts with one.


@pytest.fixture
def twins(make_user, guarded, settings):
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 3
    guarded(LOCKOUT)
    try:
        return make_user("bob"), make_user("Bob")
    except Exception:
        pytest.skip("to this database they are one name")


def held(user):
    return unlock.is_locked(user)


@pytest.mark.parametrize("first", ["bob", "Bob"])
def test_success__of_one_forgives_the_other_nothing(first, twins, password):
    """Or whoever has an account could guess at another one's password for ever."""
    other = "Bob" if first == "bob" else "bob"
    for _ in range(3):
        outcome(first), outcome(other), outcome(other, password) if outcome(other) == "wrong" else None
    assert outcome(first) == "account_locked"


def test_lock__of_one_is_none_of_the_other(twins, password):
    for _ in range(3):
        outcome("bob")
    assert outcome("bob") == "account_locked"
    assert outcome("Bob", password) == "right"
    assert (held(twins[0]), held(twins[1])) == (True, False)


def test_unlocking__one_unlocks_not_the_other(twins):
    for _ in range(3):
        outcome("bob")
    assert unlock.unlock(twins[1]) == 0
    assert outcome("bob") == "account_locked"
    assert unlock.unlock(twins[0]) == 1
    assert outcome("bob") == "wrong"


def test_account__has_no_more_failures_in_all_for_having_two_names(make_user, guarded, settings):
    """NIST SP 800-63B-4 section 3.2.2 counts by the account."""
    settings.SESSIONAUTH_LOGIN_FIELDS = ["username", "email"]
    settings.SESSIONAUTH_LOCKOUT_LIMIT, settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 10, 100
    guarded(LOCKOUT)
    make_user("alice")
    found = [outcome(name) for name in ("alice", "alice@example.org", "nobody") for _ in range(20)]
    assert [found[start : start + 20].count("wrong") for start in (0, 20, 40)] == [5, 5, 5]


def test_unlock__is_of_both_names(make_user, guarded, settings, password):
    settings.SESSIONAUTH_LOGIN_FIELDS = ["username", "email"]
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 3
    guarded(rate("account", "3/d"), LOCKOUT)
    alice = make_user("alice")
    for name in ("alice", "alice@example.org"):
        after_three_failures(name, name)
    token = unlock.make_link_token(alice)
    assert unlock.redeem(token) == alice
    assert unlock.redeem(token) is None
    assert [outcome(name, password) for name in ("alice", "alice@example.org")] == ["right", "right"]


def test_link__of_before_the_other_name_was_locked_is_no_good(make_user, guarded, settings):
    settings.SESSIONAUTH_LOGIN_FIELDS = ["username", "email"]
    settings.SESSIONAUTH_LOCKOUT_LIMIT = 6
    guarded(LOCKOUT)
    alice = make_user("alice")
    token = unlock.make_link_token(alice)
    for _ in range(3):
        outcome("alice@example.org")
    assert unlock.redeem(token) is None


def test_name_of_an_account__is_not_kept(make_user, guarded):
    guarded(LOCKOUT)
    make_user("Alice")
    outcome("Alice")
    assert LoginThrottle.objects.get().key not in keys.names(get_user_model().objects.get())
