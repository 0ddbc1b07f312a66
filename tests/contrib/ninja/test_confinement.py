"""A restricted credential reaches operations that state a scope, and nobody takes its owner for signed in elsewhere."""

from __future__ import annotations

from functools import wraps

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import ResolverMatch, resolve

from sessionauth import confinement
from sessionauth.confinement import Admission
from sessionauth.contrib.ninja.operations import path_view_of
from sessionauth.contrib.ninja.reach import admission
from sessionauth.models import AccessToken, APIKey
from sessionauth.request_state import state_of
from tests.contrib.ninja.site import DELETE, VIEW, WAYS

pytestmark = [pytest.mark.django_db, pytest.mark.coat, pytest.mark.urls("tests.contrib.ninja.site")]

STATES = {"scope", "both", "any", "token-scope", "django-scope", "scope-django", "foreign-scope", "token-then-scope"}
STATES |= {"django-token-scope", "session-then-token-scope", "token-scope-then-session"}


@pytest.fixture(params=["bearer", "api_key"])
def restricted(request, root):
    """Return the header of a superuser's credential that may view users."""
    if request.param == "bearer":
        return {"Authorization": f"Bearer {AccessToken.objects.issue(user=root, scopes=[VIEW])[1]}"}
    return {"X_Api_Key": APIKey.objects.issue(user=root, scopes=[VIEW])[1]}


def outcome(response):
    """Return the status and for whom it ran, if it did."""
    return response.status_code, response.json().get("user")


@pytest.mark.parametrize("api", ["api", "bare"])
@pytest.mark.parametrize("name", sorted(set(WAYS) - STATES - {"by-method"}))
def test_unstated__every_other_way_is_closed(ask, restricted, api, name):
    for method in ("GET", "POST"):
        response = ask(name, method, api=api, **restricted)
        assert outcome(response) == (403, None)
        assert response.json()["code"] == "insufficient_scope"


@pytest.mark.parametrize("name", ["django-scope", "scope-django"])
def test_beside_ninjas_session_class__the_scope_decides_in_either_order(ask, root, restricted, name):
    response = ask(name, "POST", **restricted)
    assert outcome(response) == (200, "root")
    assert response.json()["is_same"] is True
    _, other = AccessToken.objects.issue(user=root, scopes=[DELETE])
    assert outcome(ask(name, "POST", Authorization=f"Bearer {other}")) == (403, None)


def test_beside_a_foreign_class__what_it_accepts_runs_for_nobody(ask, root):
    """A request may carry our key and a foreign bearer; the latter never gives it the rights of the key's owner."""
    _, secret = APIKey.objects.issue(user=root, scopes=[VIEW])
    response = ask("foreign-scope", "POST", Authorization="Bearer let-me-in", X_Api_Key=secret)
    assert (response.status_code, response.json()["face"]) == (200, "foreign")
    assert (response.json()["user"], response.json()["auth"]) == ("", "")


def test_a_class_without_scope__leaves_it_to_the_next(ask, root, restricted):
    assert outcome(ask("token-then-scope", "POST", **restricted)) == (200, "root")


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("GET", (200, "root")),
        ("POST", (403, None)),
        ("PUT", (403, None)),
        ("PATCH", (200, "root")),
        ("DELETE", (403, None)),
    ],
)
@pytest.mark.parametrize("path", ["*/desk", "mixed/desk"])
def test_one_path__each_method_is_held_to_its_own_statement(ask, restricted, path, method, expected):
    assert outcome(ask.at(f"/api/{path.replace('*', ask.kind)}", method, **restricted)) == expected


def test_one_path__an_unrestricted_credential_is_held_to_none(ask, token):
    answers = {method: outcome(ask("desk", method, Authorization=f"Bearer {token}")) for method in ("GET", "POST")}
    assert answers == {"GET": (200, "alice"), "POST": (200, "alice")}


def test_one_path__a_method_that_is_not_there_is_ninjas_405(ask, restricted):
    assert ask("desk", "OPTIONS", **restricted).status_code == 405
    assert ask("desk", "HEAD", **restricted).status_code == 405


def test_by_method__what_is_not_named_is_closed(ask, restricted):
    assert outcome(ask("by-method", "GET", **restricted)) == (200, "root")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert outcome(ask("by-method", method, **restricted)) == (403, None)
    assert ask.at("/api/sync/several", "GET", **restricted).status_code == 200
    assert ask.at("/api/sync/several", "POST", **restricted).status_code == 403


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("strict/*/inherits", (200, "root")),
        ("strict/*/none", (403, None)),
        ("strict/*/django", (403, None)),
        ("strict/*/own", (403, None)),
        ("loose/*/inherits", (403, None)),
        ("loose/*/none", (403, None)),
        ("loose/*/django", (403, None)),
        ("loose/*/own", (403, None)),
    ],
)
def test_routers__the_operation_decides_then_the_router_then_the_api(ask, restricted, path, expected):
    assert outcome(ask(path, api="stated", **restricted)) == expected


@pytest.mark.parametrize("name", ["decorated", "inside"])
def test_decorators__a_scope_stated_by_one_counts(ask, root, restricted, name):
    assert outcome(ask(name, **restricted)) == (200, "root")
    _, other = AccessToken.objects.issue(user=root, scopes=[DELETE])
    assert outcome(ask(name, Authorization=f"Bearer {other}")) == (403, None)


@pytest.mark.parametrize("policy", ["redirect", "raise"])
def test_a_policy_for_nobody__does_not_take_it_for_nobody(settings, ask, restricted, policy):
    settings.SESSIONAUTH_ON_FAILURE = policy
    assert outcome(ask("scope", "POST", **restricted)) == (200, "root")
    assert ask("scope").status_code in (302, 401)


def test_a_lazy_callback__is_held_to_the_same(settings, ask, root):
    settings.SESSIONAUTH_AUTHENTICATORS = [
        {
            "NAME": "sessionauth.authenticators.callback.CallbackAuthenticator",
            "OPTIONS": {"callback": "tests.attacks.places.restricted_callback", "vary": ["X-Pass"]},
        }
    ]
    assert outcome(ask("scope", X_Pass=VIEW)) == (200, "root")
    assert outcome(ask("django-scope", X_Pass=VIEW)) == (200, "root")
    assert outcome(ask("django", X_Pass=VIEW))[1] is None
    assert outcome(ask("none", X_Pass=VIEW)) == (200, "")


def test_the_rest_of_ninja__its_documents_state_no_scope(ask, restricted):
    assert ask.at("/api/openapi.json", "GET", **restricted).status_code == 403


def request_for(path, method="GET"):
    request = RequestFactory().generic(method, path)
    request.resolver_match = resolve(path)
    return request


@pytest.mark.parametrize(
    ("path", "method", "expected"),
    [
        ("/api/sync/scope", "GET", Admission.AS_NOBODY),
        ("/api/sync/none", "GET", Admission.REFUSED),
        ("/api/sync/none", "TRACE", Admission.AS_NOBODY),
        ("/api/async/decorated", "GET", Admission.ADMITTED),
        ("/api/sync/inside", "GET", Admission.ADMITTED),
        ("/api/openapi.json", "GET", None),
    ],
)
def test_admission__of_each_kind(path, method, expected):
    request = request_for(path, method)
    assert admission(request.resolver_match.func, request) is expected


def test_admission__sees_through_wrappers_that_say_what_they_wrap():
    request = request_for("/api/sync/scope")
    inner = request.resolver_match.func

    @wraps(inner)
    def honest(request):
        return inner(request)

    def silent(request):
        return inner(request)

    held = path_view_of(inner)
    assert held is not None
    assert path_view_of(honest) is held
    assert path_view_of(silent) is None
    assert path_view_of(held.get_view) is held  # a bound method, as in older Ninja

    def mine(request, held=held):
        return HttpResponse(str(held))

    mine.__wrapped__ = mine  # a circle ends
    assert path_view_of(mine) is None
    silent_match = ResolverMatch(silent, (), {})
    assert confinement.admission(silent_match.func, request) is Admission.REFUSED


def test_pending__until_ninja_has_asked(ask, root, restricted):
    response = ask("scope", **restricted)
    request = response.wsgi_request if not ask.asgi else response.asgi_request
    assert state_of(request).pending is None
    assert state_of(request).token.user == root
