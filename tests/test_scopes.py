"""Scopes: permissions, and names declared for sets of them."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser, Permission

from sessionauth import scopes


@pytest.fixture(autouse=True)
def _declared(settings):
    settings.SESSIONAUTH_SCOPES = {
        "read": ("Read.", ["auth.view_user", "auth.view_group"]),
        "everybody": ("What anybody may.", []),
    }


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("read", ["auth.view_user", "auth.view_group"]),
        ("everybody", []),
        ("auth.view_user", ("auth.view_user",)),
        ("x", ()),
    ],
)
def test_permissions_of__are_those_declared_or_itself(scope, expected):
    assert scopes.permissions_of(scope) == expected


@pytest.mark.parametrize("scope", ["", "x", ".", "auth.", ".view_user", "READ", "read "])
def test_unknown__is_what_is_neither_declared_nor_a_permission(scope):
    assert scopes.unknown([scope, "read", "auth.view_user"]) == [scope]


@pytest.mark.parametrize(
    ("granted", "scope", "expected"),
    [
        (None, "read", True),
        (None, "anything", True),
        ([], "read", False),
        ([], "everybody", False),
        (["everybody"], "everybody", True),
        (["read"], "read", True),
        (["read"], "auth.view_user", True),
        (["read"], "auth.add_user", False),
        (["auth.view_user"], "read", False),
        (["auth.view_user", "auth.view_group"], "read", True),
        (["auth.view_user"], "auth.view_group", False),
        (["read"], "nonsense", False),
        (["auth.view_use"], "auth.view_user", False),
    ],
)
def test_grants__covers_what_it_names_and_what_that_stands_for(granted, scope, expected):
    assert scopes.grants(granted, scope) is expected


def holds(user, scope):
    """Ask both twins."""
    answer = scopes.holds(user, scope)
    assert async_to_sync(scopes.aholds)(user, scope) is answer
    return answer


@pytest.mark.django_db
def test_holds__asks_permissions(make_user):
    alice = make_user("alice")
    alice.user_permissions.add(Permission.objects.get(codename="view_user"))
    assert [holds(alice, scope) for scope in ("auth.view_user", "read", "everybody", "nonsense", "auth.")] == [
        True,
        False,
        True,
        False,
        False,
    ]


@pytest.mark.django_db
def test_holds__a_superuser_holds_all_that_means_something(make_user):
    root = make_user("root", is_superuser=True)
    assert [holds(root, scope) for scope in ("read", "x.y", "nonsense")] == [True, True, False]


@pytest.mark.django_db
def test_holds__an_inactive_superuser_holds_nothing(make_user):
    assert not holds(make_user("root", is_superuser=True, is_active=False), "auth.view_user")


def test_holds__nobody_holds_nothing():
    assert [holds(AnonymousUser(), scope) for scope in ("read", "everybody", "auth.view_user")] == [False] * 3


def test_holds__asks_the_users_own_scopes_first():
    class Own:
        def get_scopes(self):
            return ["desk:open"]

        is_authenticated = True

        def has_perms(self, permissions):
            return False

        async def ahas_perms(self, permissions):
            return False

    assert [holds(Own(), scope) for scope in ("desk:open", "read")] == [True, False]
