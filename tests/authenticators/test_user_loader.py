"""SESSIONAUTH_USER_LOADER: a project's own way from a session to its user."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import include, path

from sessionauth.models import LoginSession
from sessionauth.sessions import registry
from tests.asking import WAYS, Sent, ask
from tests.contracts import signed_in_browser, who
from tests.project.ways_urls import urlpatterns as ways

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls")]
urlpatterns = [path("account/", include("sessionauth.urls")), *ways]


class Visitor:
    """A user that is no model."""

    is_authenticated = is_active = True
    pk = "visitor"

    def get_username(self):
        return "visitor"


def by_id(request, session):
    return get_user_model().objects.filter(pk=session.get("_auth_user_id")).first()


async def aby_id(request, session):
    return await get_user_model().objects.filter(pk=session.get("_auth_user_id")).afirst()


class ById:
    async def __call__(self, request, session):
        return await aby_id(request, session)


by_object = ById()


def by_name(request, session):
    return Visitor() if session.get("visitor") else None


def by_own_key(request, session):
    return get_user_model().objects.filter(pk=session.get("member")).first()


def other(request, session):
    return get_user_model().objects.get(username="bob")


def none(request, session):
    return None


def false(request, session):
    return False


def word(request, session):
    return "alice"


def anonymous(request, session):
    return AnonymousUser()


def fails(request, session):
    raise RuntimeError("down")


def use(settings, name):
    settings.SESSIONAUTH_USER_LOADER = f"{__name__}.{name}"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def browser(alice):
    return signed_in_browser(alice)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["by_id", "aby_id", "by_object"])
def test_loader__is_asked_instead_of_the_backend(name, way, browser, settings):
    use(settings, name)
    settings.AUTHENTICATION_BACKENDS = []
    told = who(ask(way, "/tell/", Sent(cookies=browser)))
    assert (told["user"], told["method"], told["credential"]) == ("alice", "session", "LoginSession")


@pytest.mark.parametrize("how", ["revoke", "password", "inactive", "delete_row"])
def test_loader__is_no_way_round_what_ends_a_session(how, alice, browser, settings):
    use(settings, "by_id")
    if how == "revoke":
        registry.revoke_all(alice)
    elif how == "password":
        alice.set_password("another")
        alice.save()
    elif how == "inactive":
        get_user_model().objects.update(is_active=False)
    else:
        LoginSession.objects.all().delete()
    answer = ask("wsgi", "/tell/", Sent(cookies=browser))
    assert who(answer)["user"] is None
    assert 'sessionid=""' in answer.header("Set-Cookie")


def test_loader__that_names_somebody_else_does_not_make_them_signed_in(browser, make_user, settings):
    make_user("bob")
    use(settings, "other")
    assert who(ask("wsgi", "/tell/", Sent(cookies=browser)))["user"] is None


@pytest.mark.parametrize(
    ("name", "is_ended"), [("none", True), ("anonymous", True), ("false", False), ("word", False), ("fails", False)]
)
@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_loader__that_names_nobody_lets_nobody_in(way, name, is_ended, browser, settings):
    """None ends the session; a loader that is broken leaves it for when it is mended."""
    use(settings, name)
    answer = ask(way, "/tell/", Sent(cookies=browser))
    assert (answer.status, who(answer)["user"], answer.sets_cookies) == (200, None, is_ended)


def test_loader__may_know_users_of_its_own_in_a_session_of_its_own(settings):
    use(settings, "by_name")
    client = Client()
    session = client.session
    session["visitor"] = True
    session.save()
    client.cookies["sessionid"] = session.session_key
    told = who(ask("wsgi", "/tell/", Sent(cookies={"sessionid": session.session_key})))
    assert (told["user"], told["state"], told["credential"]) == ("visitor", "stale", None)


@pytest.fixture
def member(settings, make_user, password):
    """A browser that the project has signed in by a key of its own, and whose login is confirmed."""
    use(settings, "by_own_key")
    client = Client()
    enter(client, make_user("alice"))
    client.post("/account/confirm/", {"password": password})
    assert who(ask("wsgi", "/tell/", sent(client)))["state"] == "fresh"
    return client


def enter(client, user):
    session = client.session
    session["member"] = user.pk
    session.save()
    client.cookies["sessionid"] = session.session_key


def sent(client):
    return Sent(cookies={"sessionid": client.cookies["sessionid"].value})


@pytest.mark.urls(__name__)
def test_own_key__is_listed_once_it_is_confirmed_and_ends_with_its_row(member):
    LoginSession.objects.get().revoke()
    assert who(ask("wsgi", "/tell/", sent(member)))["user"] is None


@pytest.mark.urls(__name__)
def test_own_key__takes_no_proof_along_to_somebody_else(member, make_user):
    enter(member, make_user("bob"))
    assert who(ask("wsgi", "/tell/", sent(member)))["state"] == "anonymous"


def test_loader__is_not_asked_without_a_session(settings):
    use(settings, "other")
    assert who(ask("wsgi", "/tell/"))["user"] is None


def test_failure__is_logged(browser, settings, caplog):
    use(settings, "fails")
    ask("wsgi", "/tell/", Sent(cookies=browser))
    assert "SESSIONAUTH_USER_LOADER failed" in caplog.text
