"""What follows when somebody signs in or out, whoever made them do so."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import alogin, alogout, login, logout
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpResponse

from sessionauth import LoginState, get_auth
from sessionauth.middleware import AuthenticationMiddleware
from sessionauth.models import LoginSession
from sessionauth.request_state import state_of
from tests.contracts import MODEL_BACKEND, signed_in_browser

pytestmark = pytest.mark.django_db

OURS = "sessionauth.backends.SessionAuthBackend"
SIGN_IN = {"sync": login, "async": async_to_sync(alogin)}
SIGN_OUT = {"sync": logout, "async": async_to_sync(alogout)}


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def request_(rf):
    request = rf.post("/login/")
    request.session = SessionStore()
    return request


@pytest.mark.parametrize("sign_in", SIGN_IN.values(), ids=list(SIGN_IN))
def test_login__is_listed_and_fresh(sign_in, request_, alice):
    sign_in(request_, alice, MODEL_BACKEND)
    token = state_of(request_).token
    assert (token.user, token.state, token.is_fresh, token.method) == (alice, LoginState.FRESH, True, "session")
    assert token.credential == LoginSession.objects.get()


@pytest.mark.parametrize("sign_out", SIGN_OUT.values(), ids=list(SIGN_OUT))
def test_logout__ends_the_row_without_the_middleware_at_once(sign_out, request_, alice):
    login(request_, alice, MODEL_BACKEND)
    request_.user = alice
    sign_out(request_)
    assert LoginSession.objects.get().revoked_reason == "logout"


@pytest.mark.parametrize("sign_out", SIGN_OUT.values(), ids=list(SIGN_OUT))
def test_logout__through_the_middleware_ends_the_row_on_the_way_out(sign_out, rf, alice):
    told = []

    def view(request):
        assert get_auth(request).user == alice
        sign_out(request)
        told.append((get_auth(request).is_anonymous, LoginSession.objects.get().is_revoked))
        return HttpResponse()

    request = rf.post("/logout/")
    request.COOKIES.update(signed_in_browser(alice))
    SessionMiddleware(AuthenticationMiddleware(view))(request)
    assert told == [(True, False)]
    assert LoginSession.objects.get().is_revoked


def test_logout__of_a_session_from_before_the_app_leaves_the_others(request_, alice):
    login(request_, alice, MODEL_BACKEND)
    del request_.session["_sessionauth"]
    request_.user = alice
    logout(request_)
    assert not LoginSession.objects.get().is_revoked


def test_logout__of_nobody_is_no_error(request_):
    logout(request_)
    user_logged_out.send(sender=None, request=None, user=None)
    assert not LoginSession.objects.exists()


@pytest.mark.parametrize("given", ["no request", "no session", "untouched session", "other code's session"])
def test_signal_without_djangos_login__lists_nothing(given, rf, request_, alice):
    """Knox sends it for tokens, and allauth before it has written the session."""
    request = {"no request": None, "no session": rf.get("/")}.get(given, request_)
    if given == "other code's session":
        request.session["_auth_user_id"] = str(alice.pk)
    user_logged_in.send(sender=type(alice), request=request, user=alice)
    assert not LoginSession.objects.exists()


def test_signal_of_logout__that_leaves_the_session_ends_nothing(rf, alice):
    def view(request):
        user_logged_out.send(sender=type(alice), request=request, user=request.user)
        return HttpResponse()

    request = rf.post("/")
    request.COOKIES.update(signed_in_browser(alice))
    SessionMiddleware(AuthenticationMiddleware(view))(request)
    assert not LoginSession.objects.get().is_revoked


@pytest.mark.parametrize(("backend", "kept"), [(OURS, MODEL_BACKEND), (MODEL_BACKEND, MODEL_BACKEND)])
def test_backend_in_the_session__is_never_the_one_that_only_decides(backend, kept, request_, alice):
    login(request_, alice, backend)
    assert request_.session["_auth_user_backend"] == kept


def test_backend_in_the_session__stays_where_there_is_no_other(request_, alice, settings):
    settings.AUTHENTICATION_BACKENDS = [OURS]
    login(request_, alice, OURS)
    assert request_.session["_auth_user_backend"] == OURS


def test_login_in_place_of_an_earlier_session__leaves_its_shared_row(rf, alice, make_user):
    """It stands for other browsers, too."""
    bob = make_user("bob")

    def view(request):
        assert get_auth(request).credential.earlier
        login(request, bob, MODEL_BACKEND)
        return HttpResponse()

    cookies = signed_in_browser(alice)
    session = SessionStore(cookies["sessionid"])
    del session["_sessionauth"]
    session.save()
    LoginSession.objects.all().delete()
    for one in (lambda request: HttpResponse(str(request.user)), view):
        request = rf.post("/")
        request.COOKIES.update(cookies)
        SessionMiddleware(AuthenticationMiddleware(one))(request)
    assert not LoginSession.objects.get(user=alice).is_revoked


def test_login_again__renews_a_key_that_came_without_djangos_cookie(rf, alice):
    """As a middleware does that reads it from a header."""
    key = signed_in_browser(alice)["sessionid"]

    def view(request):
        login(request, alice, MODEL_BACKEND)
        return HttpResponse()

    request = rf.post("/")
    request.session = SessionStore(key)
    AuthenticationMiddleware(view)(request)
    request.session.save()
    assert request.session.session_key != key
    assert not SessionStore().exists(key)


def test_login__into_a_session_that_other_code_put_there_leaves_the_browsers_own(rf, alice):
    """As allauth does for its apps, whose session comes in a header."""

    def view(request):
        assert get_auth(request).user == alice
        request.session = SessionStore()
        login(request, alice, MODEL_BACKEND)
        return HttpResponse()

    request = rf.post("/")
    request.COOKIES.update(signed_in_browser(alice))
    SessionMiddleware(AuthenticationMiddleware(view))(request)
    assert LoginSession.objects.filter(user=alice, revoked_at=None).count() == 2
