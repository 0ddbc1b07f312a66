"""Scopes: permissions, and names declared for sets of them."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser, Permission

from sessionauth import LoginState, UserToken, scopes
from sessionauth.models import APIKey
from sessionauth.scopes import Requirement


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


def test_declared__lists_what_a_form_offers_and_a_document_tells():
    assert scopes.declared() == [
        ("read", "Read.", ("auth.view_user", "auth.view_group")),
        ("everybody", "What anybody may.", ()),
        (scopes.ISSUE, "Issue keys and tokens that may do no more than this one.", ()),
    ]


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        (None, False),
        ([], False),
        (["auth.view_user", "read", "everybody"], False),
        (["sessionauth"], False),
        ([scopes.ISSUE], True),
    ],
)
def test_issue__is_held_only_where_it_was_granted_by_name(granted, expected):
    assert scopes.grants(granted, scopes.ISSUE) is expected


def test_issue__cannot_be_redeclared(settings):
    settings.SESSIONAUTH_SCOPES = {scopes.ISSUE: ("Mine.", []), "all": ("All.", [scopes.ISSUE])}
    assert not scopes.grants(None, scopes.ISSUE)
    assert not scopes.grants(["all"], scopes.ISSUE)
    assert not scopes.grants([scopes.ISSUE], "all")
    assert [scope.name for scope in scopes.declared()] == ["all", scopes.ISSUE]


@pytest.mark.django_db
def test_issue__is_nobodys_without_a_credential_that_has_it(make_user):
    root = make_user("root", is_superuser=True)
    assert scopes.is_known(scopes.ISSUE)
    tokens = {
        "session": UserToken(root, LoginState.FRESH, "session"),
        "unrestricted": UserToken(root, LoginState.PROGRAM, "bearer"),
        "restricted": UserToken(root, LoginState.PROGRAM, "bearer", granted=["auth.view_user"]),
        "granted": UserToken(root, LoginState.PROGRAM, "bearer", granted=[scopes.ISSUE]),
        "nobody's": UserToken(AnonymousUser(), LoginState.PROGRAM, "api_key"),
        "nobody": UserToken(AnonymousUser(), LoginState.ANONYMOUS),
    }
    assert [name for name, token in tokens.items() if scopes.ISSUE in token] == ["granted"]
    assert tokens["granted"].scopes == [scopes.ISSUE]
    assert async_to_sync(tokens["granted"].ahas_scope)(scopes.ISSUE)
    assert not async_to_sync(tokens["unrestricted"].ahas_scope)(scopes.ISSUE)


def test_restricted__is_also_a_credential_that_only_some_methods_are_for():
    for methods, expected in ((None, False), (["GET"], True), ([], True), ("nonsense", True)):
        token = UserToken(AnonymousUser(), LoginState.PROGRAM, credential=APIKey(methods=methods))
        assert token.is_restricted is expected


BY_METHOD = {"GET": "a", "post": [["b"], ["a", "c"]]}


@pytest.mark.parametrize(
    ("stated", "method", "held", "expected"),
    [
        (["a"], "GET", "a", True),
        (["a"], "GET", "b", False),
        (["a", "b"], "GET", "a", False),
        (["a", "b"], "GET", "ab", True),
        ([["a", "b"]], "GET", "a", False),
        ([("a", "b")], "GET", "ab", True),
        ([[["a"], ["b", "c"]]], "GET", "a", True),
        ([[["a"], ["b", "c"]]], "GET", "b", False),
        ([[["a"], ["b", "c"]]], "POST", "bc", True),
        ([BY_METHOD], "GET", "a", True),
        ([BY_METHOD], "HEAD", "a", True),
        ([BY_METHOD], "POST", "a", False),
        ([BY_METHOD], "POST", "ac", True),
        ([BY_METHOD], "PUT", "abc", False),
        ([BY_METHOD], "OPTIONS", "abc", False),
        ([BY_METHOD], "get", "abc", False),
        ([BY_METHOD], None, "abc", False),
        ([BY_METHOD | {"*": "d"}], "PUT", "d", True),
        ([BY_METHOD | {"*": "d"}], "POST", "d", False),
        ([BY_METHOD | {"*": "d"}], "*", "abc", False),
    ],
)
def test_requirement__one_all_any_and_by_method(stated, method, held, expected):
    async def has(scope):
        return scope in held

    requirement = Requirement.of(*stated)
    assert requirement.is_met(method, held.__contains__) is expected
    assert async_to_sync(requirement.ais_met)(method, has) is expected
    assert Requirement.of(requirement) is requirement


def test_requirement__names_and_tells_its_scopes():
    requirement = Requirement.of(BY_METHOD)
    assert requirement.names() == ["a", "b", "c"]
    assert [requirement.told(method) for method in ("HEAD", "POST", "PUT")] == [("a",), ("b",), ()]
    assert Requirement.of("a", "b").told("PUT") == ("a", "b")


@pytest.mark.parametrize(
    "stated",
    [
        (),
        ("",),
        ("a b",),
        ([],),
        ({},),
        ([[]],),
        ([["a"], []],),
        (["a", ["b"]],),
        (["a", ""],),
        ([[["a"]]],),
        (["a"], ["b"]),
        ("a", ["b"]),
        (None,),
        (1,),
        (b"a",),
        ([b"a"],),
        ([1],),
        ({"a"},),
        ({"GET": None},),
        ({"GET": []},),
        ({"": "a"},),
        ({1: "a"},),
        ({"HEAD": "a"},),
        ({"get": "a", "GET": "b"},),
        ({"GET": {"GET": "a"}},),
        ([{"GET": "a"}],),
    ],
    ids=repr,
)
def test_requirement__of_nothing_or_nonsense_is_an_error(stated):
    with pytest.raises(TypeError, match="takes scopes as"):
        Requirement.of(*stated)
