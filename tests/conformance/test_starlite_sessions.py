"""starlite-sessions' tests, asked of this app. "Ours:" marks where we answer differently on purpose, and why."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings

from sessionauth import openapi
from tests.conformance.views import secret
from tests.contrib import desk

pytestmark = pytest.mark.django_db


def sign_in(request):
    request.session["user_id"] = request.POST["user_id"]
    return HttpResponse(status=201)


def clear(request):
    request.session.flush()
    return HttpResponse(status=204)


urlpatterns = [
    path("sign-in/", sign_in),
    path("clear/", clear),
    path("user/", secret),
    path("", include("tests.conformance.urls")),
]


@pytest.mark.urls("tests.conformance.test_starlite_sessions")
def test_S1_authentication(web, make_user, settings):
    """Ours: a key of the project's own stays in the session when it names nobody; only the loader knows what it is."""
    settings.SESSIONAUTH_USER_LOADER = "tests.conformance.callbacks.named_in_session"
    alice = make_user("alice")
    assert web.program("/user/").status_code == 401

    web.post("/sign-in/", {"user_id": alice.pk})
    assert web.program("/user/").content == b"secret of alice"

    assert web.get("/clear/").status_code == 204
    assert web.program("/user/").status_code == 401

    web.post("/sign-in/", {"user_id": alice.pk + 1})
    assert web.program("/user/").status_code == 401


@pytest.mark.urls("tests.conformance.test_starlite_sessions")
def test_S1_authentication__session_of_djangos_own_login_is_cleared(web, make_user, settings):
    alice = make_user("alice")
    web.force_login(alice)
    settings.SESSIONAUTH_USER_LOADER = "tests.conformance.callbacks.named_in_session"
    response = web.program("/user/")
    assert response.status_code == 401
    assert web.request_of(response).session.is_empty()
    settings.SESSIONAUTH_USER_LOADER = None
    assert web.program("/user/").status_code == 401


def test_S2_openapi(settings):
    """Ours: the scheme names the real cookie, where theirs says Set-Cookie."""
    settings.SESSION_COOKIE_NAME = "desk"
    assert openapi.security_schemes()["sessionAuth"] == {"type": "apiKey", "in": "cookie", "name": "desk"}
    assert {"sessionAuth": []} in openapi.security_requirements()


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_S4_openapi(settings, version):
    """The document that a framework makes of its views names the real cookie."""
    settings.SESSION_COOKIE_NAME = "desk"
    settings.REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "sessionauth.contrib.spectacular.AutoSchema"}
    with patched_settings({"OAS_VERSION": version}):
        document = SchemaGenerator(patterns=desk.api).get_schema(request=None, public=True)
    schemes = document["components"]["securitySchemes"]
    assert schemes["sessionAuth"] == {"type": "apiKey", "in": "cookie", "name": "desk"}
    assert any("sessionAuth" in way for way in document["paths"]["/api/whoami/"]["get"]["security"])
