"""Every way in is guarded, by the one backend: forms, APIs, the confirm page's door."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import authenticate, get_user_model, login
from django.contrib.auth.signals import user_login_failed
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from rest_framework.authentication import BasicAuthentication
from rest_framework.response import Response
from rest_framework.views import APIView

from sessionauth import signals
from sessionauth.backends import aconfirm, confirm, verify
from sessionauth.exceptions import RateExceeded, TooManyAttempts
from sessionauth.guards import secrets
from sessionauth.models import APIKey
from sessionauth.request_state import state_of
from tests.asking import Sent, ask
from tests.attacks.storm import basic
from tests.guards.entries import rate, request_from
from tests.project.ways_urls import urlpatterns as ways

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

BASIC = "sessionauth.authenticators.basic.BasicAuthenticator"
SESSIONS = "sessionauth.authenticators.session.SessionAuthenticator"


class RestView(APIView):
    """A view of REST framework with its own Basic."""

    authentication_classes = (BasicAuthentication,)

    def get(self, request):
        return Response(str(request.user))


def raises(request):
    """Let a denial through, as a view that calls LoginManager may."""
    verify(request, {"username": "alice", "password": "wrong"})
    return HttpResponse("wrong")


def answers_by_itself(request):
    authenticate(request, username="alice", password="wrong")
    return HttpResponse(status=302, headers={"Location": "/elsewhere/"})


def comes_in_another_way(request):
    """Be refused, and then sign in by something else."""
    authenticate(request, username="alice", password="wrong")
    login(request, get_user_model().objects.get(), backend="django.contrib.auth.backends.ModelBackend")
    return HttpResponse("in")


urlpatterns = [
    *ways,
    path("another-way/", comes_in_another_way),
    path("rest/", RestView.as_view()),
    path("raises/", raises),
    path("redirects/", answers_by_itself),
]


@pytest.fixture
def alice(make_user):
    return make_user("alice", is_staff=True)


@pytest.fixture(autouse=True)
def _guarded(guarded, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [BASIC, SESSIONS]
    guarded(rate("account", "2/d"))


def posts(url):
    def attempt(password):
        response = Client().post(url, {"username": "alice", "password": password})
        return response.status_code, response

    return attempt


def gets(url, way="client"):
    def attempt(password):
        answer = ask(way, url, Sent({"Authorization": basic("alice", password)}))
        return answer.status, answer

    return attempt


WAYS = {
    "form": (posts("/login/"), 200, 302),
    "admin": (posts("/admin/login/?next=/admin/"), 200, 302),
    "basic": (gets("/tell/"), 401, 200),
    "basic, async": (gets("/atell/", "asgi"), 401, 200),
}


@pytest.mark.parametrize("way", WAYS)
def test_way__is_guarded_and_says_when_to_come_back(way, alice, password):
    attempt, wrong, right = WAYS[way]
    assert [attempt("wrong")[0] for _ in range(2)] == [wrong, wrong]
    status, answer = attempt(password)
    assert status == 429
    retry = answer["Retry-After"] if hasattr(answer, "status_code") else answer.header("Retry-After")
    assert 0 < int(retry) <= 86400


@pytest.mark.parametrize("way", WAYS)
def test_way__lets_the_right_one_in(way, alice, password):
    attempt, _, right = WAYS[way]
    assert [attempt(password)[0] for _ in range(3)] == [right] * 3


def test_rest_frameworks_basic__under_sessions_alone(alice, password, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [SESSIONS]
    attempt = gets("/rest/")
    assert [attempt("wrong")[0] for _ in range(2)] == [401, 401]
    status, answer = attempt(password)
    assert (status, json.loads(answer.body)["code"]) == (429, "too_many_attempts")


def test_basic__denied_is_no_invalid_credential(alice, password):
    rejected = []

    def receive(**kwargs):
        rejected.append(kwargs["failure"].code)

    signals.credential_rejected.connect(receive)
    answers = [gets("/tell/")(given)[1] for given in ("wrong", "wrong", password)]
    signals.credential_rejected.disconnect(receive)
    assert rejected == ["wrong", "wrong"]
    assert answers[2].header("WWW-Authenticate") is None
    assert answers[2].header("Content-Type") == "application/problem+json"
    assert answers[2].header("Cache-Control") == "no-store"


def test_basic__denied_on_an_exempt_path_is_nobody(alice, password, settings):
    settings.SESSIONAUTH_EXEMPT = ["/tell/"]
    for _ in range(3):
        status, answer = gets("/tell/")("wrong")
    assert (status, json.loads(answer.body)["failure"]) == (200, "denied")


def test_basic__inactive_looks_wrong(make_user, password, guarded):
    make_user("sleeper", is_active=False)
    guarded("sessionauth.guards.active.ActiveUserGuard")
    headers = {"Authorization": basic("sleeper", password)}
    inactive = Client().get("/tell/", headers=headers)
    wrong = Client().get("/tell/", headers={"Authorization": basic("nobody", password)})
    assert (inactive.status_code, inactive.content, dict(inactive.items())) == (401, wrong.content, dict(wrong.items()))


def test_view_that_lets_a_denial_through__is_answered(alice):
    for expected in (200, 200, 429):
        answer = Client().get("/raises/", headers={"Accept": "application/json"})
        assert answer.status_code == expected
    assert (answer.json()["code"], answer.has_header("Retry-After")) == ("too_many_attempts", True)


def test_view_with_an_answer_of_its_own__keeps_it(alice):
    assert [Client().get("/redirects/").status_code for _ in range(3)] == [302] * 3


def test_sign_in_by_another_way__is_not_answered_with_the_refusal_before(alice):
    assert [Client().get("/another-way/").status_code for _ in range(3)] == [200] * 3


def test_page__says_what_happened_and_is_not_stored(alice):
    for _ in range(3):
        response = Client().post("/login/", {"username": "alice", "password": "wrong"}, headers={"Accept": "text/html"})
    assert "Too many attempts" in response.content.decode()
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("door", [confirm, async_to_sync(aconfirm)], ids=["sync", "async"])
class TestConfirm:
    """The same guarded door for somebody who is signed in already."""

    def test_proves_exactly_this_user(self, door, alice, make_user, password):
        make_user("bob")
        assert door(request_from(), alice, {"password": password})
        assert not door(request_from(), alice, {"password": "wrong"})
        assert not door(request_from(), alice, {"username": "bob", "password": password})

    def test_counts_with_the_logins(self, door, alice, password):
        assert verify(request_from(), {"username": "alice", "password": "wrong"}) is None
        assert not door(request_from(), alice, {"password": "wrong"})
        for attempt in (door, lambda *args: verify(args[0], {"username": "alice", "password": password})):
            with pytest.raises(TooManyAttempts):
                attempt(request_from(), alice, {"password": password})

    def test_tells_what_was_wrong(self, door, alice):
        told = []

        def receive(**kwargs):
            told.append(kwargs["credentials"])

        user_login_failed.connect(receive)
        door(request_from(), alice, {"password": "wrong"})
        user_login_failed.disconnect(receive)
        assert told == [{"username": "alice", "password": "********************"}]

    def test_other_credentials_are_handed_on_as_they_are(self, door, alice):
        assert not door(request_from(), alice, {"code": "1"})


# Keys and tokens.


@pytest.fixture
def keys(settings, guarded):
    settings.SESSIONAUTH_AUTHENTICATORS = ["sessionauth.authenticators.api_key.APIKeyAuthenticator", SESSIONS]
    settings.SESSIONAUTH_KEY_FAILURE_RATE = "2/d"
    if not settings.CACHES["default"]["BACKEND"].endswith("RedisCache"):
        pytest.skip("counted in the shared cache alone")


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_wrong_keys__are_answered_429_after_a_while_and_good_ones_ever(way, keys, alice):
    row, good = APIKey.objects.issue(user=alice)
    other, bad = APIKey.objects.issue(user=alice)
    other.revoke()

    def status(key):
        return ask(way, "/tell/", Sent({"X-Api-Key": key})).status

    assert [status(bad) for _ in range(3)] == [401, 401, 429]
    assert status(good) == 200
    assert status("sa_key_mistyped") == 401


def test_a_passive_request__is_no_use_of_a_rate(rf, db, make_user):
    row, _ = APIKey.objects.issue(user=make_user("carol"), rate="1/d")
    request = rf.get("/")
    secrets.keep_to_rate(row, request)
    state_of(request).is_passive = True
    secrets.keep_to_rate(row, request)
    with pytest.raises(RateExceeded):
        secrets.keep_to_rate(row, rf.get("/"))
