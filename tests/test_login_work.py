"""What a login costs in the database, beside Django's own."""

# ruff: noqa: F811  # the fixture `shared`

from __future__ import annotations

import pytest
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conformance.web import Web
from tests.guards.entries import LOCKOUT, rate
from tests.guards.valkey import Commands, shared  # noqa: F401  # a fixture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.conformance.sign_in_urls")]

OURS, DJANGOS = "/ours/login/", "/django/login/"


@pytest.fixture
def plain(settings, monkeypatch):
    """`plain()`: go on as a project that never heard of us."""

    def switch():
        settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
        settings.MIDDLEWARE = [path.replace("sessionauth.", "django.contrib.auth.") for path in settings.MIDDLEWARE]
        for signal in (user_logged_in, user_logged_out, user_login_failed):
            others = [one for one in signal.receivers if "sessionauth" not in str(one[0])]
            monkeypatch.setattr(signal, "receivers", others)
            signal.sender_receivers_cache.clear()

    yield switch
    for signal in (user_logged_in, user_logged_out, user_login_failed):
        signal.sender_receivers_cache.clear()


def statements(page, before, password):
    """Return how many statements a login of alice by `page` runs, in a browser in which `before` came to pass."""
    web = Web()
    if before == "anonymous session":
        web.post("/cart/", {"cart": "book"})
    elif before != "nothing":
        web.post(page, {"username": before, "password": password})
    return statements_of(lambda: web.post(page, {"username": "alice", "password": password}))


def statements_of(act):
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


#: What a login costs more than Django's: ours, and Django's own under our backend and receiver. It is a login session
#: and an event; our own login spares Django's second save of the session (BEGIN, UPDATE, COMMIT), and of an old session
#: the look before it is deleted. Whoever was signed in before is superseded. The same user again is what costs more:
#: Django keeps their session, and we give it a new key (exists, DELETE) and end the sign-in before (ASVS 7.2.4).
MORE = {"nothing": (-1, 2), "anonymous session": (-2, 2), "bob": (2, 2), "alice": (5, 5)}


@pytest.mark.parametrize("before", MORE)
def test_login__costs_hardly_more_than_djangos(before, make_user, password, plain):
    assert costs(before, make_user, password, plain) == MORE[before]


@pytest.mark.parametrize("before", MORE)
def test_login__behind_the_guards_costs_one_more(before, make_user, password, plain, guarded, shared):
    """The rates are in the cache; whether an account has failures on record is asked, and it is counted if it fails."""
    guarded()
    assert costs(before, make_user, password, plain) == tuple(more + 1 for more in MORE[before])


def test_login__after_a_failure_costs_two_more(make_user, password, plain, guarded, shared):
    """Counted before the password is looked at, and set to none after."""
    make_user("alice")
    guarded()
    web = Web()
    web.post(OURS, {"username": "alice", "password": password})
    clean = statements_of(lambda: Web().post(OURS, {"username": "alice", "password": password}))
    web.post(OURS, {"username": "alice", "password": "wrong"})
    assert statements_of(lambda: Web().post(OURS, {"username": "alice", "password": password})) == clean + 2


@pytest.mark.parametrize("page", [OURS, DJANGOS])
def test_failed_login__costs_two_for_the_guards_and_one_for_the_record(page, make_user, plain, guarded, shared):
    """The event is written after the response; they are of two tables, and no SQL that all databases know joins them.

    The cache is asked for a slot of both rules, and whether such an event has just been told; once it is sent a script.
    Right after another one the database is not asked whether there is any on record.
    """
    make_user("alice")
    guarded(rate("address", "100/d"), rate("account", "5/d"), LOCKOUT)

    def fail(page=page):
        Web().post(page, {"username": "alice", "password": "wrong"})

    ours = []
    for _ in range(3):
        with Commands() as commands:
            ours.append(statements_of(fail))
        assert commands.trips <= (4 if len(ours) == 1 else 2)
    plain()
    djangos = statements_of(lambda: fail(DJANGOS))
    assert ours == [djangos + 3, djangos + 2, djangos + 2]


@pytest.mark.parametrize("before", ["nothing", "anonymous session"])
def test_login__in_the_transaction_of_a_view_costs_a_savepoint(before, make_user, password, plain, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    assert costs(before, make_user, password, plain) == tuple(more + 2 for more in MORE[before])


def costs(before, make_user, password, plain):
    make_user("alice")
    make_user("bob")
    ours, djangos_under_ours = statements(OURS, before, password), statements(DJANGOS, before, password)
    plain()
    djangos = statements(DJANGOS, before, password)
    return ours - djangos, djangos_under_ours - djangos
