"""The API asked by what its own OpenAPI document allows: each answer has a status that the document tells."""

from __future__ import annotations

import pytest

from sessionauth.models import APIKey
from sessionauth.openapi import paths, security_requirements, security_schemes
from sessionauth.scopes import ISSUE
from sessionauth.views.api import described
from tests.contrib.fuzzing import statuses_by_who
from tests.views.api.asking import ask

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls"), pytest.mark.slow]


def test_document__what_it_allows_has_an_answer_that_it_tells(make_user, password):
    alice = make_user("alice")
    told = described.paths()
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Desk", "version": "1"},
        "paths": told,
        "components": {"securitySchemes": security_schemes()},
        "security": security_requirements(),
    }
    obtained = ask("post", "token/", {"username": "alice", "password": password}).json()
    headers = {
        "a signed-in program": {"Authorization": f"Bearer {obtained['access_token']}"},
        "a key that may issue": {"X-Api-Key": APIKey.objects.issue(user=alice, scopes=[ISSUE])[1]},
    }
    for who, seen in statuses_by_who(document, headers, examples=8).items():
        assert len(seen) > len(told), who
        for label, status in seen:
            method, path = label.split(" ", 1)
            told_of = told[path][method.lower()]["responses"]
            assert str(status) in told_of or status == 405, (who, label, status)
    assert paths().keys() > told.keys()
