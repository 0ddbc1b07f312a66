"""Signing in, confirming and signing out by our own functions, sync and async."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpResponse

from sessionauth import (
    InactiveUser,
    LoginDenied,
    LoginManager,
    LoginState,
    NotAuthenticated,
    aconfirm_login,
    alogin_user,
    alogout,
    confirm_login,
    get_auth,
    login_user,
    logout,
)
from sessionauth.middleware import AuthenticationMiddleware
from sessionauth.models import APIKey, LoginSession, RememberToken
from sessionauth.request_state import state_of
from sessionauth.signals import login_confirmed
from tests.contracts import MODEL_BACKEND, signed_in_browser

pytestmark = pytest.mark.django_db


class Acts:
    """The acts, sync or async, by the same words."""

    def __init__(self, is_async):
        self.login_user = async_to_sync(alogin_user) if is_async else login_user
        self.confirm_login = async_to_sync(aconfirm_login) if is_async else confirm_login
        self.logout = async_to_sync(alogout) if is_async else logout
        self.is_async = is_async

    def login(self, manager, *args, **kwargs):
        return async_to_sync(manager.alogin)(*args, **kwargs) if self.is_async else manager.login(*args, **kwargs)


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def acts(request):
    return Acts(request.param)


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def bob(make_user):
    return make_user("bob")


@pytest.fixture
def request_(rf):
    """A request that nobody has made anything of yet."""
    request = rf.post("/login/")
    request.session = SessionStore()
    return request


@pytest.fixture
def as_(rf):
    """`as_(alice, view)`: run `view` in a request of her browser, through both middlewares, and return the request."""

    def go(user, view, **headers):
        request = rf.post("/", headers=headers)
        if user is not None:
            request.COOKIES.update(signed_in_browser(user))

        def answer(request):
            view(request)
            return HttpResponse()

        SessionMiddleware(AuthenticationMiddleware(answer))(request)
        return request

    return go


@pytest.fixture
def heard():
    """Collect what signals say."""
    told = []
    signals = (user_logged_in, user_logged_out, user_login_failed, login_confirmed)
    names = dict(zip(signals, ("logged in", "logged out", "failed", "confirmed"), strict=True))

    def receive(signal, **kwargs):
        told.append((names[signal], kwargs))

    for signal in signals:
        signal.connect(receive)
    yield told
    for signal in signals:
        signal.disconnect(receive)


def names(told):
    return [name for name, _ in told]


@pytest.mark.every_project
def test_login__signs_in_whom_the_credentials_prove(acts, request_, alice, password, heard):
    token = acts.login(LoginManager(), request_, alice.get_username(), password)
    assert (bool(token), token.user, token.state, token.is_fresh) == (True, alice, LoginState.FRESH, True)
    assert token is get_auth(request_)
    assert list(token.proofs) == ["password"]
    assert token.credential == LoginSession.objects.get(user=alice)
    assert names(heard) == ["logged in"]


@pytest.mark.parametrize(
    "given", [("alice", "wrong"), ("nobody", "wrong"), ("alice",), (None, "x"), (), ("", ""), ("alice\0", "x")]
)
def test_login__answers_wrong_credentials_with_nobodys_token(acts, request_, alice, given, heard):
    token = acts.login(LoginManager(), request_, *given)
    assert (bool(token), token.failure.code) == (False, "wrong")
    assert request_.session.is_empty()
    assert state_of(request_).token is None
    assert names(heard) == ["failed"]


@pytest.mark.every_project
def test_login__again_and_confirmed(acts, request_, alice, password):
    for _ in range(2):
        acts.login(LoginManager(), request_, alice.get_username(), password, remember=True)
        request_.session.save()
    token = acts.confirm_login(request_, method="password")
    assert token.user == alice
    assert LoginSession.objects.filter(revoked_at=None).get() == token.credential


def test_login__tells_a_failure_as_django_does_and_without_secrets(acts, request_, alice, heard):
    acts.login(LoginManager(), request_, "alice", "guess", code="123456")
    told = heard[0][1]
    assert (told["sender"], told["request"]) == ("django.contrib.auth", request_)
    assert told["credentials"] == {"username": "alice", "password": "*" * 20, "code": "*" * 20}


def test_login__that_fails_leaves_who_is_signed_in(acts, as_, alice, bob):
    keys = []

    def view(request):
        keys.append(request.session.session_key)
        assert not acts.login(LoginManager(), request, "bob", "wrong")
        assert get_auth(request).user == alice
        keys.append(request.session.session_key)

    as_(alice, view)
    assert keys[0] == keys[1]
    assert not LoginSession.objects.get(user=alice).is_revoked


class LinkBackend:
    """Signs in by a link."""

    login_method = "link"

    def authenticate(self, request, link=None):
        return self.get_user_of(link)

    async def aauthenticate(self, request, link=None):
        return await self.aget_user_of(link)

    def get_user_of(self, link):
        from django.contrib.auth.models import User

        return User.objects.filter(username=link).first()

    async def aget_user_of(self, link):
        from django.contrib.auth.models import User

        return await User.objects.filter(username=link).afirst()

    def get_user(self, pk):
        from django.contrib.auth.models import User

        return User.objects.filter(pk=pk).first()


LINK = f"{__name__}.LinkBackend"


def test_login__hands_other_keywords_to_the_backends(acts, request_, alice, settings):
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, LINK]
    token = acts.login(LoginManager(), request_, link="alice")
    assert (token.user, list(token.proofs)) == (alice, ["link"])
    assert request_.session["_auth_user_backend"] == LINK


def test_login__asks_only_the_backends_of_its_manager(acts, request_, alice, password, settings):
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, LINK]
    manager = LoginManager(backends=[LINK])
    assert not acts.login(manager, request_, "alice", password)
    assert acts.login(manager, request_, link="alice")


def test_login__by_a_backend_that_the_project_does_not_have_says_so(acts, request_):
    with pytest.raises(ImproperlyConfigured, match="AUTHENTICATION_BACKENDS"):
        acts.login(LoginManager(backends=[LINK]), request_, link="alice")


class Refused(LoginDenied):
    pass


def refuse(request, user):
    raise Refused("No.")


@pytest.mark.parametrize("where", ["call", "manager"])
def test_login__lets_a_guards_exception_through(acts, as_, alice, bob, password, where, heard):
    def view(request):
        manager = LoginManager(guards=[refuse] if where == "manager" else None)
        with pytest.raises(Refused):
            acts.login(manager, request, "bob", password, guards=[refuse] if where == "call" else ())
        assert get_auth(request).user == alice

    as_(alice, view)
    assert names(heard)[-1] == "failed"
    assert not LoginSession.objects.filter(user=bob).exists()


@pytest.mark.parametrize("remember", ["yes", 1.5, None, [1]])
def test_login__says_what_remember_may_be(acts, request_, alice, password, remember):
    with pytest.raises(TypeError, match="remember must be .* not"):
        acts.login(LoginManager(), request_, "alice", password, remember=remember)
    with pytest.raises(TypeError, match="remember must be .* not"):
        acts.login_user(request_, alice, remember=remember)


@pytest.mark.parametrize("remember", [0, -1, timedelta(0), timedelta(days=-1)])
def test_login__is_not_remembered_for_no_time(acts, request_, alice, password, remember):
    with pytest.raises(ValueError, match="longer than no time"):
        acts.login(LoginManager(), request_, "alice", password, remember=remember)


def test_login_user__needs_no_credentials(acts, request_, alice):
    token = acts.login_user(request_, alice, method="invitation")
    assert (token.user, token.is_fresh, list(token.proofs)) == (alice, True, ["invitation"])
    assert request_.session["_auth_user_backend"] == MODEL_BACKEND


def test_login_user__keeps_the_backend_that_verified(acts, request_, alice, settings):
    settings.AUTHENTICATION_BACKENDS = [MODEL_BACKEND, LINK]
    alice.backend = LINK
    acts.login_user(request_, alice)
    assert request_.session["_auth_user_backend"] == LINK


def test_login_user__that_fails_halfway_leaves_nothing(acts, request_, alice, settings):
    """Two backends, and neither finds users: Django cannot tell which one it was."""
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Blind", f"{__name__}.Blind"]
    with pytest.raises(ValueError, match="multiple authentication backends"):
        acts.login_user(request_, alice)
    assert request_.session.is_empty()
    assert state_of(request_).sign_in is None


def test_login_user__that_a_receiver_breaks_leaves_nothing(acts, as_, alice):
    def breaks(**kwargs):
        raise RuntimeError

    def view(request):
        request.session["cart"] = "book"
        user_logged_in.connect(breaks)
        with pytest.raises(RuntimeError):
            acts.login_user(request, alice, remember=True)
        user_logged_in.disconnect(breaks)
        assert get_auth(request).is_anonymous
        assert request.user.is_anonymous

    assert as_(None, view).session.is_empty()
    assert LoginSession.objects.get().is_revoked
    assert RememberToken.objects.get().is_revoked


def test_login_user__above_the_limit_is_refused_and_keeps_what_nobody_had(acts, as_, alice, settings):
    settings.SESSIONAUTH_MAX_SESSIONS, settings.SESSIONAUTH_MAX_SESSIONS_ACTION = 1, "reject"
    signed_in_browser(alice)

    def view(request):
        request.session["cart"] = "book"
        with pytest.raises(LoginDenied):
            acts.login_user(request, alice, remember=True)
        assert get_auth(request).is_anonymous
        assert request.session["cart"] == "book"

    assert SESSION_KEY not in as_(None, view).session
    assert LoginSession.objects.filter(revoked_at=None).count() == 1
    assert not RememberToken.objects.filter(revoked_at=None).exists()


class Blind:
    """Finds nobody."""

    def authenticate(self, request):
        return None


def test_login_user__renews_an_anonymous_key_wherever_it_came_from(acts, request_, alice):
    request_.session["cart"] = "book"
    request_.session.save()
    planted = request_.session.session_key
    acts.login_user(request_, alice)
    request_.session.save()
    assert request_.session.session_key != planted
    assert not SessionStore().exists(planted)
    assert request_.session["cart"] == "book"


def test_login_user__that_has_proved_nothing_is_stale(acts, request_, alice):
    token = acts.login_user(request_, alice, fresh=False, method="invitation")
    assert (token.state, token.authenticated_at, dict(token.proofs)) == (LoginState.STALE, None, {})


def test_login_user__refuses_the_inactive(acts, request_, make_user, settings):
    carol = make_user("carol", is_active=False)
    with pytest.raises(InactiveUser):
        acts.login_user(request_, carol)
    assert request_.session.is_empty()
    all_users = "django.contrib.auth.backends.AllowAllUsersModelBackend"
    settings.AUTHENTICATION_BACKENDS = [all_users]
    assert acts.login_user(request_, carol, backend=all_users).user == carol


def test_login_user__says_nothing_of_the_next_sign_in(acts, request_, alice, bob):
    acts.login_user(request_, alice, fresh=False)
    assert state_of(request_).sign_in is None
    assert acts.login_user(request_, bob).is_fresh


def test_confirm_login__makes_a_stale_login_fresh(acts, as_, alice, heard):
    def view(request):
        acts.login_user(request, alice, fresh=False)
        request.session.save()
        sid, key, csrf = (
            request.session["_sessionauth"]["sid"],
            request.session.session_key,
            request.META["CSRF_COOKIE"],
        )
        del heard[:]
        token = acts.confirm_login(request, method="password")
        assert token is get_auth(request)
        assert (token.user, token.is_fresh, list(token.proofs)) == (alice, True, ["password"])
        assert request.session["_sessionauth"]["sid"] == sid
        assert request.session.session_key != key
        assert request.META["CSRF_COOKIE"] != csrf
        assert not SessionStore(key).exists(key)

    as_(None, view)
    row = LoginSession.objects.get(user=alice)
    assert row.authenticated_at is not None
    ((name, told),) = heard
    assert (name, told["user"], told["method"], told["sender"]) == ("confirmed", alice, "password", type(alice))


def test_confirm_login__keeps_the_proofs_there_were(acts, as_, alice):
    def view(request):
        acts.login_user(request, alice, method="password")
        assert set(acts.confirm_login(request, method="code").proofs) == {"password", "code"}
        assert set(acts.confirm_login(request).proofs) == {"password", "code"}

    as_(None, view)


def test_confirm_login__lists_a_session_from_before_the_app(acts, as_, alice):
    def forget(request):
        del request.session["_sessionauth"]

    request = as_(alice, forget)
    cookie = request.session.session_key

    def view(request):
        request.COOKIES["sessionid"] = cookie
        request.session = SessionStore(cookie)
        assert get_auth(request).credential is None or get_auth(request).credential.earlier
        token = acts.confirm_login(request)
        assert not token.credential.earlier
        assert request.session["_sessionauth"]["sid"] == token.credential.sid

    as_(None, view)


def test_confirm_login__of_what_was_ended_meanwhile_is_refused(acts, as_, alice):
    def view(request):
        get_auth(request)
        LoginSession.objects.get(user=alice).revoke()
        with pytest.raises(NotAuthenticated):
            acts.confirm_login(request)
        assert LoginSession.objects.get(user=alice).revoked_reason == "revoked"

    as_(alice, view)


def test_confirm_login__is_for_people(acts, as_, alice):
    def nobody(request):
        with pytest.raises(NotAuthenticated):
            acts.confirm_login(request)

    def program(request):
        with pytest.raises(ValueError, match="session"):
            acts.confirm_login(request)

    def external(request):
        request.user = alice
        with pytest.raises(PermissionDenied):
            acts.confirm_login(request)

    as_(None, nobody)
    as_(None, external)
    as_(None, program, x_api_key=APIKey.objects.issue(user=alice)[1])


def test_logout__ends_the_session(acts, as_, alice, heard):
    keys = []

    def view(request):
        get_auth(request)
        keys.append(request.session.session_key)
        acts.logout(request)
        assert get_auth(request).is_anonymous
        assert request.user.is_anonymous
        assert request.session.is_empty()

    as_(alice, view)
    assert LoginSession.objects.get(user=alice).revoked_reason == "logout"
    assert not SessionStore().exists(keys[0])
    assert names(heard)[-1] == "logged out"


def test_logout__of_a_program_touches_no_session(acts, as_, alice, heard):
    def view(request):
        acts.logout(request)
        assert get_auth(request).is_anonymous
        assert request.user.is_anonymous

    request = as_(None, view, x_api_key=APIKey.objects.issue(user=alice)[1])
    assert (request.session.accessed, request.session.modified) == (False, False)
    assert heard == []


def test_logout__by_the_manager(acts, as_, alice):
    manager = LoginManager()

    def view(request):
        (async_to_sync(manager.alogout) if acts.is_async else manager.logout)(request)
        assert get_auth(request).is_anonymous
        assert SESSION_KEY not in request.session

    as_(alice, view)


@pytest.mark.parametrize("guards", ["x", [None], ["sessionauth.guards.active.ActiveUserGuard"], [{"NAME": "x"}]])
def test_manager__takes_no_nonsense_for_a_guard(guards):
    """Before anybody signs in, rather than when the first one does."""
    with pytest.raises(TypeError, match="is no guard"):
        LoginManager(guards=guards)
