"""What the document says: valid, complete, with real names and scopes, and true: a client driven from it gets in."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from ninja import NinjaAPI
from openapi_spec_validator import validate

from sessionauth.contrib.ninja import AccessTokenAuth, APIKeyAuth, RequestAuth, SessionAuth, install
from sessionauth.models import AccessToken, APIKey
from tests.contrib.fuzzing import statuses_by_who
from tests.contrib.ninja.site import DELETE, VIEW, api, bare, stated

pytestmark = [pytest.mark.django_db, pytest.mark.coat, pytest.mark.urls("tests.contrib.ninja.site")]

BASIC = "sessionauth.authenticators.basic.BasicAuthenticator"
BEARER = "sessionauth.authenticators.token.BearerAuthenticator"
KEY = {"NAME": "sessionauth.authenticators.api_key.APIKeyAuthenticator", "OPTIONS": {"header": "X-Desk-Key"}}
SESSION = "sessionauth.authenticators.session.SessionAuthenticator"


def document(of=api):
    return json.loads(json.dumps(of.get_openapi_schema()))


def security(path, method="get", of=api):
    return document(of)["paths"][path][method].get("security")


@pytest.mark.parametrize("of", [api, stated, bare], ids=["api", "stated", "bare"])
def test_document__is_valid(of):
    validate(document(of))


def test_document__is_what_the_url_serves(client):
    assert client.get("/api/openapi.json").json() == document()


def test_schemes__have_the_real_names(settings):
    settings.SESSION_COOKIE_NAME = "__Host-desk"
    settings.SESSIONAUTH_AUTHENTICATORS = [BEARER, KEY, BASIC, SESSION]
    schemes = document()["components"]["securitySchemes"]
    assert schemes.pop("Foreign") == {"type": "http", "scheme": "bearer"}
    assert schemes.pop("SessionAuth")["in"] == "cookie"  # Ninja's own
    assert schemes == {
        "bearerAuth": {"type": "http", "scheme": "bearer"},
        "apiKeyAuth": {"type": "apiKey", "in": "header", "name": "X-Desk-Key"},
        "basicAuth": {"type": "http", "scheme": "basic"},
        "sessionAuth": {"type": "apiKey", "in": "cookie", "name": "__Host-desk"},
    }
    validate(document(bare))


@pytest.mark.parametrize(
    ("name", "method", "expected"),
    [
        ("token", "get", [{"bearerAuth": []}, {"apiKeyAuth": []}]),
        ("session", "get", [{"sessionAuth": []}]),
        ("request", "get", [{"bearerAuth": []}, {"apiKeyAuth": []}, {"sessionAuth": []}]),
        ("token-scope", "get", [{"bearerAuth": [VIEW]}, {"apiKeyAuth": [VIEW]}]),
        ("session-last", "post", [{"bearerAuth": []}, {"apiKeyAuth": []}, {"sessionAuth": []}]),
        ("foreign-first", "post", [{"sessionAuth": []}, {"Foreign": []}]),
        ("only-foreign", "get", [{"Foreign": []}]),
        ("none", "get", None),
    ],
)
def test_security__of_an_operation(name, method, expected):
    assert security(f"/api/sync/{name}", method) == expected


def test_security__has_the_scopes_of_each_method():
    assert {"bearerAuth": [VIEW]} in security("/api/sync/by-method", "get")
    assert {"bearerAuth": [DELETE]} in security("/api/sync/by-method", "post")
    assert security("/api/sync/by-method", "put") == []
    assert {"bearerAuth": [VIEW, DELETE]} in security("/api/sync/both")
    assert {"bearerAuth": [VIEW]} in security("/api/sync/any")
    assert {"bearerAuth": [DELETE]} in security("/api/sync/any")
    assert security("/api/sync/several", "post") == []


def test_responses__tell_of_the_refusals():
    responses = document()["paths"]["/api/sync/scope"]["get"]["responses"]
    assert set(responses) == {"200", "401", "403"}
    assert "application/problem+json" in responses["401"]["content"]
    assert set(document()["paths"]["/api/sync/none"]["get"]["responses"]) == {"200"}


@pytest.mark.parametrize("auth", [AccessTokenAuth(), APIKeyAuth(), SessionAuth(), RequestAuth()])
def test_without_install__each_class_is_one_real_scheme(auth):
    assert auth.openapi_security_schema in auth.schemes().values()


def test_without_authenticators__there_is_still_a_scheme(settings):
    settings.SESSIONAUTH_AUTHENTICATORS = []
    assert RequestAuth().openapi_security_schema == {"type": "http", "scheme": "bearer"}
    validate(document(bare))


def headers_for(scheme, secret):
    """Return what a generated client sends for `scheme`, knowing nothing but the document."""
    if scheme["type"] == "http":
        return {"Authorization": f"{scheme['scheme'].title()} {secret}"}
    assert scheme["in"] == "header"
    return {scheme["name"]: secret}


@pytest.mark.slow
def test_a_client_driven_from_the_document__gets_in_where_it_says_and_nowhere_without(root, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [BEARER, KEY]
    told = document()
    schemes = told["components"]["securitySchemes"]
    client, asked = Client(enforce_csrf_checks=True), 0
    for path, item in told["paths"].items():
        for method, operation in item.items():
            for requirement in operation.get("security", []):
                (name, scopes), *_ = requirement.items()
                if name not in ("bearerAuth", "apiKeyAuth") or "fresh" in path or "throttled" in path:
                    continue
                kind = APIKey if path.endswith("/key") else AccessToken
                _, secret = kind.objects.issue(user=root, scopes=scopes or None)
                sent = headers_for(schemes[name], secret)
                assert client.generic(method.upper(), path, headers=sent).status_code == 200, (method, path, name)
                assert client.generic(method.upper(), path).status_code in (401, 403), (method, path)
                asked += 1
    assert asked > 100


FUZZED = ("scope", "by-method", "session-first", "foreign-last", "desk", "fresh")


@pytest.mark.slow
def test_fuzzed__nothing_is_a_5xx(root):
    told = document()
    told["paths"] = {path: item for path, item in told["paths"].items() if path.rsplit("/", 1)[1] in FUZZED}
    secrets = {
        "nonsense": "sa_pat_mistyped",
        "restricted": AccessToken.objects.issue(user=root, scopes=[VIEW])[1],
        "unrestricted": AccessToken.objects.issue(user=root)[1],
    }
    headers = {carrier: {"Authorization": f"Bearer {secret}"} for carrier, secret in secrets.items()} | {"nothing": {}}
    for carrier, seen in statuses_by_who(told, headers, examples=3).items():
        got_in = {asked for asked, status in seen if status == 200}
        assert ("GET /api/sync/scope" in got_in) is (carrier in ("restricted", "unrestricted")), carrier
        assert ("DELETE /api/async/desk" in got_in) is (carrier == "unrestricted"), carrier
        assert len(seen) > 20, carrier


@pytest.fixture
def root(make_user):
    return make_user("root", is_superuser=True)


def test_header__of_impersonation_stands_where_programs_get_in(settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "sessionauth.impersonation.middleware.ImpersonationMiddleware"]
    settings.SESSIONAUTH_IMPERSONATION_HEADER = "X-Act-As"
    made = install(NinjaAPI(urls_namespace="acting"))
    ways = {
        "any": RequestAuth(),
        "token": AccessTokenAuth(),
        "session": SessionAuth(),
        "self": RequestAuth(not_impersonating=True),
    }
    for name, way in ways.items():
        made.get(f"/{name}/", auth=way, operation_id=name)(lambda request, n: n)
    found = json.loads(json.dumps(made.get_openapi_schema(path_prefix="/")))
    validate(found)
    told = {
        address.strip("/").rpartition("/")[2]: [one["name"] for one in item["get"]["parameters"]]
        for address, item in found["paths"].items()
    }
    assert told == {"any": ["n", "X-Act-As"], "token": ["n", "X-Act-As"], "session": ["n"], "self": ["n"]}
