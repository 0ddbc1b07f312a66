"""The API asked by what its own OpenAPI document allows: each answer has a status that the document tells."""

from __future__ import annotations

import pytest

from sessionauth.models import APIKey
from sessionauth.openapi import paths, security_requirements, security_schemes
from sessionauth.scopes import ISSUE
from sessionauth.views.api import described
from tests.contrib.fuzzing import statuses
from tests.views.api.asking import ask

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls"), pytest.mark.slow]


@pytest.mark.parametrize("who", ["a signed-in program", "a key that may issue"])
def test_document__what_it_allows_has_an_answer_that_it_tells(make_user, password, who):
    alice = make_user("alice")
    told = described.paths()
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Desk", "version": "1"},
        "paths": told,
        "components": {"securitySchemes": security_schemes()},
        "security": security_requirements(),
    }
    seen = statuses(document, headers_of(who, alice, password), examples=8)
    assert len(seen) > len(told)
    for (label, status), _ in seen.items():
        method, path = label.split(" ", 1)
        assert str(status) in told[path][method.lower()]["responses"] or status == 405, (label, status)
    assert paths().keys() > told.keys()


def headers_of(who, alice, password):
    if who == "a signed-in program":
        given = {"username": "alice", "password": password}
        return {"Authorization": f"Bearer {ask('post', 'token/', given).json()['access_token']}"}
    return {"X-Api-Key": APIKey.objects.issue(user=alice, scopes=[ISSUE])[1]}
