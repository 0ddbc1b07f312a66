"""The permission classes: who is let in, and what those are told who are not."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from rest_framework.permissions import IsAuthenticated
from rest_framework.test import APIRequestFactory, force_authenticate

from sessionauth import LoginState, UserToken
from sessionauth.contrib.rest_framework import HasAuthMethod, HasScope, IsFresh, NotImpersonating
from sessionauth.models import AnonymousUser
from sessionauth.signals import reauthentication_required
from sessionauth.testing import AuthClient
from tests.asking import Sent
from tests.contrib.rest_framework.app import READ, WRITE, tell
from tests.contrib.rest_framework.sending import both, key, token
from tests.contrib.rest_framework.urls import ASKING

pytestmark = [pytest.mark.django_db, pytest.mark.coat, pytest.mark.urls("tests.contrib.rest_framework.urls")]

HANDLERS = {
    "stock": "rest_framework.views.exception_handler",
    "ours": "sessionauth.contrib.rest_framework.handlers.exception_handler",
}


@pytest.fixture(params=HANDLERS)
def handler(request, settings):
    """Answer by REST framework's handler, and by ours."""
    settings.REST_FRAMEWORK = {"EXCEPTION_HANDLER": HANDLERS[request.param]}
    return request.param


@pytest.fixture
def signed_in(alice):
    """`signed_in(fresh=False)`: a client in which alice is signed in."""

    def make(**options):
        client = AuthClient()
        client.force_login(alice, **options)
        return client

    return make


def challenge_of(header, scheme):
    """Return the one challenge of `scheme`."""
    return next(one for one in re.split(r", (?=[A-Z][A-Za-z]+ realm)", header) if one.startswith(f"{scheme} "))


def test_has_scope__tells_a_program_which_scope_it_lacks(handler, alice):
    for sent, scheme in ((token(alice), "Bearer"), (key(alice), "ApiKey"), (token(alice, [READ]), "Bearer")):
        for path in ("/write/", "/or_scope/") if sent.headers.get("Authorization") is None else ("/write/",):
            if path == "/or_scope/":
                continue
            answer = both(path, sent)
            assert answer.status == 403
            own = challenge_of(answer.header("WWW-Authenticate"), scheme)
            assert 'error="insufficient_scope", scope="groups:write"' in own
            if handler == "ours":
                body = json.loads(answer.body)
                assert (body["code"], body["scope"]) == ("insufficient_scope", "groups:write")


def test_has_scope__tells_people_the_same_without_a_scheme(handler, signed_in):
    answer = signed_in().get("/write/")
    assert (answer.status_code, "insufficient_scope" in answer["WWW-Authenticate"]) == (403, False)
    assert answer.json()["detail"] == "The credential may not do this."


def test_has_scope__tells_nobody_to_authenticate(handler):
    answer = both("/write/")
    assert (answer.status, "insufficient_scope" in answer.header("WWW-Authenticate")) == (401, False)


def test_has_scope__is_silent_where_another_permission_denies(handler, alice):
    """It was behind `|`, and the other side let the request in: what denied is none of ours."""
    answer = both("/scope_then_admin/", token(alice))
    assert (answer.status, answer.header("WWW-Authenticate")) == (403, None)


def test_has_scope__names_no_scope_where_none_would_help(alice):
    answer = both("/by_method/", token(alice), "POST")
    assert (answer.status, "scope=" in answer.header("WWW-Authenticate")) == (403, False)


def test_has_scope__warns_of_one_that_was_never_declared(alice, settings, caplog):
    settings.SESSIONAUTH_SCOPES = {}
    assert both("/write/", token(alice)).status == 403
    assert "groups:write: asked for by a view" in caplog.text


@pytest.mark.parametrize(
    "name", [name for name in ASKING if not name.startswith(("decorated", "mixin", "token_class", "no_"))]
)
def test_has_scope__asks_the_same_of_people(name, signed_in, alice, make_user):
    client = signed_in()
    assert client.get(f"/{name}/").json()["user"] == "alice"
    alice.user_permissions.clear()
    is_open = name in ("or_known", "ror_known", "or_any", "deep", "not", "beside")
    assert (client.get(f"/{name}/").status_code == 200) is (is_open and name not in ("not", "beside"))


@pytest.mark.parametrize("wrong", [("",), ([],), (1,), ({},), (["a"], "b")])
def test_has_scope__of_nonsense_is_an_error(wrong):
    with pytest.raises(TypeError, match="takes scopes as"):
        HasScope(*wrong)


def test_has_scope__is_joined_as_all_permissions():
    for joined in (
        HasScope(READ) & IsAuthenticated,
        IsAuthenticated & HasScope(READ),
        HasScope(READ) | HasScope(WRITE),
        ~HasScope(READ),
        ~(HasScope & IsAuthenticated),
    ):
        assert joined().has_permission is not None


def test_is_fresh__lets_in_who_has_just_signed_in(signed_in):
    assert signed_in().get("/fresh/").status_code == 200
    assert signed_in().get("/fresh_or_program/").status_code == 200


@pytest.mark.parametrize("login", [{"fresh": False}, {"fresh": False, "remember": True}], ids=["stale", "remembered"])
@pytest.mark.parametrize("accept", ["application/json", "text/html,*/*"])
def test_is_fresh__tells_a_person_what_to_do(handler, login, accept, signed_in):
    answer = signed_in(**login).get("/fresh/", headers={"Accept": accept})
    assert answer.status_code == 401
    assert 'error="insufficient_user_authentication"' in answer["WWW-Authenticate"]
    assert 'max_age="900"' in answer["WWW-Authenticate"]
    if handler == "ours":
        assert (answer.json()["code"], answer.json()["max_age"]) == ("fresh_login_required", 900)


def test_is_fresh__may_ask_for_a_proof_and_an_age(handler, signed_in):
    answer = signed_in().get("/fresh_by_code/")
    assert (answer.status_code, 'max_age="120"' in answer["WWW-Authenticate"]) == (401, True)
    if handler == "ours":
        assert answer.json()["methods"] == ["code"]


def test_is_fresh__tells_of_it_only_where_it_refuses(signed_in, alice):
    told = []

    def receive(**kwargs):
        told.append(kwargs["reason"])

    reauthentication_required.connect(receive)
    client = signed_in(fresh=False)
    statuses = [client.get(path).status_code for path in ("/fresh_or_program/", "/fresh/")]
    reauthentication_required.disconnect(receive)
    assert (statuses, told) == ([200, 401], ["stale"])


def test_is_fresh__never_takes_a_program(handler, alice):
    answer = both("/fresh/", token(alice))
    assert answer.status == 403
    assert json.loads(answer.body)["detail"] == "This needs a person who has just signed in."
    assert both("/fresh_or_program/", token(alice, [READ])).status == 200
    assert both("/fresh/").status == 401


@pytest.mark.parametrize("wrong", [{"max_age": -1}, {"max_age": "1m"}, {"methods": "code"}])
def test_is_fresh__of_nonsense_is_an_error(wrong):
    with pytest.raises(TypeError, match="IsFresh"):
        IsFresh(**wrong)
    assert IsFresh(max_age=timedelta(minutes=1))


@pytest.mark.parametrize(
    ("path", "person", "program", "nobodys"),
    [
        ("/method/", 403, 200, 200),
        ("/program/", 403, 200, 200),
        ("/person/", 200, 403, 403),
        ("/myself/", 200, 200, 403),
    ],
)
def test_kinds(path, person, program, nobodys, signed_in, alice):
    found = (signed_in().get(path).status_code, both(path, token(alice)).status, both(path, key(None)).status)
    assert found == (person, program, nobodys)
    refused = signed_in().get(path) if person == 403 else None
    assert refused is None or refused.json()["detail"].startswith(("You do not", "This cannot be reached"))
    assert both(path, Sent()).status == 401


@pytest.mark.parametrize("wrong", [(), (1,), (["session"],)])
def test_has_auth_method__of_nonsense_is_an_error(wrong):
    with pytest.raises(TypeError, match="HasAuthMethod"):
        HasAuthMethod(*wrong)


def test_not_impersonating__refuses_who_acts_as_somebody_else(handler, alice, root):
    actor = UserToken(root, LoginState.FRESH, "session")
    target = UserToken(alice, LoginState.IMPERSONATOR, "session", original_user_token=actor)
    for view in (tell(NotImpersonating), tell(IsAuthenticated & NotImpersonating)):
        for auth, status in ((actor, 200), (target, 403)):
            request = APIRequestFactory().get("/")
            force_authenticate(request, auth.user, auth)
            answer = view(request)
            assert answer.status_code == status
        assert answer.data["detail"].code == "impersonating" if handler == "stock" else True
    assert str(answer.data["detail"]) == "This cannot be done while acting as somebody else."
    if handler == "ours":
        assert answer.data["code"] == "impersonating"


def test_fresh__is_nothing_for_who_acts_as_somebody_else(handler, alice, root):
    actor = UserToken(root, LoginState.FRESH, "session")
    target = UserToken(alice, LoginState.IMPERSONATOR, "session", original_user_token=actor)
    request = APIRequestFactory().get("/")
    force_authenticate(request, alice, target)
    answer = tell(IsFresh)(request)
    assert answer.status_code == 403
    told = answer.data["code"] if handler == "ours" else answer.data["detail"].code
    assert told == "impersonating"


def test_forced_token__is_believed_only_of_its_user(alice, root):
    """What stands on `request.auth` speaks of `request.user`, or not at all."""
    service = UserToken(AnonymousUser(), LoginState.PROGRAM, "api_key", granted=[READ])
    request = APIRequestFactory().get("/")
    force_authenticate(request, alice, service)
    alice.user_permissions.clear()
    assert tell(HasScope(READ))(request).status_code == 403
