"""People whom a manager or a tenant's queryset hides: by no session, token, key or password do they come in."""

from __future__ import annotations

import base64

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate, get_user_model
from django.utils import timezone

from sessionauth.models import AccessToken, APIKey, LoginSession
from tests.asking import Sent, ask
from tests.contracts import MODEL_BACKEND, signed_in_browser

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls")]

OURS = "sessionauth.backends.SessionAuthBackend"


def shown(request):
    """Show the users of the tenant that the host names; a request is what tells it."""
    tenant = request.META.get("HTTP_X_TENANT", "") if request is not None else ""
    return get_user_model()._default_manager.filter(email__endswith=f"@{tenant}.example")


@pytest.fixture
def alice(make_user):
    return make_user("alice", email="alice@a.example")


@pytest.fixture
def _tenants(settings):
    settings.SESSIONAUTH_USER_QUERYSET = f"{__name__}.shown"
    settings.SESSIONAUTH_AUTHENTICATORS = [
        "sessionauth.authenticators.token.BearerAuthenticator",
        "sessionauth.authenticators.api_key.APIKeyAuthenticator",
        "sessionauth.authenticators.basic.BasicAuthenticator",
        "sessionauth.authenticators.session.SessionAuthenticator",
    ]


def ways_in(user, password):
    """Return everything with which `user` can come."""
    basic = base64.b64encode(f"{user.get_username()}:{password}".encode()).decode()
    return {
        "session": Sent(cookies=signed_in_browser(user, MODEL_BACKEND)),
        "session of ours": Sent(cookies=signed_in_browser(user, OURS)),
        "bearer": Sent({"Authorization": f"Bearer {AccessToken.objects.issue(user=user)[1]}"}),
        "key": Sent({"X-Api-Key": APIKey.objects.issue(user=user)[1]}),
        "basic": Sent({"Authorization": f"Basic {basic}"}),
    }


@pytest.mark.usefixtures("_tenants")
@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_tenant__comes_in_at_home_and_nowhere_else(way, alice, password):
    for name, sent in ways_in(alice, password).items():
        for tenant, comes_in in (("a", True), ("b", False), ("", False), ("a", True)):
            answer = ask(way, "/tell/", sent.also(X_Tenant=tenant))
            assert (b'"user": "alice"' in answer.body) is comes_in, (name, tenant, answer)


@pytest.mark.usefixtures("_tenants")
def test_tenant__elsewhere_signs_nobody_out_at_home(alice, password):
    """A look at another tenant's site must not end the session: the cookie may be good for both."""
    sent = ways_in(alice, password)["session"]
    ask("wsgi", "/tell/", sent.also(X_Tenant="b"))
    assert not LoginSession.objects.exclude(revoked_at=None).exists()


@pytest.mark.usefixtures("_tenants")
def test_tenant__password_and_secret_are_good_at_home_only(alice, password, rf, settings):
    own = ["sessionauth.backends.TokenAuthBackend", "sessionauth.backends.APIKeyAuthBackend"]
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, *own]
    _, token = AccessToken.objects.issue(user=alice)
    _, key = APIKey.objects.issue(user=alice)
    for credentials in ({"username": "alice", "password": password}, {"token": token}, {"api_key": key}):
        for call in (authenticate, async_to_sync(aauthenticate)):
            assert call(rf.get("/", headers={"X-Tenant": "a"}), **credentials) == alice
            assert call(rf.get("/", headers={"X-Tenant": "b"}), **credentials) is None
            assert call(None, **credentials) is None


@pytest.mark.usefixtures("_tenants")
def test_tenant__key_of_nobodys_is_good_everywhere(alice):
    _, secret = APIKey.objects.issue(user=None)
    answer = ask("wsgi", "/tell/", Sent({"X-Api-Key": secret, "X-Tenant": "b"}))
    assert b'"state": "program"' in answer.body


@pytest.mark.every_project
@pytest.mark.skipif("left_at" not in {field.name for field in get_user_model()._meta.fields}, reason="hides nobody")
@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_softly_deleted__comes_in_by_nothing(way, make_user, password, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [
        *settings_default(),
        "sessionauth.authenticators.basic.BasicAuthenticator",
    ]
    alice = make_user("alice")
    entries = ways_in(alice, password)
    for sent in entries.values():
        assert b'"user": "alice"' in ask(way, "/tell/", sent).body
    alice.left_at = timezone.now()
    alice.save()
    for name, sent in entries.items():
        assert b"alice" not in ask(way, "/tell/", sent).body, name
    assert authenticate(None, username="alice", password=password) is None


def settings_default():
    return [
        "sessionauth.authenticators.token.BearerAuthenticator",
        "sessionauth.authenticators.api_key.APIKeyAuthenticator",
        "sessionauth.authenticators.session.SessionAuthenticator",
    ]
