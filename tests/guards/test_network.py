"""From which networks one may sign in, and whom a backend lets in at all."""

from __future__ import annotations

import pytest
from django.contrib.auth.backends import ModelBackend

from sessionauth.backends import averify, verify
from sessionauth.exceptions import InactiveUser, LoginDenied
from sessionauth.guards.network import NetworkGuard
from tests.guards.entries import ACTIVE, NETWORK, request_from

pytestmark = pytest.mark.django_db

INSIDE, OUTSIDE, DENIED = "10.1.2.3", "192.0.2.1", "10.9.9.9"
RULES = {"NAME": NETWORK, "OPTIONS": {"allow": ["10.0.0.0/8", "2001:db8::/32"], "deny": ["10.9.0.0/16"]}}


@pytest.mark.parametrize(
    ("address", "comes_in"),
    [(INSIDE, True), ("2001:db8::1", True), ("::ffff:10.1.2.3", True), (OUTSIDE, False), (DENIED, False), ("", False)],
)
def test_network__by_the_address_alone(address, comes_in, guarded, make_user, password):
    alice = make_user("alice")
    guarded(RULES)
    credentials = {"username": "alice", "password": password}
    if comes_in:
        assert verify(request_from(address), credentials) == alice
    else:
        with pytest.raises(LoginDenied, match="network"):
            verify(request_from(address), credentials)


def test_network__without_a_request_is_nowhere(guarded, make_user, password):
    alice = make_user("alice")
    credentials = {"username": "alice", "password": password}
    guarded({"NAME": NETWORK, "OPTIONS": {"deny": ["0.0.0.0/0"]}})
    assert verify(None, credentials) == alice
    guarded(RULES)
    with pytest.raises(LoginDenied):
        verify(None, credentials)


@pytest.mark.once
@pytest.mark.parametrize("texts", ["10.0.0.0/8", ["10.0.0.0/33"], ["somewhere"]])
def test_network__is_not_made_of_nonsense(texts):
    with pytest.raises(ValueError, match="."):
        NetworkGuard(allow=texts)


@pytest.mark.once
@pytest.mark.parametrize("options", [{}, {"allow": []}, {"allow": (), "deny": []}])
def test_network__without_a_network_is_none(options):
    """It would refuse nobody, and whoever wrote it believes that it does."""
    with pytest.raises(ValueError, match="neither"):
        NetworkGuard(**options)


class Lenient(ModelBackend):
    """A backend that lets inactive people in, as AllowAllUsersModelBackend does."""

    def user_can_authenticate(self, user):
        return True


@pytest.mark.parametrize("is_async", [False, True])
def test_active__is_the_backends_to_say(is_async, guarded, make_user, password, settings):
    from asgiref.sync import async_to_sync

    check = async_to_sync(averify) if is_async else verify
    sleeper = make_user("sleeper", is_active=False)
    guarded(ACTIVE)
    credentials = {"username": "sleeper", "password": password}
    with pytest.raises(InactiveUser):
        check(request_from(), credentials)
    assert check(request_from(), {**credentials, "password": "wrong"}) is None
    settings.AUTHENTICATION_BACKENDS = ["sessionauth.backends.SessionAuthBackend", f"{__name__}.Lenient"]
    assert check(request_from(), credentials) == sleeper
