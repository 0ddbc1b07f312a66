"""Beside simplejwt, knox and REST framework's own tokens, in one list of default classes, in a project of its own."""

from __future__ import annotations

import pytest

from tests.project.run import run_in_project
from tests.project.settings import INSTALLED_APPS

pytestmark = [pytest.mark.once, pytest.mark.slow]

OURS = "sessionauth.contrib.rest_framework.RequestAuthentication"
KNOX, AUTHTOKEN = "knox.auth.TokenAuthentication", "rest_framework.authentication.TokenAuthentication"
JWT, SESSION = (
    "rest_framework_simplejwt.authentication.JWTAuthentication",
    "rest_framework.authentication.SessionAuthentication",
)
APPS = [*INSTALLED_APPS, "rest_framework", "rest_framework.authtoken", "knox"]

ASK = """
from django.contrib.auth import get_user_model
from django.test import Client
from knox.models import AuthToken
from rest_framework.authtoken.models import Token
from rest_framework_simplejwt.tokens import AccessToken as JWT

from openapi_spec_validator import validate
from drf_spectacular.generators import SchemaGenerator
from sessionauth.models import AccessToken, APIKey
from tests.contrib.rest_framework import default_urls

alice = get_user_model().objects.create_user("alice", is_superuser=True)
client = Client()
session = Client()
session.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")

def who(**headers):
    answer = client.get("/defaults/", headers=headers)
    return answer.status_code, answer.json().get("user"), answer.json().get("auth")

sent = {
    "ours": {"Authorization": f"Bearer {AccessToken.objects.issue(user=alice)[1]}"},
    "key": {"X-Api-Key": APIKey.objects.issue(user=alice)[1]},
    "narrow": {"X-Api-Key": APIKey.objects.issue(user=alice, scopes=[])[1]},
    "jwt": {"Authorization": f"Bearer {JWT.for_user(alice)}"},
    "knox": {"Authorization": f"Token {AuthToken.objects.create(alice)[1]}"},
    "authtoken": {"Authorization": f"Token {Token.objects.create(user=alice).key}"},
    "wrong jwt": {"Authorization": "Bearer e.y.J"},
    "wrong ours": {"Authorization": "Bearer sa_pat_x"},
    "nobody": {},
}
print({name: who(**headers) for name, headers in sent.items()} | {"session": session.get("/defaults/").json()["user"]})
validate(SchemaGenerator(patterns=default_urls.urlpatterns).get_schema(request=None, public=True))
"""


def answers(*classes):
    ran = run_in_project(
        ASK,
        migrate=True,
        INSTALLED_APPS=APPS,
        ROOT_URLCONF="tests.contrib.rest_framework.default_urls",
        REST_FRAMEWORK={
            "DEFAULT_AUTHENTICATION_CLASSES": list(classes),
            "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
            "DEFAULT_THROTTLE_CLASSES": ["sessionauth.contrib.rest_framework.CredentialRateThrottle"],
            "DEFAULT_SCHEMA_CLASS": "sessionauth.contrib.spectacular.AutoSchema",
            "EXCEPTION_HANDLER": "sessionauth.contrib.rest_framework.handlers.exception_handler",
        },
    )
    assert ran.returncode == 0, ran.stderr
    return eval(ran.stdout)  # noqa: S307


def test_default_classes__each_knows_its_own():
    found = answers(OURS, JWT, KNOX, SESSION)
    assert found["ours"] == found["key"] == (200, "alice", "UserToken")
    assert found["jwt"] == (200, "alice", "AccessToken")
    assert found["knox"] == (200, "alice", "AuthToken")
    assert found["session"] == "alice"
    assert {name: found[name][0] for name in ("narrow", "wrong jwt", "wrong ours", "nobody")} == {
        "narrow": 403,
        "wrong jwt": 401,
        "wrong ours": 401,
        "nobody": 401,
    }


def test_default_classes__behind_others():
    """Only simplejwt refuses every Bearer that is none of its own: ours stands before it."""
    found = answers(AUTHTOKEN, OURS, JWT)
    assert found["ours"] == found["key"] == (200, "alice", "UserToken")
    assert found["authtoken"] == (200, "alice", "Token")
    assert found["jwt"] == (200, "alice", "AccessToken")
    found = answers(JWT, OURS)
    assert (found["ours"][0], found["key"]) == (401, (200, "alice", "UserToken"))
