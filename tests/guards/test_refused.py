"""Whose account is refused: looked up for whoever wants to know, and by the record once a minute."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from sessionauth import signals
from sessionauth.guards import LoginGuard, device
from sessionauth.models import AuthEvent
from tests.guards.test_together import ALL, attempt, words

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _counted_in_the_database(settings):
    settings.SESSIONAUTH_CACHE = "locmem"


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_refused_by_the_account__is_looked_up_once_a_minute(name, check, guarded, make_user):
    """For the row that a minute has. Whether there is such an account makes no difference."""
    make_user("alice")
    guarded(*ALL)
    for _ in range(5):
        attempt(check, name)
    found = [words(lambda: attempt(check, name)) for _ in range(3)]
    assert found == [["SELECT", "SELECT", "INSERT"], ["SELECT"], ["SELECT"]]


def test_refused_by_the_account__names_it(check, guarded, make_user, caplog):
    """Whom an attack is aimed at is what the record is for: in its row, and in the log each time."""
    alice = make_user("alice")
    guarded(*ALL)
    for _ in range(8):
        attempt(check)
    denied = [one for one in caplog.records if one.message.startswith("login_denied")]
    assert [(one.user_id, one.user_name) for one in denied] == [(str(alice.pk), "alice")] * 3
    assert [row.user for row in AuthEvent.objects.filter(event="login_denied")] == [alice]


class Noting(LoginGuard):
    """Takes note of whose attempts were refused."""

    def __init__(self):
        self.told = []

    def login_denied(self, request, identity, user, reason):
        self.told.append(user)


class NotingLater(LoginGuard):
    """The same in the event loop's own words."""

    def __init__(self):
        self.told = []

    async def alogin_denied(self, request, identity, user, reason):
        self.told.append(user)

    def login_denied(self, request, identity, user, reason):
        self.told.append(user)


@pytest.mark.parametrize("kind", [Noting, NotingLater])
def test_guard_that_takes_note_of_refusals__is_told_whose(kind, check, guarded, make_user):
    alice, guard = make_user("alice"), kind()
    guarded(*ALL)
    for _ in range(8):
        attempt(lambda *asked: check(*asked, guards=[guard]))
    assert guard.told == [alice] * 3


def test_receiver_of_refusals__is_told_whose(check, guarded, make_user):
    alice = make_user("alice")
    guarded(*ALL)
    for _ in range(5):
        attempt(check)
    told = []

    def receive(**kwargs):
        told.append(kwargs["user"])

    signals.login_denied.connect(receive)
    try:
        for _ in range(3):
            attempt(check)
    finally:
        signals.login_denied.disconnect(receive)
    assert told == [alice] * 3


def test_refused_by_the_account__of_two_that_differ_in_case_names_the_right_one(check, guarded, make_user, caplog):
    """They share a counter, and a digest of their names; not what is remembered."""
    people = [make_user("alice"), make_user("ALICE")]
    guarded(*ALL)
    for _ in range(5):
        attempt(check)
    caplog.clear()
    for _ in range(2):
        for one in people:
            attempt(check, one.username)
    denied = [one for one in caplog.records if one.message.startswith("login_denied")]
    assert [one.user_id for one in denied] == [str(one.pk) for one in people] * 2


def everybody(request):
    return get_user_model().objects.all()


@pytest.mark.parametrize("case", ["a browser that says it is known", "accounts that the project finds"])
def test_name_that_may_not_be_what_is_counted__is_looked_up_first(case, check, guarded, make_user, settings):
    make_user("alice")
    guarded(*ALL)
    headers = {}
    if case.startswith("accounts"):
        settings.SESSIONAUTH_USER_QUERYSET = f"{__name__}.everybody"
    else:
        headers["cookie"] = f"{device.cookie_name()}=anything"
    for _ in range(7):
        attempt(check, **headers)
    assert words(lambda: attempt(check, **headers)) == ["SELECT", "SELECT"]
