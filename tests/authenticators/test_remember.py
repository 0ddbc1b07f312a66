"""The remember cookie as an authenticator."""

from __future__ import annotations

import pytest
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.views import LogoutView
from django.contrib.sessions.middleware import SessionMiddleware
from django.test import RequestFactory
from django.urls import include, path

from sessionauth import LoginState, authenticate_request, get_auth
from sessionauth.authenticators import remember
from sessionauth.authenticators.remember import RememberAuthenticator
from sessionauth.conf import settings as our_settings
from sessionauth.middleware import AuthenticationMiddleware
from sessionauth.models import LoginSession, RememberToken
from sessionauth.sessions import registry, series
from tests.asking import Sent, ask, counted
from tests.attacks.trouble import atomic_requests
from tests.contracts import MODEL_BACKEND, NOBODY, LazyContract, signed_in_browser, who

COOKIE = "sessionauth_remember"
PATH = "sessionauth.authenticators.remember.RememberAuthenticator"
SESSIONS = "sessionauth.authenticators.session.SessionAuthenticator"
HERE = __name__


class OwnBackend(ModelBackend):
    """Finds users in a way of its own, and lets in who has a name of five letters."""

    def get_user(self, user_id):
        return super().get_user(user_id)

    def user_can_authenticate(self, user):
        return len(user.get_username()) == 5


class AsyncBackend(BaseBackend):
    """Knows only how to find users asynchronously."""

    async def aget_user(self, user_id):
        return await ModelBackend().aget_user(user_id)


urlpatterns = [
    path("account/", include("sessionauth.urls")),
    path("stock/logout/", LogoutView.as_view()),
]


def give(user, backend=MODEL_BACKEND, age=3600.0):
    """Return a row of `user` and the cookie of its browser."""
    token, validator = series.enter(user, age, backend=backend)
    return token, f"{token.selector}.{validator}"


class TestRemember(LazyContract):
    entry = PATH
    method = "remember"
    state = "remembered"
    credential = "LoginSession"
    vary = frozenset({"cookie"})
    ends = ("deactivate", "delete", "revoke", "expire", "change_password", "revoke_all", "delete_row")
    ambient = True
    frees_from_csrf = False

    def issue(self, user):
        row, value = give(user)
        return Sent(cookies={COOKIE: value}), row

    def foreign(self):
        values = ["", "x", "sessionauth", "a" * 66, "a" * 22 + "." + "b" * 42]
        named = [{"remember_token": "a" * 22 + "." + "b" * 43}, {f"__Host-{COOKIE}": "a" * 22 + "." + "b" * 43}]
        return [Sent(), *(Sent(cookies=cookies) for cookies in named), *(Sent(cookies={COOKIE: one}) for one in values)]

    def unknown(self):
        return Sent(cookies={COOKIE: "a" * 22 + "." + "b" * 43})

    def secrets_of(self, sent):
        return [sent.cookies[COOKIE].partition(".")[2]]

    def end(self, how, user, row):
        if how == "change_password":
            user.set_password("another")
            user.save()
        elif how == "revoke_all":
            registry.revoke_all(user)
        elif how == "delete_row":
            row.delete()
        elif how == "expire":
            RememberToken.objects.filter(pk=row.pk).update(expires_at="2020-01-01T00:00:00Z")
        else:
            super().end(how, user, row)

    def seen(self, answer):
        return (answer.status, who(answer), answer.header("Set-Cookie"))

    def test_good__costs_no_more_queries_than_it_must(self, make_user):
        """A sibling of the request that restores the session: one SELECT."""
        sent, row = self.issue(make_user("alice"))
        ask("wsgi", "/tell/", sent)
        for way, view in (("wsgi", "/tell/"), ("asgi", "/atell/")):
            with counted() as statements:
                answer = ask(way, view, sent)
            assert (who(answer)["user"], len(statements)) == ("alice", 1)
            assert not answer.sets_cookies

    def test_every_way__gives_the_same_answer(self, make_user):
        """Of a value that has been used a moment ago; every other one is good once."""
        sent, _ = self.issue(make_user("alice"))
        ask("wsgi", "/tell/", sent)
        answers = {ask(way, view, sent) for way in ("wsgi", "asgi", "client", "async_client") for view in ("/tell/",)}
        assert len(answers) == 1


pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls")]


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def test_default__stands_after_the_session():
    assert list(our_settings.AUTHENTICATORS)[-2:] == [SESSIONS, PATH]


def test_live_session__is_not_restored(alice):
    _, value = give(alice)
    answer = ask("wsgi", "/tell/", Sent(cookies={**signed_in_browser(alice), COOKIE: value}))
    assert who(answer)["method"] == "session"
    assert RememberToken.objects.get().rotated_at is None


def test_dead_session__is_restored(alice):
    _, value = give(alice)
    answer = ask("wsgi", "/tell/", Sent(cookies={"sessionid": "0" * 32, COOKIE: value}))
    assert who(answer)["method"] == "remember"


def test_session_of_somebody_out_of_sight__is_not_written_over(alice, make_user, settings):
    """Another tenant's, or of a backend that has been taken out: left alone, as by Django."""
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, f"{HERE}.OwnBackend"]
    cookies = signed_in_browser(make_user("carol"), f"{HERE}.OwnBackend")
    settings.AUTHENTICATION_BACKENDS = settings.AUTHENTICATION_BACKENDS[:-1]
    _, value = give(alice)
    answer = ask("wsgi", "/tell/", Sent(cookies={**cookies, COOKIE: value}))
    assert (who(answer), answer.sets_cookies) == (NOBODY, False)


def test_hidden_user__is_nobody_and_keeps_the_cookie(alice, settings):
    _, value = give(alice)
    settings.SESSIONAUTH_USER_QUERYSET = "tests.attacks.test_trouble.nobody"
    answer = ask("wsgi", "/tell/", Sent(cookies={COOKIE: value}))
    assert (who(answer), answer.sets_cookies) == (NOBODY, False)
    settings.SESSIONAUTH_USER_QUERYSET = None
    assert who(ask("wsgi", "/tell/", Sent(cookies={COOKIE: value})))["user"] == "alice"


# Backends.


def test_backend__is_that_of_the_session(alice, settings):
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, f"{HERE}.OwnBackend"]
    _, value = give(alice, f"{HERE}.OwnBackend")
    request = authenticated(value)
    assert request.session["_auth_user_backend"] == f"{HERE}.OwnBackend"


@pytest.mark.parametrize("backend", ["", "sessionauth.backends.SessionAuthBackend"])
def test_backend__that_only_decides_is_never_kept(backend, alice):
    _, value = give(alice, backend)
    assert authenticated(value).session["_auth_user_backend"] == MODEL_BACKEND


def test_backend__that_lets_the_user_in_no_more(make_user, settings):
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, f"{HERE}.OwnBackend"]
    _, value = give(make_user("robert"), f"{HERE}.OwnBackend")
    answer = ask("wsgi", "/tell/", Sent(cookies={COOKIE: value}))
    assert (who(answer), answer.sets_cookies) == (NOBODY, False)


def test_backend__that_stands_in_the_settings_no_more(alice):
    _, value = give(alice, f"{HERE}.OwnBackend")
    assert who(ask("wsgi", "/tell/", Sent(cookies={COOKIE: value}))) == NOBODY


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_backend__that_is_only_async(way, alice, settings):
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, f"{HERE}.AsyncBackend"]
    _, value = give(alice, f"{HERE}.AsyncBackend")
    assert who(ask(way, "/tell/", Sent(cookies={COOKIE: value})))["user"] == "alice"


# Loaders.


def agrees(request, session):
    return ModelBackend().get_user(session.get("_auth_user_id"))


async def refuses(request, session):
    return None


def fails(request, session):
    raise ValueError("the directory is down")


@pytest.mark.parametrize(("loader", "user"), [("agrees", "alice"), ("refuses", None), ("fails", None)])
def test_loader__has_the_last_word(loader, user, alice, settings, caplog):
    settings.SESSIONAUTH_USER_LOADER = f"{HERE}.{loader}"
    token, value = give(alice)
    answer = ask("wsgi", "/tell/", Sent(cookies={COOKIE: value}))
    assert who(answer)["user"] == user
    token.refresh_from_db()
    assert (token.rotated_at is None, token.revoked_at) == (user is None, None)


# Where it is asked.


def request_with(value, url="/tell/"):
    request = RequestFactory().get(url)
    request.COOKIES[COOKIE] = value
    return request


def authenticated(value):
    """Return a request that our middleware, behind Django's, has let in by `value`."""
    request = request_with(value)
    SessionMiddleware(lambda request: None).process_request(request)
    AuthenticationMiddleware(lambda request: None).process_request(request)
    assert get_auth(request).state is LoginState.REMEMBERED
    return request


def test_by_hand__is_recognised_and_nothing_is_kept(alice):
    """No middleware will send the next value, so this one stays good."""
    _, value = give(alice)
    with counted() as statements:
        token = authenticate_request(request_with(value))
    assert (token.user, token.state) == (alice, LoginState.REMEMBERED)
    assert len(statements) == 1
    assert RememberToken.objects.get().rotated_at is None


@pytest.mark.urls("tests.authenticators.test_remember")
@pytest.mark.parametrize("page", ["/account/login/", "/account/logout/", "/account/confirm/", "/stock/logout/"])
def test_way_in_or_out__restores_nobody(page, alice):
    _, value = give(alice)
    assert RememberAuthenticator().extract(request_with(value, page)) is None


@pytest.mark.urls("tests.authenticators.test_remember")
@pytest.mark.parametrize(("method", "asks"), [("GET", True), ("HEAD", True), ("POST", False), ("DELETE", False)])
def test_session_resource__restores_where_it_only_tells(method, asks, alice):
    _, value = give(alice)
    request = request_with(value, "/account/session/")
    request.method = method
    assert (RememberAuthenticator().extract(request) is not None) is asks


def test_untouched_page__costs_nothing_though_the_cookie_came(alice):
    _, value = give(alice)
    for way, view in (("wsgi", "/still/"), ("asgi", "/astill/")):
        with counted() as statements:
            answer = ask(way, view, Sent(cookies={COOKIE: value}))
        assert (answer.status, statements, answer.vary, answer.sets_cookies) == (200, [], set(), False)


@pytest.mark.parametrize("atomic", [False, True])
def test_goes_before__a_view_in_a_transaction_where_no_session_came(atomic, alice, rf):
    _, value = give(alice)

    def view(request): ...

    def own(request): ...

    own._non_atomic_requests = {"default"}
    both = request_with(value)
    both.COOKIES["sessionid"] = "x"
    with atomic_requests() if atomic else counted():
        assert remember.goes_before(request_with(value), view) is atomic
        assert not remember.goes_before(request_with(value), own)
        assert not remember.goes_before(both, view)
        assert not remember.goes_before(request_with("garbage"), view)
        assert not remember.goes_before(rf.get("/"), view)


def test_goes_before__nothing_where_it_is_switched_off(alice, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [SESSIONS]
    _, value = give(alice)
    with atomic_requests():
        assert not remember.goes_before(request_with(value), lambda request: None)


def test_answer__is_for_one_person(alice):
    """A shared cache would hand the cookie to everybody."""
    _, value = give(alice)
    answer = ask("wsgi", "/tell/", Sent(cookies={COOKIE: value}))
    assert answer.sets_cookies
    assert "private" in answer.header("Cache-Control")
    assert "cookie" in answer.vary


def test_restored__is_listed(alice):
    token, value = give(alice)
    ask("wsgi", "/tell/", Sent({"User-Agent": "Firefox/1"}, {COOKIE: value}))
    row = LoginSession.objects.get()
    assert (row.user, row.remember_token, row.restored, row.authenticated_at) == (alice, token, True, None)
    assert (row.user_agent, row.ip_address) == ("Firefox/1", "127.0.0.1")
