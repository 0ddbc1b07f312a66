"""What a login costs in the database, beside Django's own."""

from __future__ import annotations

import pytest
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conformance.web import Web

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
    with CaptureQueriesContext(connection) as captured:
        web.post(page, {"username": "alice", "password": password})
    return len(captured)


#: What a login costs more than Django's: ours, and Django's own under our backend and receiver. It is a login session
#: and an event; our own login spares Django's second save of the session (BEGIN, UPDATE, COMMIT). Whoever was signed in
#: before is superseded, and the same user's session gets a new key, which Django does not do (exists, SELECT, DELETE).
MORE = {"nothing": (-1, 2), "anonymous session": (-1, 2), "bob": (3, 2), "alice": (6, 6)}


@pytest.mark.parametrize("before", MORE)
def test_login__costs_hardly_more_than_djangos(before, make_user, password, plain):
    assert costs(before, make_user, password, plain) == MORE[before]


@pytest.mark.parametrize("before", MORE)
def test_login__behind_the_guards_costs_two_more(before, make_user, password, plain, guarded, settings):
    """The failures in a row, reserved before the password is looked at and reset after; the rates are in the cache."""
    if "locmem" in settings.CACHES["default"]["BACKEND"]:
        pytest.skip("without a shared cache the rates are counted in the database")
    guarded()
    assert costs(before, make_user, password, plain) == tuple(more + 2 for more in MORE[before])


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
