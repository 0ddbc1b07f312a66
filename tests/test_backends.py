"""The backends; what SessionAuthBackend does with others behind it, the attacks tell."""

from __future__ import annotations

from datetime import timedelta
from inspect import signature
from operator import is_

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate, get_user_model
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from sessionauth import backends, crypto
from sessionauth.models import AccessToken, APIKey
from tests.asking import counted
from tests.attacks.trouble import without_table

pytestmark = pytest.mark.django_db

CALLS = {"sync": authenticate, "async": async_to_sync(aauthenticate)}
KINDS = [(AccessToken, "token", "TokenAuthBackend"), (APIKey, "api_key", "APIKeyAuthBackend")]


@pytest.fixture(params=CALLS.values(), ids=list(CALLS))
def call(request):
    return request.param


@pytest.fixture(params=KINDS, ids=["token", "api_key"])
def kind(request, settings):
    model, word, name = request.param
    settings.SESSIONAUTH_AUDIT = False  # what is counted is what it costs to look
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, f"sessionauth.backends.{name}"]
    return model, word


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def test_secret__names_its_user(kind, call, alice):
    model, word = kind
    row, secret = model.objects.issue(user=alice)
    with counted() as statements:
        assert call(None, **{word: secret}) == alice
    assert len(statements) == 1


@pytest.mark.parametrize("scopes", [[], ["auth.view_user"]])
def test_secret__that_is_restricted_names_nobody(scopes, kind, call, alice):
    model, word = kind
    _, secret = model.objects.issue(user=alice, scopes=scopes)
    assert call(None, **{word: secret}) is None


@pytest.mark.parametrize("how", ["revoke", "expire", "deactivate", "delete"])
def test_secret__whose_time_is_over_names_nobody(how, kind, call, alice):
    model, word = kind
    row, secret = model.objects.issue(user=alice)
    if how == "revoke":
        row.revoke()
    elif how == "expire":
        model.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "deactivate":
        get_user_model().objects.update(is_active=False)
    else:
        alice.delete()
    assert call(None, **{word: secret}) is None


def test_secret__of_the_other_kind_names_nobody(kind, call, alice):
    model, word = kind
    other = APIKey if model is AccessToken else AccessToken
    _, secret = other.objects.issue(user=alice)
    with counted() as statements:
        assert call(None, **{word: secret}) is None
    assert statements == []


@pytest.mark.parametrize("secret", ["", "x", "sa_key_x", None, 1, b"sa_key_x", ["x"], "\0", "\ud800", "x" * 100_000])
def test_secret__malformed_names_nobody_without_a_query(secret, kind, call):
    with counted() as statements:
        assert call(None, **{kind[1]: secret}) is None
    assert statements == []


def test_secret__unknown_names_nobody(kind, call):
    model, word = kind
    assert call(None, **{word: crypto.new_secret("sa", model.kind)}) is None


def test_key_without_user__names_nobody(call, settings):
    settings.AUTHENTICATION_BACKENDS = ["sessionauth.backends.APIKeyAuthBackend"]
    _, secret = APIKey.objects.issue(user=None)
    assert call(None, api_key=secret) is None


@pytest.mark.django_db(transaction=True)
def test_secret__without_its_table_names_nobody(kind, call, alice):
    model, word = kind
    _, secret = model.objects.issue(user=alice)
    with without_table(model):
        assert call(None, **{word: secret}) is None


@pytest.mark.parametrize("name", ["SessionAuthBackend", "TokenAuthBackend", "APIKeyAuthBackend"])
def test_get_user__finds_as_djangos_does(name, alice):
    backend = getattr(backends, name)()
    assert backend.get_user(alice.pk) == async_to_sync(backend.aget_user)(alice.pk) == alice
    assert backend.get_user(0) is None
    get_user_model().objects.update(is_active=False)
    assert backend.get_user(alice.pk) is None


@pytest.mark.parametrize("name", ["SessionAuthBackend", "TokenAuthBackend", "APIKeyAuthBackend"])
def test_permissions__are_others_to_tell(name, make_user):
    backend = getattr(backends, name)()
    root = make_user("root", is_superuser=True)
    assert backend.get_all_permissions(root) == set()
    assert not backend.has_perm(root, "auth.view_user")


def test_session_auth_backend__refuses_for_all_behind_it(alice):
    with pytest.raises(PermissionDenied):
        backends.SessionAuthBackend().authenticate(None, username="alice", password="wrong")
    with pytest.raises(PermissionDenied):
        async_to_sync(backends.SessionAuthBackend().aauthenticate)(None, username="alice", password="wrong")


@pytest.mark.parametrize(
    "credentials", [{}, {"username": "alice"}, {"password": "x"}, {"username": None, "password": "x"}]
)
def test_session_auth_backend__without_name_or_password_asks_nobody(credentials, alice):
    with counted() as statements, pytest.raises(PermissionDenied):
        backends.SessionAuthBackend().authenticate(None, **credentials)
    assert statements == []


def test_session_auth_backend__has_its_signature_ready():
    """Django asks for it with each attempt; what is worked out anew is equal and never the same."""
    one, other = (signature(backends.SessionAuthBackend().authenticate) for _ in range(2))
    parameters = list(one.parameters.values())
    assert [str(parameter) for parameter in parameters] == ["request: 'HttpRequest | None'", "**credentials: 'Any'"]
    assert all(map(is_, parameters, other.parameters.values()))


def test_verified_by__is_the_mark_or_the_first_that_finds_users(alice, password):
    model_backend = "django.contrib.auth.backends.ModelBackend"
    assert backends.verified_by(authenticate(None, username="alice", password=password)) == model_backend
    assert backends.verified_by(alice) == model_backend


def test_verified_by__is_nobody_where_nobody_finds_users(alice, settings):
    settings.AUTHENTICATION_BACKENDS = ["sessionauth.backends.SessionAuthBackend"]
    assert backends.verified_by(alice) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [("sessionauth.backends.SessionAuthBackend", True), ("django.contrib.auth.backends.ModelBackend", False)],
)
def test_decides_for_others__is_true_of_ours_alone(path, expected):
    assert backends.decides_for_others(path) is expected
