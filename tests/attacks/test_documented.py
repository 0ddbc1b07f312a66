"""Our own pages and endpoints, asked for everything that their document allows: none of it is a 5xx."""

from __future__ import annotations

from typing import Any

import pytest

from sessionauth import openapi
from sessionauth.models import AccessToken, APIKey
from sessionauth.scopes import ISSUE
from tests.contracts import signed_in_browser
from tests.contrib.fuzzing import statuses_by_who

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.contrib.desk"), pytest.mark.slow]

CSRF = "c" * 32


def of_nobody(user: Any) -> dict[str, str]:
    return {}


def of_person(user: Any) -> dict[str, str]:
    cookies = signed_in_browser(user) | {"csrftoken": CSRF}
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "X-CSRFToken": CSRF}


def of_token(user: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {AccessToken.objects.issue(user=user)[1]}"}


def of_issuer(user: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {AccessToken.objects.issue(user=user, scopes=[ISSUE, 'auth.view_group'])[1]}"}


def of_service(user: Any) -> dict[str, str]:
    return {"X-Api-Key": APIKey.objects.issue(user=None, scopes=[ISSUE])[1]}


def test_documented__nothing_fails(make_user):
    alice = make_user("alice")
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Desk", "version": "1"},
        "paths": openapi.paths(),
        "components": {"securitySchemes": openapi.security_schemes()},
        "security": openapi.security_requirements(),
    }
    headers = {ask.__name__: ask(alice) for ask in (of_nobody, of_person, of_token, of_issuer, of_service)}
    for who, seen in statuses_by_who(document, headers, examples=8).items():
        assert len({label for label, _ in seen}) > 20, who
        assert any(status < 300 for _, status in seen), who
