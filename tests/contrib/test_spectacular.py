"""REST framework's document of an API, by drf-spectacular: valid, true, and good enough to drive a client."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from openapi_spec_validator import validate

from sessionauth.contrib.rest_framework import NotImpersonating
from sessionauth.models import AccessToken, APIKey
from tests.contrib import desk
from tests.contrib.fuzzing import statuses_by_who
from tests.contrib.rest_framework.app import READ, SCOPES, WRITE

pytestmark = [pytest.mark.django_db, pytest.mark.coat, pytest.mark.urls("tests.contrib.desk")]

SESSION = "sessionauth.authenticators.session.SessionAuthenticator"
VERSIONS = ["3.0.3", "3.1.0"]


@pytest.fixture(autouse=True)
def project(settings):
    settings.SESSIONAUTH_SCOPES = SCOPES
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework", "drf_spectacular"]
    settings.REST_FRAMEWORK = {
        "DEFAULT_SCHEMA_CLASS": "sessionauth.contrib.spectacular.AutoSchema",
        "EXCEPTION_HANDLER": "sessionauth.contrib.rest_framework.handlers.exception_handler",
    }


@pytest.fixture
def alice(make_user):
    alice = make_user("alice")
    alice.user_permissions.set(Permission.objects.filter(content_type__model="group"))
    return alice


def document(version="3.1.0"):
    with patched_settings({"OAS_VERSION": version}):
        return json.loads(json.dumps(SchemaGenerator(patterns=desk.api).get_schema(request=None, public=True)))


@pytest.mark.parametrize("version", VERSIONS)
def test_document__is_valid(version):
    validate(document(version))


def test_schemes__are_those_of_the_project(settings):
    assert set(document()["components"]["securitySchemes"]) == {"bearerAuth", "apiKeyAuth", "sessionAuth"}
    settings.SESSION_COOKIE_NAME = "desk"
    settings.SESSIONAUTH_AUTHENTICATORS = [
        {"NAME": "sessionauth.authenticators.api_key.APIKeyAuthenticator", "OPTIONS": {"header": "X-Desk"}},
        SESSION,
    ]
    found = document()["components"]["securitySchemes"]
    assert {scheme["name"] for scheme in found.values()} == {"X-Desk", "desk"}
    validate(document())


def test_schemes__of_classes_whose_carriers_the_middleware_does_not_know(settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [SESSION]
    asked = document()["paths"]["/api/names/"]["get"]["security"]
    assert {name for way in asked for name in way} == {"bearerAuth", "apiKeyAuth"}
    validate(document())


def test_schemes__tell_which_scopes_there_are():
    found = document()["components"]["securitySchemes"]
    for name in ("bearerAuth", "apiKeyAuth"):
        for words in ("`groups:read`: Read groups.", "`groups:write`: Write groups.", "`sessionauth:issue`: "):
            assert words in found[name]["description"]
    assert "description" not in found["sessionAuth"]


def test_operations__name_the_scopes_they_need():
    paths = document()["paths"]
    expected = {
        ("/api/groups/", "get"): {"bearerAuth": [[READ]], "apiKeyAuth": [[READ]], "sessionAuth": [[READ]]},
        ("/api/groups/", "post"): {"bearerAuth": [[WRITE]], "apiKeyAuth": [[WRITE]], "sessionAuth": [[WRITE]]},
        ("/api/whoami/", "get"): {
            "bearerAuth": [[READ], [WRITE]],
            "apiKeyAuth": [[READ], [WRITE]],
            "sessionAuth": [[READ], [WRITE]],
        },
        ("/api/names/", "get"): {"bearerAuth": [[READ]], "apiKeyAuth": [[READ]]},
        ("/api/groups/{id}/rename/", "post"): {
            "bearerAuth": [[WRITE, "auth.change_group"]] * 2,
            "apiKeyAuth": [[WRITE, "auth.change_group"]] * 2,
            "sessionAuth": [[WRITE], [WRITE, "auth.change_group"]],
        },
    }
    for (path, method), wanted in expected.items():
        found: dict[str, list[list[str]]] = {}
        for way in paths[path][method]["security"]:
            for name, scopes in way.items():
                found.setdefault(name, []).append(scopes)
        assert found == wanted, path
    assert {} in paths["/api/open/"]["get"]["security"]


def test_operations__name_no_scopes_where_the_version_has_no_place_for_them():
    for path in document("3.0.3")["paths"].values():
        for operation in path.values():
            assert all(scopes == [] for way in operation["security"] for scopes in way.values())


def test_descriptions__tell_the_scopes():
    paths = document("3.0.3")["paths"]
    assert paths["/api/whoami/"]["get"]["description"] == (
        "Tell who is there.\n\nScopes: `groups:read` or `groups:write`"
    )
    assert paths["/api/groups/"]["post"]["description"] == "Groups of people.\n\nScopes: `groups:write`"
    assert "`groups:write`, `auth.change_group`" in paths["/api/groups/{id}/rename/"]["post"]["description"]
    assert paths["/api/open/"]["get"]["description"] == "What everybody may see."


def test_client__driven_by_the_document_is_let_in(alice):
    """Reads the served document, places the secret where it says, asks for what it names, and gets it."""
    client = Client(enforce_csrf_checks=True)
    read = client.get("/schema/", headers={"Accept": "application/json"}).json()
    place: dict[str, Callable[[str], dict[str, str]]] = {}
    for name, scheme in read["components"]["securitySchemes"].items():
        if scheme["type"] == "http" and scheme["scheme"] == "bearer":
            place[name] = lambda secret: {"Authorization": f"Bearer {secret}"}
        elif scheme["type"] == "apiKey" and scheme["in"] == "header":
            place[name] = lambda secret, header=scheme["name"]: {header: secret}
    assert set(place) == {"bearerAuth", "apiKeyAuth"}
    operation = read["paths"]["/api/whoami/"]["get"]
    for name, model in (("bearerAuth", AccessToken), ("apiKeyAuth", APIKey), ("bearerAuth", APIKey)):
        way = next(way for way in operation["security"] if name in way)
        scope = READ if READ in operation["description"] else way[name][0]
        _, secret = model.objects.issue(user=alice, scopes=[scope])
        answer = client.get("/api/whoami/", headers=place[name](secret))
        assert (answer.status_code, answer.json()["user"]) == (200, "alice")
    assert client.get("/api/whoami/").status_code == 401


@pytest.mark.slow
def test_api__fails_at_nothing_that_its_document_allows(alice):
    Group.objects.create(pk=1, name="staff")
    granted = {"all": None, "read": [READ], "write": [WRITE, "auth.change_group"]}
    secrets = {name: APIKey.objects.issue(user=alice, scopes=scopes)[1] for name, scopes in granted.items()}
    asked = statuses_by_who(document(), {name: {"X-Api-Key": secret} for name, secret in secrets.items()})
    for name, seen in asked.items():
        assert {label for label, _ in seen} >= {"GET /api/groups/", "POST /api/groups/"}, name
        assert ("GET /api/whoami/", 200) in seen, name


@pytest.mark.slow
def test_api__fails_at_nothing_of_nobodys():
    headers = [{}, {"Authorization": "Bearer sa_pat_x"}, {"X-Api-Key": "sa_key_\xff"}]
    for who, seen in statuses_by_who(document(), {str(one): one for one in headers}, examples=5).items():
        assert {status for _, status in seen} <= {200, 400, 401, 403, 404, 405, 406, 415}, who


@pytest.mark.parametrize("version", VERSIONS)
def test_header__of_impersonation_stands_where_programs_get_in(settings, version, monkeypatch):
    assert "X-Act-As" not in json.dumps(document(version))
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "sessionauth.impersonation.middleware.ImpersonationMiddleware"]
    settings.SESSIONAUTH_IMPERSONATION_HEADER = "X-Act-As"
    found = document(version)
    validate(found)
    [told] = [one for one in found["paths"]["/api/open/"]["get"]["parameters"] if one["in"] == "header"]
    assert (told["name"], told.get("required", False)) == ("X-Act-As", False)
    assert "sessionauth:impersonate" in told["description"]
    monkeypatch.setattr(desk.Open, "permission_classes", [NotImpersonating])
    assert "X-Act-As" not in json.dumps(document(version)["paths"]["/api/open/"])
    settings.SESSIONAUTH_AUTHENTICATORS = [SESSION]
    assert "X-Act-As" not in json.dumps(document(version)["paths"]["/api/whoami/"])
