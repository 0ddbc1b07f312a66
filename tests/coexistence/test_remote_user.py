"""Django's RemoteUserMiddleware behind ours: the web server says who it is, and the session keeps it."""

from __future__ import annotations

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, get_user_model

from sessionauth.models import LoginSession

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.coexistence.idioms")]

REMOTE, MODEL = "django.contrib.auth.backends.RemoteUserBackend", "django.contrib.auth.backends.ModelBackend"
BACKENDS = {
    "remote": [REMOTE],
    "remote and model": [REMOTE, MODEL],
    "ours in front": ["sessionauth.backends.SessionAuthBackend", REMOTE, MODEL],
    "ours in front, model first": ["sessionauth.backends.SessionAuthBackend", MODEL, REMOTE],
}


@pytest.fixture(params=BACKENDS, autouse=True)
def _backends(request, settings):
    settings.AUTHENTICATION_BACKENDS = BACKENDS[request.param]


@pytest.fixture
def remote(settings):
    """`remote("RemoteUserMiddleware")`: put Django's middleware of that name behind ours."""

    def put(name):
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"django.contrib.auth.middleware.{name}"]

    return put


def ask(browser, name=None):
    # Under ASGI Django reads the header, under WSGI the variable of the web server.
    if name is None:
        return browser.get("/whoami/")
    if browser.asgi:
        return browser.get("/whoami/", Remote_User=name)
    return browser.client.get("/whoami/", REMOTE_USER=name)


def told(response):
    return {name: response.json()[name] for name in ("user", "auth", "method")}


def test_remote_user__is_signed_in_and_made(browser, remote):
    remote("RemoteUserMiddleware")
    assert told(ask(browser, "carol")) == {"user": "carol", "auth": "carol", "method": "session"}
    assert get_user_model().objects.filter(username="carol").count() == 1
    assert browser.client.session[BACKEND_SESSION_KEY] == REMOTE
    assert told(ask(browser, "carol"))["user"] == "carol"
    assert LoginSession.objects.filter(revoked_at=None).count() == 1


def test_remote_user__another_takes_over(browser, remote):
    remote("RemoteUserMiddleware")
    ask(browser, "carol")
    assert told(ask(browser, "dave")) == {"user": "dave", "auth": "dave", "method": "session"}


def test_remote_user__without_the_header_is_signed_out(browser, remote):
    remote("RemoteUserMiddleware")
    ask(browser, "carol")
    assert told(ask(browser)) == {"user": None, "auth": None, "method": ""}
    assert not LoginSession.objects.filter(revoked_at=None).exists()


def test_persistent_remote_user__without_the_header_stays(browser, remote):
    remote("PersistentRemoteUserMiddleware")
    ask(browser, "carol")
    assert told(ask(browser)) == {"user": "carol", "auth": "carol", "method": "session"}


def test_persistent_remote_user__a_key_is_whose_it_is(browser, remote, alice, key):
    remote("PersistentRemoteUserMiddleware")
    told_to_key = browser.get("/whoami/", X_Api_Key=key).json()
    assert (told_to_key["user"], told_to_key["method"]) == ("alice", "api_key")


def test_remote_user__signs_out_a_key_as_everybody_whom_it_did_not_sign_in(browser, remote, alice, key):
    """Django's rule for whoever comes without the header; what must not happen is that the key is somebody else."""
    remote("RemoteUserMiddleware")
    assert told(browser.get("/whoami/", X_Api_Key=key)) == {"user": None, "auth": None, "method": ""}


def test_remote_user__somebody_who_may_not_sign_in_is_nobody(browser, remote, make_user):
    remote("RemoteUserMiddleware")
    make_user("gone", is_active=False)
    assert told(ask(browser, "gone"))["user"] is None
