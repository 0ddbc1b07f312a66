"""So many attempts in a window, on the database counter and, in the PostgreSQL round, on Valkey."""

from __future__ import annotations

import pytest
from django.contrib.auth.backends import BaseBackend
from django.core.cache import cache

from sessionauth.backends import verify
from sessionauth.exceptions import LoginDenied, TooManyAttempts
from sessionauth.guards import counters, device, keys
from sessionauth.guards.counters import Rate
from sessionauth.guards.rate_limit import RateLimitGuard
from sessionauth.models import LoginThrottle
from sessionauth.request_state import state_of
from tests.asking import counted
from tests.guards.entries import rate, request_from

pytestmark = pytest.mark.django_db


def outcome(check, request, name, password):
    """What becomes of an attempt, in a word."""
    try:
        user = check(request, {"username": name, "password": password})
    except LoginDenied as denial:
        return denial.code
    return "wrong" if user is None else "right"


def outcomes(check, times, name="alice", password="wrong", request=None):
    return [outcome(check, request or request_from(), name, password) for _ in range(times)]


FIVE = ["wrong"] * 5


def test_account__so_many_and_no_more_even_if_right(check, guarded, alice, password):
    guarded(rate("account"))
    assert outcomes(check, 7) == [*FIVE, "too_many_attempts", "too_many_attempts"]
    assert outcomes(check, 1, password=password) == ["too_many_attempts"]


def test_account__from_anywhere_and_in_any_spelling_of_nobodys_name(check, guarded, alice):
    guarded(rate("account"))
    spellings = [
        "nobody-i",
        "NOBODY-I",
        " nobody-i ",
        "ｎｏｂｏｄｙ-i",
        "nobody-\N{LATIN SMALL LETTER DOTLESS I}",
        "nobody-i",
    ]
    found = [outcome(check, request_from(f"192.0.2.{n}"), name, "wrong") for n, name in enumerate(spellings)]
    assert found == [*FIVE, "too_many_attempts"]
    assert outcomes(check, 1) == ["wrong"]


class AnySpelling(BaseBackend):
    """A directory that knows people by any spelling of their names."""

    asked: list[str] = []

    def authenticate(self, request, username=None, password=None):
        self.asked.append(username)


def test_account__in_any_spelling_on_a_backend_that_takes_them_all(check, guarded, alice, settings):
    guarded(rate("account"))
    settings.AUTHENTICATION_BACKENDS = ["sessionauth.backends.SessionAuthBackend", f"{__name__}.AnySpelling"]
    AnySpelling.asked = []
    for name in ("alice", "ALICE", " alice", "ａlice", "al\N{LATIN SMALL LETTER DOTLESS I}ce", "Alice", "aLICE"):
        outcome(check, request_from(), name, "wrong")
    assert len(AnySpelling.asked) == 5


def test_address__whoever_is_tried(check, guarded, alice):
    guarded(rate("address"))
    found = [outcome(check, request_from(), f"somebody{n}", "wrong") for n in range(6)]
    assert found == [*FIVE, "too_many_attempts"]
    assert outcomes(check, 1, request=request_from("192.0.2.2")) == ["wrong"]


def test_address__refused_without_looking_for_the_account(check, guarded, alice):
    guarded(rate("address", "1/d"))
    outcomes(check, 1)
    with counted() as statements:
        assert outcomes(check, 1) == ["too_many_attempts"]
    assert not any(alice._meta.db_table in statement for statement in statements)


def test_account_address__both_together(check, guarded, alice):
    guarded(rate("account_address"))
    assert outcomes(check, 6)[-1] == "too_many_attempts"
    assert outcomes(check, 1, "bob") == outcomes(check, 1, request=request_from("192.0.2.2")) == ["wrong"]


@pytest.mark.parametrize("by", ["user_agent", "global"])
def test_others__count_what_they_say(by, check, guarded, alice):
    guarded(rate(by))
    outcomes(check, 5, request=request_from("192.0.2.2", User_Agent="curl"))
    assert outcomes(check, 1, "bob", request=request_from(User_Agent="curl")) == ["too_many_attempts"]
    other = outcomes(check, 1, request=request_from(User_Agent="wget"))
    assert other == (["wrong"] if by == "user_agent" else ["too_many_attempts"])


def test_success__gives_its_own_attempt_back_and_no_more(check, guarded, alice, password):
    guarded(rate("address"), rate("account"))
    assert outcomes(check, 4) == ["wrong"] * 4
    assert outcomes(check, 3, password=password) == ["right"] * 3
    assert outcomes(check, 3) == ["wrong", "too_many_attempts", "too_many_attempts"]


def test_denied__takes_no_slot_of_another_rule(check, guarded, alice):
    """So that a locked account does not lock the address of an office as well."""
    guarded(rate("address", "6/d"), rate("account", "5/d"))
    assert outcomes(check, 9)[5:] == ["too_many_attempts"] * 4
    assert outcomes(check, 2, "bob") == ["wrong", "too_many_attempts"]


def test_several_windows__all_hold(check, guarded, alice):
    guarded(rate("account", "5/d", "2/h"))
    assert outcomes(check, 4) == ["wrong", "wrong", "too_many_attempts", "too_many_attempts"]


def test_denial__tells_when_to_come_back(guarded, alice):
    guarded(rate("account", "1/d"))
    outcomes(verify, 1)
    with pytest.raises(TooManyAttempts) as caught:
        verify(request_from(), {"username": "alice", "password": "wrong"})
    assert 0 < caught.value.retry_after <= 86400
    assert caught.value.status == 429


def test_authenticate__notes_the_denial_and_forgets_it_after_a_success(call, guarded, alice, password):
    guarded(rate("account", "1/d"))
    request = request_from()
    assert call(request, username="alice", password="wrong") is None
    assert state_of(request).denied is None
    assert call(request, username="alice", password=password) is None
    assert state_of(request).denied.code == "too_many_attempts"
    LoginThrottle.objects.all().delete()
    cache.clear()
    assert call(request, username="alice", password=password) == alice
    assert state_of(request).denied is None


def test_request_none__counts_by_account_and_in_one_unknown_network(call, guarded, alice):
    guarded(rate("address"))
    for n in range(5):
        assert call(None, username=f"nobody{n}", password="wrong") is None
    with pytest.raises(TooManyAttempts):
        verify(None, {"username": "alice", "password": "wrong"})


@pytest.mark.parametrize("options", [{"except_networks": ["192.0.2.0/24"]}, {"unless": f"{__name__}.is_monitoring"}])
def test_exceptions__are_not_counted(options, check, guarded, alice):
    guarded(rate("account", "1/d", **options))
    request = request_from(User_Agent="monitoring")
    assert outcomes(check, 3, request=request) == ["wrong"] * 3
    other = request_from("198.51.100.1")
    assert outcomes(check, 2, request=other) == ["wrong", "too_many_attempts"]


def is_monitoring(request, user):
    return request.headers.get("User-Agent") == "monitoring"


def test_nothing_is_kept_in_clear(guarded, alice):
    guarded(rate("account", "5/d"), rate("address", "5/d"))
    outcomes(verify, 1, "somebody@example.org")
    kept = str(list(LoginThrottle.objects.values()))
    if counters.cache.fault() is None:
        kept += str(cache._cache.get_client().keys("*"))
    assert kept != "[]"
    assert "somebody" not in kept
    assert "192.0.2" not in kept


@pytest.mark.parametrize("kind", sorted(set(keys.KINDS) - {"global"}))
@pytest.mark.parametrize("name", ["alice", "McAlice"])
def test_value__cannot_be_computed_without_the_secret_key(kind, name, make_user, settings):
    """When its window ends follows from it and stands in Retry-After, and would tell whose counter that is."""
    user, request = make_user(name), request_from()
    if kind == "device":
        request.COOKIES[device.cookie_name()] = device._signer(user).sign("nonce")
    before = keys.KINDS[kind](request, name, user)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10
    assert before != keys.KINDS[kind](request, name, user)


@pytest.mark.once
@pytest.mark.parametrize("text", ["5/w", "5/", "5", "-1/m", "5 / m", "0/h", "5/0h", "", "5/m\n", "٥/m", None, 5])
def test_rate__nothing_is_taken_for_one(text):
    with pytest.raises(ValueError, match="no rate"):
        Rate.parse(text)


@pytest.mark.once
@pytest.mark.parametrize(
    ("text", "expected"), [("5/m", (5, 60)), ("5/5m", (5, 300)), ("100/h", (100, 3600)), ("1/2d", (1, 172800))]
)
def test_rate__reads_what_it_is(text, expected):
    found = Rate.parse(text)
    assert (found.limit, found.period) == expected


@pytest.mark.once
@pytest.mark.parametrize("options", [{"by": "ip", "rates": ["5/m"]}, {"by": "account", "rates": []}])
def test_guard__is_not_made_of_nonsense(options):
    with pytest.raises(ValueError, match="by=|rates"):
        RateLimitGuard(**options)
