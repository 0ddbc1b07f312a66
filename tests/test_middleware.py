"""The middleware: what it puts on a request, its policies, Vary and the books; also copies and wrappers of requests."""

from __future__ import annotations

import copy
import json

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction
from django.contrib.auth import get_user_model, login, logout
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangosMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import AsyncRequestFactory

from sessionauth import LoginState, NotAuthenticated, UserToken, aget_auth, get_auth
from sessionauth.middleware import AuthenticationMiddleware
from sessionauth.models import APIKey, LoginSession
from sessionauth.request_state import current
from sessionauth.signals import user_loaded
from tests.asking import WAYS, Sent, ask
from tests.contracts import MODEL_BACKEND, signed_in_browser

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.guarded_urls")]

HTML, JSON = {"Accept": "text/html"}, {"Accept": "application/json"}


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def through(view, request):
    """Send `request` through the middleware to `view`."""
    return SessionMiddleware(AuthenticationMiddleware(view))(request)


def seen(view, rf, **headers):
    """Return what `view` returned for a request through the middleware."""
    found = []

    def note(request):
        found.append(view(request))
        return HttpResponse()

    request = rf.get("/tell/", headers=headers)
    through(note, request)
    return found[0]


# What it is, and what it puts on a request.


def test_it__is_djangos():
    assert issubclass(AuthenticationMiddleware, DjangosMiddleware)


def test_it__is_sync_and_async_by_what_comes_after():
    async def after(request):
        return HttpResponse()

    assert iscoroutinefunction(AuthenticationMiddleware(after))
    assert not iscoroutinefunction(AuthenticationMiddleware(lambda request: HttpResponse()))


def test_user_and_auth__are_one_answer(rf, alice):
    _, secret = APIKey.objects.issue(user=alice)

    def view(request):
        return request.user, request.auth.user, get_auth(request).user, async_to_sync(request.auser)()

    users = seen(view, rf, **{"X-Api-Key": secret})
    assert len({id(user) for user in users}) == 1
    assert users[0] == alice


def test_nobody__is_one_anonymous_user(rf):
    def view(request):
        return request.user, async_to_sync(request.auser)(), request.auth

    user, auser, auth = seen(view, rf)
    assert user == auser == AnonymousUser()
    assert (auth.is_anonymous, bool(auth), auth.method) == (True, False, "")


def test_auth__is_lazy_and_shows_who_is_there_now(rf, alice):
    def view(request):
        auth = request.auth
        told = [str(auth), repr(auth), "x.y" in auth]
        login(request, alice, MODEL_BACKEND)
        return [*told, str(auth), auth.is_fresh, auth.credential.user]

    expected = ["Anonymous", "<UserToken anonymous nobody user=None>", False, "alice", True, alice]
    assert seen(view, rf) == expected


def test_auth__cannot_be_written_to(rf):
    def view(request):
        with pytest.raises(AttributeError):
            request.auth.user = None
        return request.auth.is_anonymous

    assert seen(view, rf)


def test_request_under_way__is_the_one_before_again_once_one_inside_is_answered(rf):
    async def looks(request):
        seen.append(current() is request)

    def fails(request):
        async_to_sync(looks)(request)
        raise ZeroDivisionError

    def view(request):
        with pytest.raises(ZeroDivisionError):
            through(fails, rf.get("/tell/"))
        seen.append(current() is request)
        return HttpResponse()

    seen = []
    through(view, rf.get("/tell/"))
    assert (seen, current()) == ([True, True], None)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copies__of_a_request_answer_as_it_does(copied, rf, alice):
    def view(request):
        other = copied(request)
        login(request, alice, MODEL_BACKEND)
        return isinstance(other.auth, UserToken), str(copied(request).auth), str(request.auth)

    assert seen(view, rf) == (True, "alice", "alice")


@pytest.mark.parametrize("make", [lambda user: user, lambda user: None], ids=["user", "nobody"])
def test_login_and_logout__change_the_answer_at_once(make, rf, alice):
    def view(request):
        before = str(get_auth(request))
        login(request, alice, MODEL_BACKEND)
        during = (str(get_auth(request)), async_to_sync(request.auser)().username, get_auth(request).state)
        logout(request)
        return before, during, str(async_to_sync(aget_auth)(request)), get_auth(request).is_anonymous

    assert seen(view, rf) == ("Anonymous", ("alice", "alice", LoginState.FRESH), "AnonymousUser", True)


def test_assigned_user__is_who_it_is_from_then_on(rf, alice, make_user):
    bob = make_user("bob")

    def view(request):
        request.user = bob
        first = get_auth(request)
        request.user = AnonymousUser()
        second = async_to_sync(aget_auth)(request)
        return first.user, first.method, first.state, first.is_fresh, second.is_anonymous

    assert seen(view, rf) == (bob, "external", LoginState.STALE, False, True)


def test_session_middleware__is_missed_where_sessions_are_asked(rf, settings):
    middleware = AuthenticationMiddleware(lambda request: HttpResponse())
    with pytest.raises(ImproperlyConfigured, match="SessionMiddleware"):
        middleware(rf.get("/"))
    settings.SESSIONAUTH_AUTHENTICATORS = ["sessionauth.authenticators.token.BearerAuthenticator"]
    assert middleware(rf.get("/")).status_code == 200


def test_async__runs_natively(alice):
    async def view(request):
        return HttpResponse(str(await aget_auth(request)))

    request = AsyncRequestFactory().get("/")
    request.session = SessionMiddleware(lambda request: None).SessionStore()
    response = async_to_sync(AuthenticationMiddleware(view))(request)
    assert response.content == b"Anonymous"


def test_user_loaded__is_told_once_to_whoever_listens(alice):
    told = []

    def hear(sender, request, user, auth, method, **kwargs):
        told.append((sender, user, auth.credential, method))

    user_loaded.connect(hear)
    try:
        _, secret = APIKey.objects.issue(user=alice)
        row, service = APIKey.objects.issue(user=None)
        ask("wsgi", "/tell/", Sent())
        ask("wsgi", "/tell/", Sent({"X-Api-Key": secret}))
        ask("asgi", "/atell/", Sent(cookies=signed_in_browser(alice)))
        ask("asgi", "/atell/", Sent({"X-Api-Key": service}))
    finally:
        user_loaded.disconnect(hear)
    assert [(user, method) for _, user, _, method in told] == [
        (alice, "api_key"),
        (alice, "session"),
        (None, "api_key"),
    ]
    assert told[0][0] is get_user_model()
    assert told[2][2] == row


# Policies.


def policy_answer(way, headers, path="/home/", sent=None):
    answer = ask(way, path, sent or Sent(headers))
    return answer.status, answer.header("Location")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("policy", "for_people", "for_programs"),
    [
        ("anonymous", (200, None), (200, None)),
        ("redirect", (302, "/login/?next=/home/"), (401, None)),
        ("raise", (302, "/login/?next=/home/"), (401, None)),
        (f"{__name__}.teapot", (418, None), (418, None)),
        (f"{__name__}.let_pass", (200, None), (200, None)),
    ],
)
def test_on_failure__answers_strangers(policy, for_people, for_programs, way, settings):
    settings.SESSIONAUTH_ON_FAILURE = policy
    assert policy_answer(way, HTML) == for_people
    assert policy_answer(way, JSON) == for_programs


def teapot(request):
    return HttpResponse(status=418)


def let_pass(request):
    return None


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_on_failure__lets_everybody_else_pass(way, alice, settings):
    settings.SESSIONAUTH_ON_FAILURE = "raise"
    _, secret = APIKey.objects.issue(user=alice)
    _, service = APIKey.objects.issue(user=None)
    for sent in (Sent({"X-Api-Key": secret}), Sent({"X-Api-Key": service}), Sent(cookies=signed_in_browser(alice))):
        assert ask(way, "/home/", sent).body == b"reached"


def test_on_failure__is_asked_of_resolved_paths_only(settings):
    settings.SESSIONAUTH_ON_FAILURE = "raise"
    assert ask("wsgi", "/nowhere/", Sent(JSON)).status == 404


def test_on_failure__leaves_djangos_own_ways_in_and_out_open(settings, client):
    settings.SESSIONAUTH_ON_FAILURE = "raise"
    assert client.get("/login/").status_code == 200
    assert client.post("/logout/").status_code in (200, 302)
    assert client.get("/admin/login/").status_code == 200


@pytest.mark.urls("tests.denied_urls")
@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_raise__leaves_the_answer_to_a_403_handler_of_the_project(way, settings):
    settings.SESSIONAUTH_ON_FAILURE = "raise"
    for path in ("/page/", "/raises/"):
        answer = ask(way, path, Sent(JSON))
        assert (answer.status, answer.body) == (403, b"NotAuthenticated")


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_not_authenticated__raised_by_a_view_is_our_401_or_the_way_to_log_in(way):
    assert policy_answer(way, JSON, "/raises/") == (401, None)
    assert policy_answer(way, HTML, "/raises/") == (302, "/login/?next=/raises/")


def test_other_exceptions__are_not_ours(rf):
    middleware = AuthenticationMiddleware(lambda request: HttpResponse())
    assert middleware.process_exception(rf.get("/"), ValueError()) is None
    assert issubclass(NotAuthenticated, Exception)


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_exempt_path__with_a_wrong_credential_sends_no_program_to_a_page(way, settings):
    settings.SESSIONAUTH_EXEMPT = ["/login/"]
    answer = ask(way, "/login/page/", Sent({**HTML, "X-Api-Key": "sa_key_x"}))
    assert (answer.status, json.loads(answer.body)["code"]) == (401, "not_authenticated")


# Vary.


def test_vary__names_all_that_was_tried_by_then(alice, settings):
    everything = {"authorization", "x-api-key", "cookie"}
    _, secret = APIKey.objects.issue(user=alice)
    assert ask("wsgi", "/tell/").vary == everything
    assert ask("wsgi", "/tell/", Sent(cookies=signed_in_browser(alice))).vary == everything
    assert ask("wsgi", "/tell/", Sent({"X-Api-Key": secret})).vary == {"authorization", "x-api-key"}
    assert ask("wsgi", "/still/").vary == set()
    assert ask("wsgi", "/still/", Sent({"X-Api-Key": secret})).vary == {"authorization", "x-api-key"}


def test_vary__adds_to_what_the_view_said(rf):
    def view(request):
        bool(request.auth)
        return HttpResponse(headers={"Vary": "Accept, authorization"})

    assert through(view, rf.get("/"))["Vary"] == "Accept, authorization, X-Api-Key, Cookie"


# The books.


def test_books__are_kept_after_the_response_and_once(rf, alice, django_assert_num_queries):
    _, secret = APIKey.objects.issue(user=alice)

    def view(request):
        return HttpResponse(str(APIKey.objects.get().last_used_at))

    assert through(view, rf.get("/", headers={"X-Api-Key": secret})).content == b"None"
    assert APIKey.objects.get().last_used_at is not None


def test_books__that_cannot_be_kept_spoil_nothing(rf, alice, monkeypatch, caplog):
    from django.db import DatabaseError

    def fail(row):
        raise DatabaseError("no")

    monkeypatch.setattr(APIKey, "touch", fail)
    _, secret = APIKey.objects.issue(user=alice)
    assert ask("wsgi", "/tell/", Sent({"X-Api-Key": secret})).status == 200
    assert "could not be written" in caplog.text


def test_books__note_when_a_browser_was_seen(alice):
    cookies = signed_in_browser(alice)
    LoginSession.objects.update(last_seen_at="2020-01-01T00:00:00Z")
    ask("wsgi", "/still/", Sent(cookies=cookies))
    assert LoginSession.objects.get().last_seen_at.year == 2020
    ask("wsgi", "/tell/", Sent(cookies=cookies))
    assert LoginSession.objects.get().last_seen_at.year > 2020
