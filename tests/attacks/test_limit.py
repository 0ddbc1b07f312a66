"""The number of browsers one may be signed in with, also where logins come at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model, login
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.test import AsyncClient, Client
from django.utils import timezone

from sessionauth import LoginManager, get_auth, signals
from sessionauth.exceptions import TooManySessions
from sessionauth.middleware import AuthenticationMiddleware
from sessionauth.models import LoginSession, RememberToken
from sessionauth.request_state import SignIn
from sessionauth.sessions import kept, registry
from tests.attacks.browsers import COOKIE, cookie_of, old_session, sign_in, user_of
from tests.contracts import MODEL_BACKEND

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls")]


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def limit(settings):
    def limit(number, action="evict"):
        settings.SESSIONAUTH_MAX_SESSIONS, settings.SESSIONAUTH_MAX_SESSIONS_ACTION = number, action

    return limit


def live(user):
    return LoginSession.objects.filter(user=user, revoked_at=None)


def request_of(rf, **session):
    request = rf.post("/login/")
    request.session = SessionStore()
    request.session.update(session)
    AuthenticationMiddleware(lambda request: None).process_request(request)
    return request


def test_evict__signs_the_oldest_out_and_forgets_it(alice, password, limit):
    limit(2)
    browsers = [sign_in(alice, password) for _ in range(2)]
    token = RememberToken.objects.create(
        user=alice, selector="s", digest="d", expires_at=timezone.now() + timedelta(days=1)
    )
    LoginSession.objects.filter(pk=live(alice).earliest("pk").pk).update(remember_token=token)
    browsers.append(sign_in(alice, password))
    assert [user_of(cookie_of(browser)) for browser in browsers] == [None, "alice", "alice"]
    token.refresh_from_db()
    assert (token.revoked_reason, LoginSession.objects.earliest("pk").revoked_reason) == ("evicted", "evicted")


def test_evict__counts_only_what_is_alive_and_ones_own(alice, make_user, password, limit, settings):
    limit(2)
    settings.SESSIONAUTH_IDLE_TIMEOUT = 1000
    bob = make_user("bob")
    others = [cookie_of(sign_in(bob, password)) for _ in range(2)]
    browser = sign_in(alice, password)
    for fields in ({"revoked_at": timezone.now()}, {"last_seen_at": timezone.now() - timedelta(seconds=1001)}):
        LoginSession.objects.create(user=alice, sid=registry.new_sid(), **fields)
    sign_in(alice, password)
    assert [user_of(cookie) for cookie in (cookie_of(browser), *others)] == ["alice", "bob", "bob"]


@pytest.mark.urls("tests.account_urls")
@pytest.mark.parametrize("action", ["evict", "reject"])
def test_session_older_than_the_app__gets_a_row_of_its_own_and_may_end_the_others(action, alice, password, limit):
    limit(2, action)
    browser, other = Client(), Client()
    for client in (browser, other):
        client.cookies[COOKIE] = old_session(alice)
    assert browser.get("/whoami/").json() == {"user": "alice"}
    sign_in(alice, password)
    answer = browser.post("/account/devices/others/end/", {"password": password})
    assert (answer.status_code, answer["Location"]) == (302, "/account/devices/")
    assert [client.get("/whoami/").json()["user"] for client in (browser, other)] == ["alice", None]
    assert live(alice).count() == 1


@pytest.mark.parametrize("action", ["evict", "reject"])
def test_login_again_in_the_same_browser__takes_no_further_place(action, alice, password, limit):
    limit(1, action)
    browser = sign_in(alice, password)
    for _ in range(2):
        browser.post("/login/", {"username": "alice", "password": password})
        assert user_of(cookie_of(browser)) == "alice"
    assert live(alice).count() == 1


def test_reject__refuses_the_new_one_and_leaves_the_others(alice, password, limit):
    limit(1, "reject")
    first, second = sign_in(alice, password), Client()
    answer = second.post("/login/", {"username": "alice", "password": password})
    assert answer.status_code == 403
    assert "too many browsers" in answer.content.decode()
    assert user_of(cookie_of(first)) == "alice"
    assert COOKIE not in second.cookies or user_of(cookie_of(second)) is None
    assert second.get("/tell/").json()["user"] is None
    first.post("/logout/")
    assert second.post("/login/", {"username": "alice", "password": password}).status_code == 302


WAYS_IN = {
    "django": lambda request, user, password: login(request, user, MODEL_BACKEND),
    "manager": lambda request, user, password: LoginManager().login(request, "alice", password),
}


@pytest.mark.parametrize("way", WAYS_IN)
def test_reject__leaves_nobody_on_the_request_and_the_cart(way, rf, alice, password, limit):
    limit(1, "reject")
    sign_in(alice, password)
    request = request_of(rf, cart=[1])
    told = []

    def note(**kwargs):
        told.append((kwargs["user"], kwargs["reason"].code))

    signals.login_denied.connect(note)
    try:
        with pytest.raises(TooManySessions):
            WAYS_IN[way](request, alice, password)
    finally:
        signals.login_denied.disconnect(note)
    assert (request.user.is_anonymous, get_auth(request).is_authenticated) == (True, False)
    assert dict(request.session.items()) == {"cart": [1]}
    assert told == [(alice, "too_many_sessions")]
    assert LoginSession.objects.count() == 1


def test_reject__remembers_nobody(rf, alice, password, limit):
    limit(1, "reject")
    sign_in(alice, password)
    with pytest.raises(TooManySessions):
        LoginManager().login(request_of(rf), "alice", password, remember=True)
    assert [token.is_revoked for token in RememberToken.objects.all()] in ([], [True])


def test_none__costs_nothing_more(rf, alice, django_assert_num_queries, limit):
    request = request_of(rf)
    with django_assert_num_queries(3):  # a savepoint, because the test is in a transaction
        registry.record(request, alice, SignIn())


@pytest.mark.slow
@pytest.mark.parametrize("action", ["evict", "reject"])
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once__are_three_in_the_end(action, rf, alice, limit):
    """Each of them in a connection of its own; which three is nobody's business."""
    limit(3, action)
    number, outcomes = 20, []
    barrier = Barrier(number)

    def sign_in_at_once():
        request = request_of(rf)
        barrier.wait()
        try:
            login(request, get_user_model().objects.get(pk=alice.pk), MODEL_BACKEND)
        except TooManySessions:
            outcomes.append("refused")
        else:
            outcomes.append("in" if kept.sid_in(kept.own(request.session)) else "unlisted")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        for future in [pool.submit(sign_in_at_once) for _ in range(number)]:
            future.result()
    assert live(alice).count() == 3
    expected = {"evict": {"in": 20}, "reject": {"in": 3, "refused": 17}}[action]
    assert {word: outcomes.count(word) for word in set(outcomes)} == expected


@pytest.mark.parametrize(("path", "client"), [("/who/", Client), ("/awho/", AsyncClient)])
def test_reject__of_a_remembered_browser_is_nobody_and_no_500(path, client, alice, password, limit, settings):
    settings.ROOT_URLCONF = "tests.conformance.sign_in_urls"
    browser = Client()
    browser.post("/ours/login/", {"username": "alice", "password": password, "remember": "yes"})
    token = RememberToken.objects.get()
    browser.cookies.pop(COOKIE)
    sign_in(alice, password)
    limit(1, "reject")
    back = client()
    back.cookies = browser.cookies
    for _ in range(2):
        answer = async_to_sync(back.get)(path) if client is AsyncClient else back.get(path)
        assert (answer.status_code, answer.json()["user"]) == (200, None)
    token.refresh_from_db()
    assert (token.revoked_reason, live(alice).count()) == ("too_many_sessions", 1)
