"""What other middlewares do to request.user, and what that means to us: we follow, and never fall over."""

from __future__ import annotations

import pickle

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.test import AsyncClient

from sessionauth import get_auth
from sessionauth.request_state import state_of
from sessionauth.sessions import registry
from tests.coexistence.conftest import request_of, vary

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.coexistence.idioms")]

OURS = "sessionauth.middleware.AuthenticationMiddleware"
HERE = "tests.coexistence.middlewares."
PAGES = ["/whoami/", "/awhoami/", "/auth-first/", "/aauth-first/"]
WRAPPERS = ["WrapsAndMarks", "WrapsCopy", "AsksDjango", "Looks", "Forgets"]
ASSIGNERS = ["Assigns", "AssignsLazily", "AssignsCached", "AssignsBoth"]


@pytest.fixture
def behind(settings):
    """`behind("Looks", "Forgets")`: put these middlewares behind ours, in this order."""

    def put(*names):
        at = settings.MIDDLEWARE.index(OURS) + 1
        settings.MIDDLEWARE = [*settings.MIDDLEWARE[:at], *(HERE + name for name in names), *settings.MIDDLEWARE[at:]]

    return put


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrapped_user__a_session_is_whose_it_is(browser, alice, behind, wrapper, page):
    behind(wrapper)
    browser.sign_in(alice)
    response = browser.get(page)
    told = response.json()
    assert (told["user"], told["auth"], told["method"]) == ("alice", "alice", "session")
    assert "cookie" in vary(response)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrapped_user__nobody_is_nobody(browser, behind, wrapper, page):
    behind(wrapper)
    told = browser.get(page).json()
    assert (told["user"], told["auth"], told["method"]) == (None, None, "")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("wrapper", ["WrapsAndMarks", "WrapsCopy", "Looks", "Forgets"])
def test_wrapped_user__a_key_is_whose_it_is(browser, alice, key, behind, wrapper, page):
    behind(wrapper)
    told = browser.get(page, X_Api_Key=key).json()
    assert (told["user"], told["auth"], told["method"]) == ("alice", "alice", "api_key")


@pytest.mark.parametrize(
    ("wrapper", "page"), [("WrapsAndMarks", "/whoami/"), ("WrapsAndMarks", "/awhoami/"), ("WrapsCopy", "/whoami/")]
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_wrapped_user__the_view_gets_the_wrapped_one(browser, alice, behind, wrapper, page, signed_in):
    behind(wrapper)
    if signed_in:
        browser.sign_in(alice)
    assert browser.get(page).json()["marked"] is signed_in


@pytest.mark.parametrize("wrapper", ["WrapsAndMarks", "WrapsCopy", "AsksDjango"])
def test_wrapped_user__stays_lazy(browser, alice, behind, wrapper, django_assert_num_queries):
    behind(wrapper)
    browser.sign_in(alice)
    with django_assert_num_queries(0):
        response = browser.get("/untouched/")
    assert "cookie" not in vary(response)
    assert state_of(request_of(response)).established is None


@pytest.mark.parametrize("page", ["/whoami/", "/auth-first/"])
@pytest.mark.parametrize("assigner", ASSIGNERS)
@pytest.mark.parametrize("looked", [False, True])
def test_assigned_user__is_the_user(browser, alice, bob, behind, assigner, page, looked):
    behind(*(["Looks", assigner] if looked else [assigner]))
    browser.sign_in(alice)
    told = browser.get(page, X_Act_As="bob").json()
    # Django's lazy user asks its cached slot once: after a look, nothing that is put there is seen.
    expected = "alice" if looked and assigner == "AssignsCached" else "bob"
    assert (told["user"], told["auth"]) == (expected, expected)


@pytest.mark.parametrize("page", ["/awhoami/", "/aauth-first/"])
@pytest.mark.parametrize("assigner", ["Assigns", "AssignsLazily", "AssignsBoth"])
def test_assigned_user__is_the_user_of_async_views(browser, alice, bob, behind, assigner, page):
    behind(assigner)
    browser.sign_in(alice)
    told = browser.get(page, X_Act_As="bob").json()
    assert (told["user"], told["auth"]) == ("bob", "bob")


@pytest.mark.parametrize("assigner", ASSIGNERS)
def test_assigned_user__is_nobodys_session(browser, alice, bob, behind, assigner):
    """Somebody whom other code knows is signed in, by no method of ours, and never fresh."""
    behind(assigner)
    told = browser.get("/whoami/", X_Act_As="bob").json()
    assert (told["user"], told["auth"], told["method"]) == ("bob", "bob", "external")


@pytest.mark.parametrize("assigner", ["AssignsCached", "AssignsBoth"])
@pytest.mark.parametrize("page", ["/whoami/", "/auth-first/"])
def test_user_cached_before_us__is_the_user(browser, alice, bob, settings, assigner, page):
    """As Django's middleware, ours takes whom a middleware above it found already."""
    settings.MIDDLEWARE = [HERE + assigner, *settings.MIDDLEWARE]
    browser.sign_in(alice)
    told = browser.get(page, X_Act_As="bob").json()
    assert (told["user"], told["auth"]) == ("bob", "bob")


def test_forgotten_user__is_asked_for_again_in_the_session_that_is_there_now(browser, alice, bob, settings):
    """As allauth's headless app client: the session is swapped after somebody had looked."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, HERE + "Looks", "tests.coexistence.test_idioms_user.SwapsSession"]
    browser.sign_in(bob)
    other = browser.client.cookies[settings.SESSION_COOKIE_NAME].value
    browser.client.cookies.clear()  # signing in over it would end it
    browser.sign_in(alice)
    told = browser.get("/whoami/", X_Session=other).json()
    assert (told["user"], told["auth"], told["method"]) == ("bob", "bob", "session")
    told = browser.get("/whoami/", X_Session="").json()
    assert (told["user"], told["auth"]) == (None, None)


def test_has_user__evaluates_nothing(browser, alice, django_assert_num_queries):
    browser.sign_in(alice)
    with django_assert_num_queries(0):
        response = browser.get("/has-user/")
    assert response.json() == {"has": [True, True, True, True]}
    assert "cookie" not in vary(response)


def SwapsSession(get_response):
    from importlib import import_module

    from tests.coexistence.middlewares import Forgets

    engine = import_module(settings.SESSION_ENGINE)

    def middleware(request):
        request.session = engine.SessionStore(request.headers["X-Session"] or None)
        Forgets(get_response).touch(request)
        return get_response(request)

    return middleware


def test_users__of_a_session_are_as_django_loads_them(browser, alice):
    """Nothing of our join is left on the user: projects pickle, compare, copy and cache them."""
    browser.sign_in(alice)
    user = get_auth(request_of(browser.get("/whoami/"))).user
    plain = type(alice)._default_manager.get(pk=alice.pk)
    assert set(user.__dict__) == set(plain.__dict__)
    assert user._state.fields_cache == plain._state.fields_cache == {}
    assert (user._state.adding, user._state.db) == (False, plain._state.db)
    assert user.get_deferred_fields() == set()
    assert type(pickle.loads(pickle.dumps(user))) is type(alice)  # noqa: S301 - our own
    assert user == plain == alice


def test_users__of_a_key_are_as_django_loads_them(browser, alice, key):
    user = get_auth(request_of(browser.get("/whoami/", X_Api_Key=key))).user
    plain = type(alice)._default_manager.get(pk=alice.pk)
    assert set(user.__dict__) == set(plain.__dict__)
    assert (user._state.fields_cache, user._state.db) == ({}, plain._state.db)


def test_nobody__equals_django_nobody_from_both_sides(browser):
    user = request_of(browser.get("/whoami/")).user
    assert user == AnonymousUser()
    assert AnonymousUser() == user
    assert not user != AnonymousUser()  # noqa: SIM202 - the other operator
    assert user in [AnonymousUser()]
    assert isinstance(user, AnonymousUser)
    assert (str(user), hash(user), user.pk, user.id) == ("AnonymousUser", hash(AnonymousUser()), None, None)
    assert user != object()


def test_revoked_browser__is_nobody_also_where_a_middleware_asks_django(browser, alice, behind):
    behind("AsksDjango")
    browser.sign_in(alice)
    assert browser.get("/whoami/").json()["user"] == "alice"
    registry.revoke_all(alice)
    assert browser.get("/whoami/").json() == {"user": None, "auth": None, "method": "", "marked": None}


def test_aforce_login__is_force_login(alice):
    async def story():
        client = AsyncClient()
        await client.aforce_login(alice)
        inside = (await client.get("/awhoami/")).json()["user"]
        await client.alogout()
        return inside, (await client.get("/awhoami/")).json()["user"]

    assert async_to_sync(story)() == ("alice", None)
