"""What the how-to says about frameworks that we have no coat for, done with one that has one view for everything."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Permission
from django.http import JsonResponse
from django.urls import path
from openapi_spec_validator import validate

from sessionauth import confinement, refusals
from sessionauth.confinement import Admission
from sessionauth.contrib.recognising import accept, recognise
from sessionauth.exceptions import InvalidCredential, LoginDenied, SeveralCredentials
from sessionauth.models import AccessToken
from sessionauth.openapi import security_requirements, security_schemes
from sessionauth.scopes import Requirement

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

VIEW = "auth.view_user"
OURS = "sessionauth.middleware.AuthenticationMiddleware"


# A framework: one view, and what is called stands in the query. Each call has its scopes, or none.
def whoami(request):
    return {"user": request.user.get_username()}


CALLS = {"open": (whoami, None), "list": (whoami, Requirement.of(VIEW))}


def rpc(request):
    call, requirement = CALLS[request.GET["call"]]
    if requirement is not None and (refusal := refused(request, requirement)) is not None:
        return refusal
    return JsonResponse(call(request))


# Our part of it.
def refused(request, requirement):
    """Return what to answer those who may not; None once `request.user` is who came in."""
    try:
        auth = recognise(request)
    except SeveralCredentials:
        return refusals.ambiguous(request)
    except LoginDenied as denial:
        return refusals.denied(request, denial, as_page=False)
    if isinstance(auth.failure, InvalidCredential):
        return refusals.invalid(request, auth.failure)
    if not auth.is_authenticated:
        return refusals.unauthorized(request, as_page=False)
    if not requirement.is_met(request.method, auth.has_scope):
        return refusals.forbidden(request, scopes=requirement.told(request.method))
    accept(request, auth)
    return None


@pytest.fixture(autouse=True)
def _judge(monkeypatch):
    """Have restricted credentials let in where the call states a scope, for the call to ask for it."""
    monkeypatch.setattr(confinement, "_judges", [])

    def judge(view, request):
        if view is not rpc:
            return None
        _, requirement = CALLS[request.GET["call"]]
        return Admission.REFUSED if requirement is None else Admission.AS_NOBODY

    confinement.ask(judge)


urlpatterns = [path("rpc/", rpc)]


@pytest.fixture(params=["with", "without"])
def middleware(request, settings):
    if request.param == "without":
        djangos = "django.contrib.auth.middleware.AuthenticationMiddleware"
        settings.MIDDLEWARE = [djangos if one == OURS else one for one in settings.MIDDLEWARE]


@pytest.fixture
def alice(make_user):
    user = make_user()
    user.user_permissions.add(Permission.objects.get(codename="view_user"))
    return user


def bearer(user, scopes):
    return {"Authorization": f"Bearer {AccessToken.objects.issue(user=user, scopes=scopes)[1]}"}


@pytest.mark.parametrize(
    ("scopes", "expected"), [(None, 200), ([VIEW], 200), (["auth.add_user"], 403), ([], 403)], ids=str
)
def test_a_call_that_states_a_scope__is_reached_with_it(middleware, client, alice, scopes, expected):
    answer = client.get("/rpc/?call=list", headers=bearer(alice, scopes))
    assert answer.status_code == expected
    if expected == 200:
        assert answer.json() == {"user": "alice"}
    else:
        assert 'scope="auth.view_user"' in answer["WWW-Authenticate"]


def test_a_call_that_states_none__is_not_reached_with_a_restricted_credential(client, alice):
    assert client.get("/rpc/?call=open", headers=bearer(alice, [VIEW])).status_code == 403
    assert client.get("/rpc/?call=open", headers=bearer(alice, None)).json() == {"user": "alice"}


def test_nobody_and_nonsense__are_told_so(middleware, client):
    assert client.get("/rpc/?call=list", headers={"Accept": "text/html"}).status_code == 401
    wrong = client.get("/rpc/?call=list", headers={"Authorization": "Bearer sa_pat_mistyped"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_token")


@pytest.mark.once
def test_its_document__is_made_of_our_schemes():
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Calls", "version": "1"},
        "paths": {
            "/rpc/": {"get": {"responses": {"200": {"description": "Done."}}, "security": security_requirements(VIEW)}}
        },
        "components": {"securitySchemes": security_schemes()},
    }
    validate(json.loads(json.dumps(document)))
