"""The exception handler: problem+json with codes."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import include, path
from rest_framework import exceptions
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer

from sessionauth.exceptions import InactiveUser, NotAuthenticated, TooManyAttempts
from tests.asking import Sent, ask
from tests.contrib.rest_framework.app import Tell
from tests.contrib.rest_framework.sending import both, key, token
from tests.contrib.rest_framework.urls import urlpatterns as ours

pytestmark = [pytest.mark.django_db, pytest.mark.coat, pytest.mark.urls(__name__)]

RAISED = {
    "missing": Http404("no"),
    "denied": PermissionDenied("no"),
    "invalid": exceptions.ValidationError({"name": ["Too long."]}),
    "parse": exceptions.ParseError(),
    "throttled": exceptions.Throttled(wait=7),
    "nobody": NotAuthenticated(),
    "too_many": TooManyAttempts(retry_after=9),
    "inactive": InactiveUser(),
    "teapot": type("Teapot", (exceptions.APIException,), {"status_code": 418})("Short and stout.", "teapot"),
    "broken": ZeroDivisionError("secret words"),
}


class Raises(Tell):
    permission_classes = []

    def get(self, request, name):
        raise RAISED[name]


urlpatterns = [*ours, path("raises/<name>/", Raises.as_view()), path("x/", include("rest_framework.urls"))]


@pytest.fixture(autouse=True)
def _ours(settings):
    handler = "sessionauth.contrib.rest_framework.handlers.exception_handler"
    settings.REST_FRAMEWORK = {"EXCEPTION_HANDLER": handler}


@pytest.mark.parametrize(
    ("name", "status", "code", "detail"),
    [
        ("missing", 404, "not_found", "no"),
        ("denied", 403, "forbidden", "no"),
        ("invalid", 400, "bad_request", "Bad Request"),
        ("parse", 400, "parse_error", "Malformed request."),
        ("throttled", 429, "throttled", "Request was throttled. Expected available in 7 seconds."),
        ("nobody", 401, "not_authenticated", "Authentication credentials were not provided."),
        ("too_many", 429, "too_many_attempts", "Too many attempts to sign in. Please try again later."),
        ("inactive", 403, "forbidden", None),
        ("teapot", 418, "teapot", "Short and stout."),
    ],
)
def test_problem__says_what_it_was(name, status, code, detail):
    answer = both(f"/raises/{name}/")
    assert (answer.status, answer.header("Content-Type")) == (status, "application/problem+json")
    body = json.loads(answer.body)
    assert (body["type"], body["status"], body["code"]) == ("about:blank", status, code)
    assert detail is None or body["detail"] == detail
    assert (answer.header("Cache-Control") == "no-store") is (status in (401, 403, 429))
    assert ("errors" in body) is (name == "invalid")
    assert (answer.header("Retry-After") is not None) is (name in ("throttled", "too_many"))
    assert (answer.header("WWW-Authenticate") is not None) is (name == "nobody")


def test_problem__of_what_did_not_validate_keeps_the_errors():
    assert json.loads(both("/raises/invalid/").body)["errors"] == {"name": ["Too long."]}


def test_problem__says_nothing_of_what_rest_framework_would_not_answer():
    answer = ask("client", "/raises/broken/")
    assert (answer.status, b"secret words" in answer.body) == (500, False)


def test_problem__is_that_of_refused_credentials(alice):
    row_sent = key(alice, [])
    for path_, sent, status, code in (
        ("/known/", Sent(), 401, "not_authenticated"),
        ("/known/", row_sent, 403, "insufficient_scope"),
        ("/write/", token(alice), 403, "insufficient_scope"),
        ("/fresh/", token(alice), 403, "fresh_login_required"),
    ):
        answer = both(path_, sent)
        assert (answer.status, json.loads(answer.body)["code"]) == (status, code)


def test_problem__stands_on_a_page_where_one_was_asked_for(settings):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework"]
    view = Raises.as_view(renderer_classes=[BrowsableAPIRenderer, JSONRenderer])
    urlpatterns.append(path("page/<name>/", view))
    try:
        answer = ask("wsgi", "/page/missing/", Sent({"Accept": "text/html"}))
    finally:
        urlpatterns.pop()
    assert (answer.status, answer.header("Content-Type")) == (404, "text/html; charset=utf-8")
    assert b"not_found" in answer.body
