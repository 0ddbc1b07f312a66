"""The permissions of declared scopes."""

from __future__ import annotations

import pytest

from tests.checks.asking import THINGS, codes, hint

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ([], []),
        (["auth.view_group", "admin.delete_logentry"], []),
        (["auth.veiw_group"], ["W017"]),
        (["billing.view_invoice", "billing.view_invoice"], ["W017"]),
        (["view_group"], ["E016"]),
        (["auth."], ["E016"]),
        ([""], ["E016"]),
    ],
)
def test_permissions(permissions, expected):
    assert codes(SESSIONAUTH_SCOPES={"read": ("To read", permissions)}) == expected


@pytest.mark.parametrize("name", ["sessionauth:issue", "sessionauth:anything"])
def test_names__of_this_app_are_not_to_be_declared(name):
    assert codes(SESSIONAUTH_SCOPES={name: ("Mine", [])}) == ["E195"]


def test_permissions__a_misspelt_one_is_guessed():
    scopes = {"read": ("To read", ["auth.veiw_group"])}
    assert hint("W017", SESSIONAUTH_SCOPES=scopes).startswith("Did you mean auth.view_group? ")


def test_permissions__of_a_backend_with_rules_of_its_own_may_have_any_name():
    scopes = {"read": ("To read", ["can_read", "books.borrow"])}
    backends = [f"{THINGS}.RulesBackend", "tests.checks.nowhere.Backend"]
    assert codes(SESSIONAUTH_SCOPES=scopes, AUTHENTICATION_BACKENDS=backends) == ["E070"]
