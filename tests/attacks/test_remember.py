"""Remember cookies that are stolen, forged, lost on the way, or brought back after their end."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from sessionauth import signals
from sessionauth.models import LoginSession, RememberToken
from sessionauth.sessions import registry, remember
from tests.asking import Sent, ask, counted
from tests.attacks.browsers import engine  # noqa: F401
from tests.conformance.conftest import heard  # noqa: F401
from tests.remembering import NOBODY, Browser, age, restored

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.conformance.sign_in_urls")]


@pytest.fixture(params=["wsgi", "asgi"])
def victim(request, db):
    return Browser(asgi=request.param == "asgi")


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def series(victim, alice, password):
    """The row of the browser in which alice has just signed in."""
    victim.sign_in(alice, password)
    return RememberToken.objects.get()


@pytest.fixture
def alarms(heard):  # noqa: F811
    with heard(signals.remember_token_stolen) as calls:
        yield calls


def is_stolen(series):
    series.refresh_from_db()
    return series.revoked_reason == "theft"


# The orders of a theft.


def test_lost_response__the_old_value_is_good_a_day_later(victim, series, alarms):
    first = victim.value
    assert victim.come_back() == restored("alice")
    age(series, days=1)
    late = victim.with_value(first)
    assert late.tell() == restored("alice")
    assert late.tell() == restored("alice", "session")
    assert (alarms, is_stolen(series)) == ([], False)


def test_old_value_after_confirmation__is_theft(victim, series, alarms):
    first = victim.value
    victim.come_back()
    victim.tell()  # the browser shows that it got both cookies
    age(series, minutes=2)
    thief = victim.with_value(first)
    assert thief.tell() == NOBODY
    assert is_stolen(series)
    assert [call["token"] for call in alarms] == [series]
    assert victim.tell() == NOBODY
    assert victim.come_back() == NOBODY


def test_thief_first__is_seen_when_the_owner_comes(victim, series, alarms):
    thief = victim.with_value(victim.value)
    assert thief.tell() == restored("alice")
    assert thief.tell() == restored("alice", "session")
    age(series, minutes=2)
    assert victim.come_back() == NOBODY
    assert is_stolen(series)
    assert len(alarms) == 1
    assert thief.tell() == NOBODY
    assert thief.come_back() == NOBODY


def test_thief_first_without_keeping_the_session__the_owner_goes_on_and_the_thief_is_seen(victim, series, alarms):
    thief = victim.with_value(victim.value)
    thief.tell()
    age(series, minutes=2)
    assert victim.come_back() == restored("alice")
    assert victim.tell() == restored("alice", "session")
    assert alarms == []
    assert thief.come_back() == NOBODY
    assert is_stolen(series)
    assert victim.tell() == NOBODY


def test_forged_validator__is_theft(victim, series, alarms):
    selector, _, validator = victim.value.partition(".")
    assert victim.with_value(f"{selector}.{validator[::-1]}").tell() == NOBODY
    assert is_stolen(series)
    assert len(alarms) == 1
    assert victim.tell() == NOBODY


def test_thief_beside_a_live_session__signs_the_owner_out_and_is_seen(victim, series, alarms):
    thief = victim.with_value(victim.value)
    assert thief.tell() == restored("alice")
    age(series, minutes=2)
    assert victim.tell() == restored("alice")  # one browser has one session: the thief's ended the owner's
    assert victim.tell() == restored("alice", "session")
    assert thief.tell() == NOBODY
    assert is_stolen(series)


@pytest.mark.parametrize("box", ["", "yes"])
@pytest.mark.parametrize("policy", ["series", "user"])
def test_thief_first__is_seen_when_the_owner_signs_in_again(
    victim, series, alice, password, alarms, policy, box, settings
):
    settings.SESSIONAUTH_REMEMBER_THEFT = policy
    thief = victim.with_value(victim.value)
    thief.tell()
    thief.tell()
    age(series, minutes=2)
    victim.sign_in(alice, password, remember=box)
    assert len(alarms) == 1
    assert thief.tell() == thief.come_back() == NOBODY
    assert victim.tell()["state"] == "fresh"
    assert victim.come_back() == (restored("alice") if box else NOBODY)


@pytest.mark.parametrize("minutes", [0, 2])
def test_thief_first__is_out_when_the_owner_logs_out(victim, series, alice, alarms, minutes):
    thief = victim.with_value(victim.value)
    thief.tell()
    thief.tell()
    age(series, minutes=minutes)
    log_out(victim, alice)
    assert thief.tell() == thief.come_back() == NOBODY
    assert len(alarms) == (1 if minutes else 0)


def test_within_the_grace__the_old_value_is_good_for_the_request_alone(victim, series, alarms):
    first = victim.value
    victim.come_back()
    sibling = victim.with_value(first)
    assert sibling.tell() == restored("alice")
    assert "sessionid" not in sibling.cookies
    assert sibling.value == first
    assert alarms == []


def test_within_the_grace__a_tab_that_is_late_is_no_thief(victim, series, alarms):
    first = victim.value
    victim.come_back()
    victim.tell()  # the first of its tabs has come again before the last one is served
    assert victim.with_value(first).tell() == restored("alice")
    assert victim.tell() == restored("alice", "session")
    assert (alarms, is_stolen(series)) == ([], False)


def test_alarm__is_raised_once(victim, series, alarms):
    first = victim.value
    victim.come_back()
    victim.tell()
    age(series, minutes=2)
    for _ in range(3):
        assert victim.with_value(first).tell() == NOBODY
    assert len(alarms) == 1


def test_theft__ends_the_series_and_makes_other_browsers_stale(victim, series, alice, password, alarms):
    other = Browser(asgi=victim.asgi)
    other.sign_in(alice, password)
    assert other.tell()["state"] == "fresh"
    victim.with_value(victim.value[:-3] + "xyz").tell()
    assert other.tell()["state"] == "stale"
    assert other.come_back() == restored("alice")


def test_theft__voids_what_was_proved_by_any_method(victim, series, alice, password):
    other = Browser(asgi=victim.asgi)
    other.sign_in(alice, password)
    assert other.get("/fresh-class/").status_code == 200
    victim.with_value(victim.value[:-3] + "xyz").tell()
    other.post("/ours/confirm/", {"password": password, "method": "code"})
    assert other.tell()["state"] == "fresh"
    assert other.get("/fresh-class/").status_code != 200  # a password is wanted


def test_theft__ends_everything_of_the_user_if_so_set(victim, series, alice, password, settings):
    settings.SESSIONAUTH_REMEMBER_THEFT = "user"
    other = Browser(asgi=victim.asgi)
    other.sign_in(alice, password)
    victim.with_value(victim.value[:-3] + "xyz").tell()
    assert other.tell() == other.come_back() == NOBODY


# Replays.


def log_out(browser, user):
    browser.post("/aours/logout/" if browser.asgi else "/ours/logout/")


def log_out_without_session(browser, user):
    browser.lose_session()
    log_out(browser, user)


def change_password(browser, user):
    user.set_password("another")
    user.save()


def update_password(browser, user):
    get_user_model().objects.update(password="!")


def deactivate(browser, user):
    user.is_active = False
    user.save()


def reactivate(browser, user):
    deactivate(browser, user)
    user.is_active = True
    user.save()


def deactivate_unseen(browser, user):
    get_user_model().objects.update(is_active=False)


def reactivate_after_a_look(browser, user):
    deactivate_unseen(browser, user)
    browser.come_back()
    get_user_model().objects.update(is_active=True)


def expire(browser, user):
    RememberToken.objects.update(expires_at="2020-01-01T00:00:00Z")


def revoke(browser, user):
    RememberToken.objects.get().revoke()


def revoke_session(browser, user):
    registry.revoke(LoginSession.objects.get())


ENDS = [
    log_out,
    log_out_without_session,
    change_password,
    update_password,
    deactivate,
    reactivate,
    deactivate_unseen,
    reactivate_after_a_look,
    expire,
    revoke,
    revoke_session,
    lambda browser, user: registry.revoke_all(user),
    lambda browser, user: registry.logout_everywhere(user),
    lambda browser, user: remember.revoke_all(user),
    lambda browser, user: RememberToken.objects.all().delete(),
    lambda browser, user: user.delete(),
]


@pytest.mark.parametrize("end", ENDS)
def test_replay__is_nobody(end, victim, series, alice, engine):  # noqa: F811
    stolen = victim.value
    end(victim, alice)
    copy = victim.with_value(stolen)
    assert copy.tell() == NOBODY
    assert copy.value == ""
    assert "sessionid" not in copy.cookies or not copy.cookies["sessionid"].value
    assert victim.come_back() == NOBODY


@pytest.mark.parametrize("end", [log_out, change_password, deactivate, revoke, revoke_session])
def test_end__holds_for_the_restored_session_too(end, victim, series, alice, engine):  # noqa: F811
    victim.come_back()
    stolen = dict(victim.cookies)
    end(victim, alice) if end is not revoke_session else registry.revoke(LoginSession.objects.latest("pk"))
    copy = Browser(asgi=victim.asgi)
    copy.cookies.update(stolen)
    assert copy.tell() == NOBODY
    assert copy.come_back() == NOBODY


def test_logout__leaves_other_browsers_remembered(victim, series, alice, password):
    other = Browser(asgi=victim.asgi)
    other.sign_in(alice, password)
    log_out(victim, alice)
    assert other.come_back() == restored("alice")


def test_other_user__ends_the_series_of_the_one_before(victim, series, make_user, password):
    stolen = victim.value
    victim.sign_in(make_user("bob"), password, remember="")
    assert victim.value == ""
    assert victim.come_back() == NOBODY
    assert victim.with_value(stolen).tell() == NOBODY


def test_other_user_by_djangos_login__ends_it_as_well(victim, series, make_user, password):
    victim.post("/django/login/", {"username": make_user("bob").username, "password": password})
    assert victim.tell()["user"] == "bob"
    assert victim.come_back() == NOBODY


def test_same_user_without_the_box__stays_remembered(victim, series, alice, password):
    victim.sign_in(alice, password, remember="")
    assert LoginSession.objects.latest("pk").remember_token == series
    assert victim.come_back() == restored("alice")


# What browsers send.


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_garbage__is_nobody_without_a_query_and_taken_back(way, alice):
    good = "a" * 22 + "." + "b" * 43
    near = [good + "=", good[1:], good.replace(".", ":"), good + good, good.replace("a", "ä"), good[:-1] + "\0"]
    for value in [
        *near,
        "x",
        "." * 66,
        "x" * 5000,
        "\0",
        '"\\000"',
        "%00",
        "ä" * 30,
        "\u2028",
        "None",
        "-1",
        "[]",
        "=",
        "",
    ]:
        with counted() as statements:
            answer = ask(way, "/who/", Sent(cookies={"sessionauth_remember": value}))
        assert (value, answer.status, statements) == (value, 200, [])
        assert b'"user": null' in answer.body


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_unknown_selector__is_taken_back_after_two_queries(way, alice):
    sent = Sent(cookies={"sessionauth_remember": "a" * 22 + "." + "b" * 43})
    ask(way, "/who/", sent)
    with counted() as statements:
        answer = ask(way, "/who/", sent)
    assert len([sql for sql in statements if "SAVEPOINT" not in sql]) == 2
    assert 'sessionauth_remember=""' in answer.header("Set-Cookie")
    assert "Max-Age=0" in answer.header("Set-Cookie")


def test_restore_on_post__needs_the_csrf_token(alice, password):
    browser = Client(enforce_csrf_checks=True)
    page = browser.get("/login/")
    token = page.context["csrf_token"]
    form = {"username": "alice", "password": password, "remember": "yes", "csrfmiddlewaretoken": str(token)}
    assert browser.post("/ours/login/", form).status_code == 302
    secret = browser.cookies["csrftoken"].value
    del browser.cookies["sessionid"]
    assert browser.post("/cart/", {"cart": "7"}).status_code == 403
    assert "sessionid" not in browser.cookies
    assert browser.get("/who/").json()["state"] == "remembered"
    assert browser.cookies["csrftoken"].value == secret  # a form that is open in another tab goes on working
    assert browser.post("/cart/", {"cart": "7"}, headers={"X-CSRFToken": secret}).status_code == 200


def test_planted_session__gets_a_new_key(victim, series):
    victim.lose_session()
    victim.post("/cart/", {"cart": "7"})
    planted = victim.cookies["sessionid"].value
    assert victim.tell()["user"] == "alice"
    assert victim.cookies["sessionid"].value != planted
    assert victim.get("/cart/").json()["cart"] == "7"
    other = Browser(asgi=victim.asgi)
    other.cookies["sessionid"] = planted
    assert other.tell() == NOBODY
