"""The security part of an OpenAPI document: valid, complete, and true of this project."""

from __future__ import annotations

import pytest
from django.urls import NoReverseMatch, include, path
from openapi_spec_validator import validate

from sessionauth.authenticators import active
from sessionauth.models import APIKey
from sessionauth.openapi import parameters, paths, security_requirements, security_schemes

pytestmark = pytest.mark.once

TOKEN = "sessionauth.authenticators.token.TokenAuthenticator"
KEY = "sessionauth.authenticators.api_key.APIKeyAuthenticator"
EVERYTHING = [
    "sessionauth.authenticators.token.BearerAuthenticator",
    TOKEN,
    KEY,
    "sessionauth.authenticators.basic.BasicAuthenticator",
    "sessionauth.authenticators.session.SessionAuthenticator",
]


def document(version: str) -> dict[str, object]:
    return {
        "openapi": version,
        "info": {"title": "Desk", "version": "1"},
        "paths": {"/whoami/": {"get": {"responses": {"200": {"description": "Who it is."}}}}},
        "components": {"securitySchemes": security_schemes()},
        "security": security_requirements(),
    }


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("authenticators", [None, EVERYTHING], ids=["default", "everything"])
def test_document__is_valid(settings, version, authenticators):
    if authenticators is not None:
        settings.SESSIONAUTH_AUTHENTICATORS = authenticators
    validate(document(version))
    assert len(security_schemes()) == (3 if authenticators is None else 5)


def test_schemes__have_the_real_names(settings):
    settings.SESSION_COOKIE_NAME = "__Host-desk"
    settings.SESSIONAUTH_AUTHENTICATORS = [
        {"NAME": KEY, "OPTIONS": {"header": "X-Desk-Key", "query_param": "key"}},
        {"NAME": TOKEN, "OPTIONS": {"keyword": "Desk", "header": "X-Desk"}},
        "sessionauth.authenticators.session.SessionAuthenticator",
    ]
    found = {(scheme["in"], scheme["name"]) for scheme in security_schemes().values()}
    assert found == {
        ("header", "X-Desk-Key"),
        ("query", "key"),
        ("header", "X-Desk"),
        ("cookie", "__Host-desk"),
    }
    assert "`Desk <secret>`" in {scheme.get("description") for scheme in security_schemes().values()}
    validate(document("3.1.0"))


def test_requirements__any_one_scheme_is_enough():
    assert security_requirements() == [{name: []} for name in security_schemes()]


@pytest.mark.parametrize(
    "entries",
    [
        [{"NAME": KEY, "OPTIONS": {"header": "X-Api-Key"}}, {"NAME": KEY, "OPTIONS": {"header": "X-Old-Key"}}],
        [{"NAME": TOKEN, "OPTIONS": {"keyword": "Token"}}, {"NAME": TOKEN, "OPTIONS": {"keyword": "ApiKey"}}],
        [{"NAME": TOKEN, "OPTIONS": {"header": "X-One"}}, {"NAME": TOKEN, "OPTIONS": {"header": "X-Two"}}],
    ],
    ids=["headers of keys", "keywords", "headers of tokens"],
)
def test_authenticator_that_stands_twice__is_described_twice(settings, entries):
    settings.SESSIONAUTH_AUTHENTICATORS = entries
    assert len(security_schemes()) == len(security_requirements()) == 2
    validate(document("3.1.0"))


def test_authenticator_with_a_name_of_its_own__has_a_name_that_openapi_takes(settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [{"NAME": TOKEN, "OPTIONS": {"name": "desk / größer"}}]
    validate(document("3.1.0"))


def test_project_without_authenticators__asks_for_nothing(settings):
    settings.SESSIONAUTH_AUTHENTICATORS = []
    assert (security_schemes(), security_requirements()) == ({}, [])
    validate(document("3.1.0"))


@pytest.mark.urls("tests.account_urls")
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_paths__are_valid_and_at_the_addresses_of_the_project(version):
    validate(document(version) | {"paths": paths()})
    assert "/account/session/" in paths()
    assert "/account/devices/{id}/end/" in paths()
    assert "/account/keys/{kind}/{id}/rotate/" in paths()
    assert "/api/auth/keys/{id}/rotate/" in paths()


@pytest.mark.parametrize("name", ["sessionauth.urls", "sessionauth.api_urls"])
def test_paths__are_those_that_are_included(settings, name):
    settings.ROOT_URLCONF = type("urls", (), {"urlpatterns": [path("only/", include(name))]})
    assert paths()
    assert all(address.startswith("/only/") for address in paths())
    validate(document("3.1.0") | {"paths": paths()})


def test_paths__of_neither_are_a_clear_error():
    with pytest.raises(NoReverseMatch):
        paths()


@pytest.mark.django_db
@pytest.mark.urls("tests.account_urls")
def test_paths__say_what_the_pages_answer(client, make_user, password):
    """Every answer below has a status that stands in the document, and the members that its schema requires."""
    make_user("alice")
    asked = [
        ("/account/session/", "post", {"username": "alice", "password": "wrong"}),
        ("/account/session/", "post", {"username": "alice"}),
        ("/account/session/", "post", {"username": "alice", "password": password}),
        ("/account/session/", "get", None),
        ("/account/confirm/", "post", {"password": password}),
        ("/account/devices/", "get", None),
        ("/account/devices/others/end/", "post", {}),
        ("/account/password/reset/", "post", {"email": "alice@example.org"}),
        ("/account/unlock/", "post", {"username": "alice"}),
        ("/account/logout/", "post", {}),
        ("/account/session/", "delete", None),
    ]
    headers = {"accept": "application/json"}
    for address, method, body in asked:
        answer = getattr(client, method)(address, body, content_type="application/json", headers=headers)
        _is_as_told(address, method, answer)


def _is_as_told(address, method, answer):
    told = paths()[address][method]["responses"][str(answer.status_code)]
    for content in told.get("content", {}).values():
        assert set(content["schema"]["required"]) <= set(answer.json()), address


IMPERSONATION = "sessionauth.impersonation.middleware.ImpersonationMiddleware"


@pytest.mark.django_db
@pytest.mark.urls("tests.account_urls")
def test_paths__say_what_the_pages_about_impersonation_answer(client, make_user, settings):
    start, own = "/account/impersonate/{pk}/", "/account/impersonation/"
    assert start not in paths()
    place = settings.MIDDLEWARE.index("sessionauth.middleware.AuthenticationMiddleware") + 1
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:place], IMPERSONATION, *settings.MIDDLEWARE[place:]]
    for version in ("3.0.3", "3.1.0"):
        validate(document(version) | {"paths": paths()})
    alice, why = make_user("alice"), {"reason": "ticket 7"}
    client.force_login(make_user("root", is_superuser=True))
    asked = [
        (start, "get", None),
        (start, "post", {}),
        (start, "post", why),
        (start, "post", why),
        (f"{own}upgrade/", "post", why),
        (f"{own}extend/", "post", why),
        (own, "get", None),
        (own, "delete", None),
        (f"{own}extend/", "post", why),
        ("/account/impersonate/", "post", {**why, "user": "nobody"}),
        ("/account/impersonate/", "post", {**why, "user": "alice"}),
        (f"{own}stop/", "post", {}),
    ]
    headers = {"accept": "application/json"}
    for address, method, body in asked:
        url = address.replace("{pk}", str(alice.pk))
        answer = getattr(client, method)(url, body, content_type="application/json", headers=headers)
        _is_as_told(address, method, answer)


@pytest.mark.django_db
@pytest.mark.urls("tests.account_urls")
def test_paths__say_what_the_tokens_of_impersonation_answer(client, make_user, settings):
    address = "/api/auth/impersonation/"
    assert address not in paths()
    place = settings.MIDDLEWARE.index("sessionauth.middleware.AuthenticationMiddleware") + 1
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:place], IMPERSONATION, *settings.MIDDLEWARE[place:]]
    settings.SESSIONAUTH_IMPERSONATION_TOKENS = True
    for version in ("3.0.3", "3.1.0"):
        validate(document(version) | {"paths": paths()})
    make_user("alice")
    client.force_login(make_user("root", is_superuser=True))
    asked = [
        ("post", {}),
        ("post", {"user": "nobody", "reason": "ticket 7"}),
        ("post", {"user": "alice", "reason": "ticket 7", "scopes": ["auth.view_user"]}),
        ("get", None),
        ("delete", None),
        ("get", None),
    ]
    for method, body in asked:
        answer = getattr(client, method)(address, body, "application/json", headers={"accept": "application/json"})
        _is_as_told(address, method, answer)


def test_parameters__the_header_where_it_is_on(settings):
    settings.SESSIONAUTH_IMPERSONATION_HEADER = "X-Act-As"
    settings.SESSIONAUTH_IMPERSONATION_HEADER_LOOKUPS = ["pk", "email"]
    assert parameters() == {}  # nothing reads it
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, IMPERSONATION]
    found = parameters()
    assert found["ImpersonatedUser"]["name"] == "X-Act-As"
    assert "by primary key or as `email:value`" in found["ImpersonatedUser"]["description"]
    for version in ("3.0.3", "3.1.0"):
        told = document(version)
        told["components"]["parameters"] = found
        told["paths"]["/whoami/"]["get"]["parameters"] = [{"$ref": "#/components/parameters/ImpersonatedUser"}]
        validate(told)
    settings.SESSIONAUTH_IMPERSONATION_HEADER = None
    assert parameters() == {}


@pytest.mark.django_db
@pytest.mark.urls("tests.account_urls")
def test_paths__say_what_the_api_answers(client, make_user, password):
    make_user("alice")
    given = {"username": "alice", "password": password}
    headers, kind = {"accept": "application/json"}, "application/json"
    granted = client.post("/api/auth/token/", given, kind).json()
    headers["authorization"] = f"Bearer {granted['access_token']}"
    asked = [
        ("token/", "post", given),
        ("token/", "post", given | {"password": "wrong"}),
        ("token/refresh/", "post", {"refresh_token": "nonsense"}),
        ("token/", "get", None),
        ("tokens/", "get", None),
        ("tokens/", "post", {}),
        ("tokens/revoke-all/", "post", {}),
        ("token/rotate/", "post", {}),
        ("token/rotate/", "post", {}),
        ("token/revoke/", "post", {}),
    ]
    for address, method, body in asked:
        answer = getattr(client, method)(f"/api/auth/{address}", body, content_type=kind, headers=headers)
        _is_as_told(f"/api/auth/{address}", method, answer)


@pytest.mark.django_db
def test_schemes__are_the_way_in(client, make_user):
    """What the document says is what a client has to do."""
    alice = make_user("alice")
    _, secret = APIKey.objects.issue(user=alice)
    client.force_login(alice)
    cookies = {scheme["name"] for scheme in security_schemes().values() if scheme.get("in") == "cookie"}
    assert cookies == set(client.cookies)
    client.logout()
    header = next(scheme["name"] for scheme in security_schemes().values() if scheme.get("in") == "header")
    assert client.get("/whoami/", headers={header: secret}).json() == {"user": alice.get_username()}
    scheme = next(scheme["scheme"] for scheme in security_schemes().values() if scheme["type"] == "http")
    assert client.get("/whoami/", headers={"Authorization": f"{scheme} {secret}"}).status_code == 200


def test_schemes__of_some_authenticators_keep_their_names(settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [KEY, {"NAME": KEY, "OPTIONS": {"header": "X-Desk-Key"}}]
    second = active()[1]
    assert security_schemes(lambda one: one is second) == {
        "apiKeyAuth2": {"type": "apiKey", "in": "header", "name": "X-Desk-Key"}
    }
    assert security_schemes(lambda one: False) == {}


def test_requirements__carry_scopes_where_they_are_given():
    assert security_requirements("desk:read", "desk:write")[0] == {"bearerAuth": ["desk:read", "desk:write"]}
    assert security_requirements()[0] == {"bearerAuth": []}
