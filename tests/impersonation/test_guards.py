"""Guards to choose from: teams, places, consent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import RequestFactory
from django.utils import timezone

from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import guards, rules

pytestmark = pytest.mark.django_db


def asked(guard, actor, target, settings, address="192.0.2.7"):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = [f"sessionauth.impersonation.guards.{guard.__name__}"]
    return rules.allows(RequestFactory().get("/", REMOTE_ADDR=address), actor, target)


def test_same_group(root, alice, make_user, settings):
    bob, team = make_user("bob"), Group.objects.create(name="team")
    assert not asked(guards.same_group, bob, alice, settings)
    bob.groups.add(team)
    assert not asked(guards.same_group, bob, alice, settings)
    alice.groups.add(team)
    assert asked(guards.same_group, bob, alice, settings)
    bob.groups.set([Group.objects.create(name="another")])
    assert not asked(guards.same_group, bob, alice, settings)
    assert asked(guards.same_group, root, alice, settings)


@pytest.mark.parametrize(
    ("networks", "address", "expected"),
    [
        ([], "192.0.2.7", False),
        (["192.0.2.0/24"], "192.0.2.7", True),
        (["198.51.100.1", "192.0.2.7"], "192.0.2.7", True),
        (["192.0.2.0/24"], "198.51.100.7", False),
        (["192.0.2.0/24"], "", False),
        (["nonsense"], "192.0.2.7", False),
    ],
)
def test_allowed_networks(root, alice, settings, networks, address, expected):
    settings.SESSIONAUTH_IMPERSONATION_NETWORKS = networks
    assert asked(guards.allowed_networks, root, alice, settings, address) is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (lambda: True, True),
        (lambda: timezone.now() + timedelta(hours=1), True),
        (lambda: timezone.now() - timedelta(hours=1), False),
        (lambda: (timezone.now() + timedelta(hours=1)).replace(tzinfo=None), False),
        (lambda: False, False),
        (lambda: None, False),
        (lambda: "yes", False),
        (lambda: 1, False),
    ],
    ids=["yes", "until later", "until before", "naive", "no", "none", "text", "number"],
)
@pytest.mark.parametrize("is_method", [False, True])
def test_target_consented(root, alice, settings, said, expected, is_method):
    alice.allows_impersonation = said if is_method else said()
    assert asked(guards.target_consented, root, alice, settings) is expected


def test_target_consented__by_an_attribute_of_the_project(root, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_CONSENT = "profile.allows_support"
    assert not asked(guards.target_consented, root, alice, settings)
    alice.profile = type("Profile", (), {"allows_support": True})()
    assert asked(guards.target_consented, root, alice, settings)


def test_target_consented__says_why(root, alice):
    with pytest.raises(ImpersonationDenied) as denied:
        guards.target_consented(RequestFactory().get("/"), actor=root, target=alice)
    assert (denied.value.code, denied.value.says_why) == ("consent", True)
