"""Flask-Login's tests, asked of this app. "Ours:" marks where we answer differently on purpose, and why."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.messages import constants as levels
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.test import RequestFactory
from django.test.utils import isolate_apps
from django.utils import translation

import sessionauth
from sessionauth import SessionAuthUserMixin, signals
from sessionauth.access import unauthorized
from sessionauth.models import AnonymousUser
from sessionauth.refusals import login_url_for
from sessionauth.testing import login_disabled
from tests.conformance.web import Web

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.conformance.urls")]

LOADER = {"callback": "tests.conformance.callbacks.by_header", "vary": ["X-Employee"]}


@pytest.fixture
def alice(make_user):
    return make_user("alice")


# About, static files, installation


def test_F1_about_data():
    """Ours: the version; all else is the distribution's metadata."""
    assert sessionauth.__version__


def stylesheet(web):
    response = web.get("/static/admin/css/base.css")
    response.close()
    return response


def test_F2_static_loads_anonymous(web):
    response = stylesheet(web)
    assert response.status_code == 200
    assert web.request_of(response).user.is_anonymous


def test_F3_static_loads_without_accessing_session(web, alice, django_assert_num_queries):
    web.force_login(alice)
    with django_assert_num_queries(0):
        response = stylesheet(web)
    assert not web.request_of(response).session.accessed
    assert "Cookie" not in response.headers.get("Vary", "")


def test_F4_init_app(settings):
    """Ours: an entry in INSTALLED_APPS and a line in MIDDLEWARE; the checks find nothing to say."""
    assert "sessionauth" in settings.INSTALLED_APPS
    assert [one for one in run_checks() if not one.is_silenced()] == []


def test_F5_class_init(web):
    """Ours: the middleware's line is enough; there is no manager to make."""
    assert web.auth().is_anonymous


def test_F6_no_user_loader_raises(web, settings, password):
    """Ours: the loaders are AUTHENTICATION_BACKENDS."""
    settings.AUTHENTICATION_BACKENDS = []
    with pytest.raises(ImproperlyConfigured, match="AUTHENTICATION_BACKENDS"):
        authenticate(None, username="alice", password=password)


@pytest.mark.parametrize("path", ["/secret/", "/asecret/", "/secret-class/"])
def test_F7_options_call_exempt(web, path):
    """Ours: the question is answered and no view runs; Django's function views would answer it with the secret."""
    assert web.program(path).status_code == 401
    answer = web.options(path, headers={"Accept": "application/json"})
    assert answer.status_code in (200, 204)
    assert b"secret" not in answer.content


# Nobody


def test_F8_anonymous_in_a_bare_request(web):
    assert web.request_of(web.get("/plain/")).user.is_anonymous


def test_F9_anonymous_by_default(web):
    auth = web.auth()
    assert isinstance(auth.user, AnonymousUser)
    assert auth.is_anonymous


def test_F15_user_of_a_request_credential(web, alice, authenticators):
    authenticators("session", callback=LOADER)
    auth = web.auth(x_employee="alice")
    assert (auth.user, auth.method) == (alice, "callback")


def test_F16_invalid_request_credential(web, authenticators):
    authenticators("session", callback=LOADER)
    auth = web.auth(x_employee="mallory")
    assert auth.is_anonymous
    assert auth.failure.code == "unknown"


def test_F49_signal_of_a_request_credential(web, alice, authenticators, heard):
    """Ours: one signal for every way in, `user_loaded`, with the method."""
    authenticators("session", callback=LOADER)
    with heard(signals.user_loaded) as loaded:
        web.who(x_employee="alice")
    assert [(call["user"], call["method"]) for call in loaded] == [(alice, "callback")]


# Unauthorized


def test_F20_auth_required_signal(web, heard):
    with heard(signals.auth_required) as calls:
        web.get("/secret/")
    assert [(call["request"].path, call["reason"]) for call in calls] == [("/secret/", "anonymous")]


def queued(web):
    return web.get("/messages/").json()["messages"]


def test_F21_message_with_level_and_tags(web, settings):
    """Ours: a level and extra tags of Django's messages instead of a category."""
    settings.SESSIONAUTH_LOGIN_MESSAGE_LEVEL = levels.WARNING
    settings.SESSIONAUTH_LOGIN_MESSAGE_TAGS = "please"
    web.get("/secret/")
    message = "Please log in to access this page."
    assert queued(web) == [{"text": message, "level": levels.WARNING, "tags": "please warning"}]

    settings.SESSIONAUTH_LOGIN_MESSAGE = None
    web.get("/secret/")
    assert queued(web) == []


def test_F22_message_is_translated(web):
    """Ours: by Django's catalogues, not by a callback."""
    with translation.override("de"):
        web.get("/secret/")
    assert [one["text"] for one in queued(web)] == ["Bitte melden Sie sich an, um diese Seite zu sehen."]


def test_F23_unauthorized_handler(web, settings):
    settings.SESSIONAUTH_UNAUTHORIZED_HANDLER = "tests.conformance.callbacks.teapot"
    response = web.get("/secret/")
    assert (response.status_code, response.content) == (418, b"teapot: anonymous")


def test_F24_no_login_url(web, settings):
    settings.LOGIN_URL = ""
    response = web.get("/secret/")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"]


def assert_sends_to(web, path, location):
    response = web.get(path)
    assert (response.status_code, response.headers["Location"]) == (302, location)


@pytest.mark.parametrize("path", ["/secret/", "/asecret/", "/secret-class/"])
def test_F25_redirect_with_next(web, path):
    assert_sends_to(web, path, f"/login/?next={path}")


def test_F26_next_in_the_session(web, settings):
    settings.SESSIONAUTH_USE_SESSION_FOR_NEXT = True
    assert_sends_to(web, "/secret/?page=2", "/login/")
    assert web.get("/login-here/").json()["next"] == "/secret/?page=2"
    assert web.get("/login-here/").json()["next"] == ""


def test_F27_next_in_the_session_survives_strong_protection(web, settings):
    """Ours: anonymous sessions are never judged, so a look at the user on the login page loses nothing."""
    settings.SESSIONAUTH_SESSION_PROTECTION = "strong"
    settings.SESSIONAUTH_USE_SESSION_FOR_NEXT = True
    assert_sends_to(web, "/secret/", "/login/")
    assert web.get("/login-here/").json() == {"anonymous": True, "next": "/secret/"}


def test_F28_login_url_of_an_area(web, settings):
    """Ours: areas are URL namespaces; those without an entry fall back on LOGIN_URL instead of a 401."""
    settings.SESSIONAUTH_LOGIN_URLS = {"first": "/first-login/", "second": "/second-login/"}
    assert_sends_to(web, "/secret/", "/login/?next=/secret/")
    assert_sends_to(web, "/first/secret/", "/first-login/?next=/first/secret/")
    assert_sends_to(web, "/second/secret/", "/second-login/?next=/second/secret/")


def test_F29_global_login_url(web):
    for path in ("/secret/", "/first/secret/", "/second/secret/"):
        assert_sends_to(web, path, f"/login/?next={path}")


# Sessions stay as they are


@pytest.mark.parametrize("path", ["/plain/", "/who/", "/awho/"])
def test_F61_session_not_modified(web, other_web, alice, path):
    web.force_login(alice)
    for asked in (web, other_web):
        response = asked.get(path)
        assert not web.request_of(response).session.modified
        assert not response.cookies


def assert_leaves_an_anonymous_session_alone(web, heard):
    with heard(signals.user_loaded) as loaded:
        response = web.get("/plain/")
    assert loaded == []
    session = web.request_of(response).session
    assert (session.is_empty(), session.accessed, session.modified) == (True, False, False)


def test_F74_protection_off__anonymous(web, heard, settings):
    settings.SESSIONAUTH_SESSION_PROTECTION = None
    assert_leaves_an_anonymous_session_alone(web, heard)


def test_F75_protection_basic__anonymous(web, heard, settings):
    settings.SESSIONAUTH_SESSION_PROTECTION = "basic"
    assert_leaves_an_anonymous_session_alone(web, heard)


# Lazy access, decorators, templates


def test_F76_user_is_loaded_when_looked_at_and_once(web, alice, heard, django_assert_num_queries):
    web.force_login(alice)
    with heard(signals.user_loaded) as loaded:
        with django_assert_num_queries(0):
            assert not web.get("/plain/").has_header("Vary")
        assert loaded == []
        web.get("/template/")  # which looks several times
    assert [(call["user"], call["method"]) for call in loaded] == [(alice, "session")]


@pytest.mark.parametrize("path", ["/secret/", "/secret-class/"])
def test_F77_login_required(web, alice, path):
    assert web.program(path).status_code == 401
    web.force_login(alice)
    assert web.program(path).status_code == 200


def test_F78_login_required__async_view(web, alice):
    with login_disabled():
        assert web.program("/asecret/").status_code == 200
    assert web.program("/asecret/").status_code == 401
    web.force_login(alice)
    assert web.program("/asecret/").content == b"secret of alice"


def test_F79_login_disabled(web, settings):
    """Ours: no setting does it; tests have `sessionauth.testing.login_disabled()`."""
    settings.LOGIN_DISABLED = settings.SESSIONAUTH_LOGIN_DISABLED = True
    assert web.program("/secret/").status_code == 401
    with login_disabled():
        assert web.program("/secret/").status_code == 200


def test_F81_context_processor(web):
    assert web.get("/template/").content == b"True AnonymousUser Anonymous True"


# The request loader alone


@pytest.fixture
def loader_only(authenticators):
    authenticators(callback=LOADER)


def test_F82_no_user_loader_needed(web, alice, loader_only):
    assert web.who(x_employee="alice") == "alice"


def test_F83_loader__anonymous_by_default(web, loader_only):
    assert web.who() is None


def test_F84_loader__protected_by_default(web, loader_only):
    assert web.program("/secret/").status_code == 401


@pytest.mark.parametrize("path", ["/secret/", "/asecret/"])
def test_F85_loader__login_by_request_credential(web, alice, loader_only, path):
    assert web.program(path, x_employee="alice").content == b"secret of alice"


def test_F86_loader__beats_a_session(web, alice, make_user, authenticators):
    """Ours: also beside a session authenticator, when it stands before it."""
    make_user("bob")
    authenticators("session", callback=LOADER)
    web.force_login(alice)
    assert web.who(x_employee="bob") == "bob"
    assert web.who() == "alice"


def test_F87_loader__invalid_credential(web, loader_only):
    assert web.program("/secret/", x_employee="mallory").status_code == 401


def test_F88_loader__invalid_credential_with_a_session(web, alice, authenticators):
    authenticators("session", callback=LOADER)
    web.force_login(alice)
    assert web.program("/secret/", x_employee="mallory").status_code == 401


def test_F89_loader__leaves_no_session(web, alice, authenticators):
    authenticators("session", callback=LOADER)
    response = web.program("/secret/", x_employee="alice")
    assert not web.request_of(response).session.modified
    assert not response.cookies
    assert web.who() is None


# The login URL


def location(login_url, path="/secret/?page=2", **options):
    return unauthorized(RequestFactory().get(path), login_url=login_url, **options).headers["Location"]


def test_F90_next_is_a_path_on_the_same_host():
    assert location("/login/") == "/login/?next=/secret/%3Fpage%3D2"
    assert location("http://testserver/login/") == "http://testserver/login/?next=/secret/%3Fpage%3D2"
    absolute = "http%3A//testserver/secret/%3Fpage%3D2"
    assert location("https://testserver/login/") == f"https://testserver/login/?next={absolute}"
    assert location("http://login.example.org/") == f"http://login.example.org/?next={absolute}"


def test_F91_login_url_generation():
    assert location("/login/", "/secret/", redirect_field_name="weiter") == "/login/?weiter=/secret/"
    assert location(None, "/secret/") == "/login/?next=/secret/"
    there = location("https://login.example.org/in", "/secret/")
    assert there == "https://login.example.org/in?next=http%3A//testserver/secret/"
    assert location("/login/?lang=de", "/secret/") == "/login/?lang=de&next=/secret/"
    assert location("/login/?next=/old/", "/secret/") == "/login/?next=/secret/"


def test_F92_login_url_by_view_name(settings):
    assert location("login", "/secret/") == "/login/?next=/secret/"
    settings.LOGIN_URL = "login"
    assert location(None, "/secret/") == "/login/?next=/secret/"


def test_F93_login_url_without_next():
    assert login_url_for(RequestFactory().get("/secret/"), "/login/") == "/login/"


# Users


@pytest.fixture
def person():
    """A class of users built on the mixin."""
    with isolate_apps("tests.project"):

        class Person(SessionAuthUserMixin, AbstractBaseUser):
            name = models.CharField(max_length=10)
            USERNAME_FIELD = "name"

            class Meta:
                app_label = "project"

        yield Person


def test_F99_user_mixin_defaults(person):
    user = person(id=7)
    assert (user.is_active, user.is_authenticated, user.is_anonymous) == (True, True, False)


def test_F100_user_mixin_id(person):
    assert person(id=7).get_id() == "7"


def test_F101_user_mixin_without_id(person):
    """Ours: ValueError; every model has a key, but one that was never saved may lack its value."""
    with pytest.raises(ValueError, match="has no id before it is saved"):
        person().get_id()


def test_F102_user_equality(person):
    assert person(id=7) == person(id=7)
    assert person(id=7) != person(id=8)
    assert person(id=7) not in (7, "7", None, AnonymousUser())


def test_F103_user_hash(person):
    assert {person(id=7): "seven"}[person(id=7)] == "seven"


def test_F104_anonymous_values():
    nobody = AnonymousUser()
    assert (nobody.is_active, nobody.is_authenticated, nobody.is_anonymous) == (False, False, True)
    assert nobody.get_id() is None


# Hosts


def test_F107_redirect_is_relative(web):
    assert_sends_to(web, "/secret/", "/login/?next=/secret/")


def test_F108_host_of_the_redirect_is_forced(web, settings):
    """Ours: by an absolute LOGIN_URL; the way back is then absolute, too."""
    settings.LOGIN_URL = "https://in.example.org/login/"
    there = web.get("/secret/").headers["Location"]
    assert there.startswith("https://in.example.org/login/?next=http%3A//")


def forwarded(web, settings):
    settings.USE_X_FORWARDED_HOST = True
    settings.ALLOWED_HOSTS = ["shop.example.org"]
    return web.get("/secret/", headers={"X-Forwarded-Host": "shop.example.org"})


def test_F109_forwarded_host(web, settings):
    """Ours: Django's USE_X_FORWARDED_HOST, within ALLOWED_HOSTS."""
    settings.LOGIN_URL = "http://shop.example.org/login/"
    assert forwarded(web, settings).headers["Location"] == "http://shop.example.org/login/?next=/secret/"


def test_F110_forced_host_beats_the_forwarded_one(web, settings):
    settings.LOGIN_URL = "https://in.example.org/login/"
    there = forwarded(web, settings).headers["Location"]
    assert there == "https://in.example.org/login/?next=http%3A//shop.example.org/secret/"


# The test client


def test_F111_client_without_user(web):
    assert web.auth().is_anonymous


def test_F112_client_with_user(web, alice):
    web.force_login(alice)
    auth = web.auth()
    assert (auth.user, auth.is_fresh) == (alice, True)


def test_F113_client_with_stale_login(web, alice):
    web.force_login(alice, fresh=False)
    auth = web.auth()
    assert (auth.user, auth.is_fresh) == (alice, False)


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("mode", [None, "basic", "strong"])
def test_F114_client_under_protection(web, alice, settings, mode, fresh):
    """Ours: the client binds its login as a real one, so that every mode accepts it, as fresh as it was made."""
    settings.SESSIONAUTH_SESSION_PROTECTION = mode
    browser = Web(asgi=web.asgi)
    browser.force_login(alice, fresh=fresh)
    auth = browser.auth()
    assert (auth.user, auth.is_fresh) == (alice, fresh)
