"""Our actions beside a `get_actions()` as Django has it before 6.1 or since, and projects for either."""

from __future__ import annotations

from enum import Enum
from types import SimpleNamespace

import pytest
from django.contrib.admin.options import IS_POPUP_VAR

from sessionauth.admin.actions import actions_of, takes_actions


class Where(Enum):
    """As Django's ActionLocation, which is there since 6.1."""

    CHANGE_FORM = "CHANGE_FORM"
    CHANGE_LIST = "CHANGE_LIST"


def of_before(request):
    return {"before": request}


def of_since(request, action_location=Where.CHANGE_LIST):
    return {action_location: request}


@pytest.mark.parametrize(
    ("ask", "where", "names"),
    [
        (of_before, None, ["before"]),
        (of_before, Where.CHANGE_LIST, ["before"]),
        (of_before, Where.CHANGE_FORM, []),
        (of_since, None, [Where.CHANGE_LIST]),
        (of_since, Where.CHANGE_LIST, [Where.CHANGE_LIST]),
        (of_since, Where.CHANGE_FORM, [Where.CHANGE_FORM]),
    ],
)
def test_actions__are_asked_as_whoever_has_them_expects(rf, ask, where, names):
    assert list(actions_of(ask, rf.get("/"), where)) == names


@pytest.mark.parametrize(
    ("query", "actions", "where", "expected"),
    [
        ("", (), None, True),
        ("", (), Where.CHANGE_LIST, True),
        ("", (), Where.CHANGE_FORM, False),
        ("", None, Where.CHANGE_LIST, False),
        (f"?{IS_POPUP_VAR}=1", (), Where.CHANGE_LIST, False),
    ],
)
def test_ours__are_of_lists_that_have_actions(rf, query, actions, where, expected):
    assert takes_actions(SimpleNamespace(actions=actions), rf.get("/" + query), where) is expected
