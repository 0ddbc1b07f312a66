"""The rules themselves."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from sessionauth import LoginState, UserToken, access
from sessionauth.models import AnonymousUser
from sessionauth.scopes import Requirement
from sessionauth.user_token import replace


class Ada:
    is_authenticated = is_active = True

    def get_scopes(self):
        return ["desk:open"]

    def has_perm(self, permission):
        return False


NOBODY = UserToken(AnonymousUser(), LoginState.ANONYMOUS)
ADA = UserToken(Ada(), LoginState.STALE, "session")
SERVICE = UserToken(AnonymousUser(), LoginState.PROGRAM, "api_key", granted=["desk:open"])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (access.LoginRule(), {"nobody": False, "ada": True, "service": False}),
        (access.ScopeRule(Requirement.of("desk:open")), {"nobody": False, "ada": True, "service": True}),
        (access.ScopeRule(Requirement.of("desk:open", "desk:shut")), {"nobody": False, "ada": False, "service": False}),
        (access.MethodRule(("api_key",)), {"nobody": False, "ada": False, "service": True}),
        (access.AnonymousRule(), {"nobody": True, "ada": False, "service": False}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_rules__say_the_same_in_sync_and_async(rule, expected):
    people = {"nobody": NOBODY, "ada": ADA, "service": SERVICE}
    assert {name: rule.check(auth, "GET") is None for name, auth in people.items()} == expected
    assert {name: async_to_sync(rule.acheck)(auth, "GET") is None for name, auth in people.items()} == expected


@pytest.mark.parametrize(
    "rule", [access.ScopeRule(Requirement.of("x.y")), access.MethodRule(("basic",))], ids=["scope", "method"]
)
@pytest.mark.parametrize("token", [ADA, SERVICE], ids=["ada", "service"])
def test_refusal__is_the_projects_page_for_people_and_a_document_for_others(rule, token, rf):
    page, document = rf.get("/", headers={"Accept": "text/html"}), rf.get("/", headers={"Accept": "application/json"})
    for request in (page, document):
        replace(request, token)
    assert rule.check(token, "GET")(document).status_code == 403
    if token is SERVICE:  # a program is told in its own language, whatever it says it accepts
        assert rule.check(token, "GET")(page).status_code == 403
    else:
        with pytest.raises(PermissionDenied):
            rule.check(token, "GET")(page)


@pytest.mark.parametrize(("scope", "told"), [("desk:opne", True), ("desk:shut", False), ("x.y", False)])
def test_refusal__tells_the_developer_of_a_scope_that_was_never_declared(scope, told, rf, settings, caplog):
    settings.SESSIONAUTH_SCOPES = {"desk:shut": ("Shut the desk", ["desk.shut_desk"])}
    request = rf.get("/", headers={"Accept": "application/json"})
    replace(request, ADA)
    access.ScopeRule(Requirement.of(scope)).check(ADA, "GET")(request)
    assert (scope in caplog.text) is told


def test_refused__runs_the_refusal_unless_the_method_is_exempt(rf, settings):
    def refuse(request):
        return HttpResponse("refused", status=401)

    assert access.refused(rf.get("/"), refuse).status_code == 401
    answer = access.refused(rf.options("/"), refuse)
    assert (answer.status_code, answer.content) == (200, b"")
    settings.SESSIONAUTH_EXEMPT_METHODS = ["GET"]
    assert access.refused(rf.options("/"), refuse).status_code == 401
    assert access.refused(rf.get("/"), refuse).content == b""


@pytest.mark.django_db
@pytest.mark.once
@pytest.mark.parametrize("user", [True, False])
def test_needs_confirmation__sends_nobody_anywhere_in_an_api(rf, make_user, user):
    request = rf.get("/", headers={"Accept": "text/html"})
    if user:
        request.user = make_user()
    answer = access.needs_confirmation(request, as_page=False)
    assert (answer.status_code, answer["Content-Type"]) == (403 if user else 401, "application/problem+json")
