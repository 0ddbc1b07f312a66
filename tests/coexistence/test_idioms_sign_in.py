"""Signing in and out in the middle of a request: every way to ask who it is agrees, before and after."""

from __future__ import annotations

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY
from django.test import Client

from sessionauth.models import LoginSession

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.coexistence.idioms")]

LOOKS = ["looked", "unseen"]
ACTS_IN, ACTS_OUT = ["login", "alogin"], ["logout", "alogout"]
WAYS = {"user", "auser", "auth", "aauth", "face", "django", "adjango"}


def everybody_says(name):
    return dict.fromkeys(WAYS, name)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("act", ACTS_IN)
def test_signing_in__is_seen_at_once(browser, bob, act, look):
    told = browser.post(f"/change/{act}/{look}/", X_Act_As="bob").json()
    assert told["before"] in (None, everybody_says(None))
    assert told["after"] == everybody_says("bob")
    assert browser.get("/whoami/").json()["user"] == "bob"


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("act", ACTS_IN)
def test_signing_in_as_somebody_else__is_seen_at_once(browser, alice, bob, act, look):
    browser.sign_in(alice)
    told = browser.post(f"/change/{act}/{look}/", X_Act_As="bob").json()
    assert told["before"] in (None, everybody_says("alice"))
    assert told["after"] == everybody_says("bob")
    assert browser.get("/awhoami/").json()["user"] == "bob"
    assert LoginSession.objects.filter(user=bob, revoked_at=None).count() == 1


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("act", ACTS_IN)
def test_signing_in_again__keeps_one_login_session(browser, alice, act, look):
    browser.sign_in(alice)
    assert browser.post(f"/change/{act}/{look}/", X_Act_As="alice").json()["after"] == everybody_says("alice")
    assert LoginSession.objects.filter(user=alice, revoked_at=None).count() == 1
    assert browser.get("/whoami/").json()["method"] == "session"


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("act", ACTS_OUT)
def test_signing_out__is_seen_at_once(browser, alice, act, look):
    browser.sign_in(alice)
    told = browser.post(f"/change/{act}/{look}/").json()
    assert told["before"] in (None, everybody_says("alice"))
    assert told["after"] == everybody_says(None)
    assert browser.get("/whoami/").json()["user"] is None


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("act", ACTS_OUT)
def test_signing_out__of_nobody_is_nothing(browser, act, look):
    assert browser.post(f"/change/{act}/{look}/").json()["after"] == everybody_says(None)
    assert not LoginSession.objects.exists()


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("act", ACTS_OUT)
def test_signing_out__with_a_key_leaves_the_browser_signed_in_as_django_does_not(browser, alice, bob, key, act, look):
    """A view that logs out ends the session that came along, as before us, and the key is nobody for the rest."""
    browser.sign_in(bob)
    told = browser.post(f"/change/{act}/{look}/", X_Api_Key=key).json()
    assert told["after"] == everybody_says(None)
    assert browser.get("/whoami/").json()["user"] is None


@pytest.mark.parametrize("look", LOOKS)
def test_assigning_the_user__is_seen_by_all_but_the_session(browser, alice, bob, look):
    browser.sign_in(alice)
    told = browser.post(f"/change/assign/{look}/", X_Act_As="bob").json()
    assert told["after"] == everybody_says("bob") | {"django": "alice", "adjango": "alice"}
    assert browser.get("/whoami/").json()["user"] == "alice"


@pytest.mark.parametrize("path", ["/new-password/", "/anew-password/"])
def test_update_session_auth_hash__keeps_this_browser_and_ends_the_others(browser, alice, path):
    other = Client()
    other.force_login(alice)
    browser.sign_in(alice)
    assert browser.post(path).content == b"alice"
    assert browser.get("/whoami/").json() == {"user": "alice", "auth": "alice", "method": "session", "marked": None}
    assert other.get("/whoami/").json()["user"] is None


@pytest.mark.parametrize("path", ["/new-password/", "/anew-password/"])
def test_update_session_auth_hash__keeps_a_browser_from_before_the_app(browser, alice, path):
    browser.sign_in(alice)
    forget_sid(browser.client)
    assert browser.post(path).content == b"alice"
    assert browser.get("/whoami/").json()["user"] == "alice"
    assert browser.get("/whoami/").json()["user"] == "alice"


def forget_sid(client):
    session = client.session
    del session["_sessionauth"]
    session.save()
    LoginSession.objects.all().delete()


def test_force_login__names_a_backend_that_outlives_ours(browser, alice):
    """Django's test client takes the first backend; a session that names ours would end with our line."""
    browser.sign_in(alice)
    assert browser.client.session[BACKEND_SESSION_KEY] == "django.contrib.auth.backends.ModelBackend"


def test_login_in_two_steps__names_a_backend_that_outlives_ours(rf, client, alice, password):
    """As two-factor packages do: `user.backend` is kept, and given to the user who is loaded for the second step."""
    from django.contrib.auth import authenticate, get_user_model, login

    backend = authenticate(None, username="alice", password=password).backend
    request = rf.get("/")
    request.session = client.session
    user = get_user_model().objects.get(pk=alice.pk)
    user.backend = backend
    login(request, user)
    assert request.session[BACKEND_SESSION_KEY] == "django.contrib.auth.backends.ModelBackend"
