"""How far a restricted credential gets in REST framework."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from sessionauth.models import AuthEvent
from tests.asking import Sent, ask
from tests.contrib.rest_framework.app import READ, WRITE
from tests.contrib.rest_framework.sending import both, key, token
from tests.contrib.rest_framework.urls import ALLOWED, ASKING, SILENT

pytestmark = [pytest.mark.django_db, pytest.mark.coat, pytest.mark.urls("tests.contrib.rest_framework.urls")]

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "NONSENSE"]


@pytest.mark.parametrize("name", SILENT)
def test_restricted__is_nobody_where_no_scope_is_stated(name, carrier, root):
    for scopes in ([], [READ], [READ, WRITE]):
        sent = carrier(root, scopes)
        for method in METHODS:
            answer = ask("wsgi", f"/{name}/", sent, method)
            assert b"root" not in answer.body, (scopes, method, answer)
            assert not answer.sets_cookies
        if name not in ("lazy", "unlisted"):
            assert both(f"/{name}/", sent).status == 403


@pytest.mark.parametrize("name", SILENT)
def test_unrestricted__is_known_there(name, carrier, root):
    """Also says that these views would have told on whose behalf they ran."""
    if name in ("unlisted", "only_not", "not_or"):
        pytest.skip("takes nobody who holds everything")
    assert b"root" in ask("wsgi", f"/{name}/", carrier(root)).body


@pytest.mark.parametrize("name", ASKING)
def test_asking__is_reached_with_the_scope_and_not_without(name, carrier, root):
    answer = both(f"/{name}/", carrier(root, [READ]))
    assert (answer.status, json.loads(answer.body)["user"]) == (200, "root"), answer
    for scopes in ([], ["auth.view_user"]):
        sent = carrier(root, scopes)
        answer = both(f"/{name}/", sent)
        assert (answer.status, b"root" in answer.body) == (403, False), answer
        assert 'error="insufficient_scope"' in answer.header("WWW-Authenticate")
        for method in METHODS:
            assert b"root" not in ask("wsgi", f"/{name}/", sent, method).body


@pytest.mark.parametrize("name", ASKING)
def test_asking__is_not_reached_with_a_scope_that_the_owner_does_not_hold(name, carrier, make_user):
    assert both(f"/{name}/", carrier(make_user("eve"), [READ])).status == 403


@pytest.mark.parametrize("name", ["scope", "function", "own", "or_scope", "any_of"])
def test_asking__lets_in_people_and_unrestricted_programs_that_hold_the_scope(name, carrier, alice, make_user):
    client = Client()
    client.force_login(alice)
    assert client.get(f"/{name}/").json()["user"] == "alice"
    assert both(f"/{name}/", carrier(alice)).status == 200
    client.force_login(make_user("eve"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/{name}/").status_code == 403
    assert both(f"/{name}/", Sent()).status == 401


@pytest.mark.parametrize("name", ALLOWED)
def test_allowed__is_reached_with_any_scope_or_none(name, carrier, root):
    for scopes in ([], [READ]):
        assert json.loads(both(f"/{name}/", carrier(root, scopes)).body)["user"] == "root"


def test_allowed__one_handler_opens_no_other(root):
    sent = key(root, [READ])
    assert ask("wsgi", "/allowed_handler/", sent).status == 200
    assert ask("wsgi", "/allowed_handler/", sent, "POST").status == 403
    assert ask("wsgi", "/api/groups/opened/", key(root, [])).status == 200
    assert ask("wsgi", "/api/groups/closed/", sent).status == 403


@pytest.mark.parametrize("name", ["mixed", "lazy_mixed"])
def test_or__a_side_that_states_no_scope_lets_no_restricted_credential_in(name, carrier, alice, root):
    """Alice holds the scope and is no admin: a person gets in as somebody known, her narrowed key does not."""
    assert both(f"/{name}/", carrier(alice)).status == 200
    assert both(f"/{name}/", carrier(alice, [READ])).status == 403
    assert both(f"/{name}/", carrier(root, [READ])).status == 200
    assert both(f"/{name}/", carrier(root, [WRITE])).status == 403


def test_or__of_objects_as_well(carrier, alice):
    Group.objects.create(name="mine")
    Group.objects.create(name="other")
    for name, status in (("mine", 200), ("other", 403)):
        assert both(f"/objects/{name}/", carrier(alice, [READ])).status == status
        assert both(f"/objects/{name}/", carrier(alice)).status == 200
        assert both(f"/objects/{name}/", carrier(alice, [WRITE])).status == 403


def test_viewset__by_method_and_action(carrier, root):
    group = Group.objects.create(name="staff")
    read, write, plain = carrier(root, [READ]), carrier(root, [WRITE]), carrier(root)
    expected = {
        ("GET", "/api/groups/"): (200, 403),
        ("GET", f"/api/groups/{group.pk}/"): (200, 403),
        ("HEAD", "/api/groups/"): (200, 403),
        ("OPTIONS", "/api/groups/"): (200, 403),
        ("POST", "/api/groups/"): (403, 400),
        ("PATCH", f"/api/groups/{group.pk}/"): (403, 200),
        ("GET", "/api/groups/closed/"): (403, 403),
        ("GET", "/api/per-action/"): (200, 403),
        ("POST", "/api/per-action/"): (403, 400),
        ("GET", f"/api/per-action/{group.pk}/"): (403, 403),
        ("DELETE", f"/api/per-action/{group.pk}/"): (403, 403),
        ("GET", "/api/stock/"): (403, 403),
        ("DELETE", f"/api/stock/{group.pk}/"): (403, 403),
        ("GET", "/api/"): (403, 403),
    }
    found = {asked: tuple(ask("wsgi", asked[1], sent, asked[0]).status for sent in (read, write)) for asked in expected}
    assert found == expected
    assert ask("wsgi", f"/api/groups/{group.pk}/", read, "DELETE").status == 403
    assert Group.objects.filter(pk=group.pk).exists()
    assert ask("wsgi", f"/api/stock/{group.pk}/", plain, "DELETE").status == 204


def test_metadata__tells_of_no_method_that_the_scope_does_not_reach(root):
    sent = {scope: key(root, [scope, READ]).headers for scope in (READ, WRITE)}
    told = {scope: Client().options("/api/groups/", headers=headers).json() for scope, headers in sent.items()}
    assert ("actions" in told[READ], list(told[WRITE]["actions"])) == (False, ["POST"])


@pytest.mark.parametrize("name", ["browsable", "browsable_closed"])
def test_browsable_api__shows_no_form_that_the_scope_does_not_reach(name, root, settings):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework"]
    answer = ask("wsgi", f"/{name}/", key(root, []).also(Accept="text/html"))
    assert (answer.status, b"root" in answer.body) == (403, False)
    answer = ask("wsgi", f"/{name}/", key(root, [READ]).also(Accept="text/html"))
    assert (answer.status, b"root" in answer.body) == ((200, True) if name == "browsable" else (403, False))


def test_browsable_api__of_a_viewset(root, settings):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework"]
    forms = {}
    for name, scopes in {"read": [READ], "write": [READ, WRITE]}.items():
        answer = ask("wsgi", "/api/groups/", key(root, scopes).also(Accept="text/html"))
        assert (answer.status, b"root" in answer.body) == (200, True)
        forms[name] = b'method="POST"' in answer.body
    assert forms == {"read": False, "write": True}


def test_people_only__is_for_no_program(carrier, root):
    for scopes in (None, [READ]):
        answer = both("/admin-like/tell/", carrier(root, scopes))
        assert (answer.status, json.loads(answer.body)["code"]) == (403, "people_only")


def test_methods__restrict_too(root):
    """A key for reading alone reaches no view that states no scope, though it has all scopes of its owner."""
    sent = key(root, methods=["GET", "HEAD", "OPTIONS"])
    assert both("/known/", sent).status == 403
    assert both("/scope/", sent).status == 200


def test_beside_a_session__it_is_still_restricted(root):
    client = Client()
    client.force_login(root)
    for name in ("known", "stock_classes", "inner", "beside"):
        answer = client.get(f"/{name}/", headers=key(root, ["auth.view_user"]).headers)
        assert answer.status_code == 403, (name, answer.content)


def test_refusal__names_the_scope_and_is_written_down(alice):
    for sent, scheme in ((token(alice, []), "Bearer"), (key(alice, []), "ApiKey")):
        challenge = both("/scope/", sent).header("WWW-Authenticate")
        own = next(part for part in challenge.split(", B" if scheme == "ApiKey" else ", A") if scheme[1:] in part)
        assert 'error="insufficient_scope", scope="groups:read"' in own
    events = AuthEvent.objects.filter(event="access_denied")
    assert {event.reason for event in events} == {"insufficient_scope"}


@pytest.mark.parametrize("name", ["scope", "override", "known", "allow_any", "inner_ours"])
def test_lazily__a_restricted_credential_is_held_to_scopes_as_well(name, root, settings):
    """A way in of the project's own that is asked only when somebody looks."""
    settings.SESSIONAUTH_AUTHENTICATORS = [
        {
            "NAME": "sessionauth.authenticators.callback.CallbackAuthenticator",
            "OPTIONS": {"callback": "tests.attacks.places.restricted_callback", "vary": ["X-Pass"]},
        }
    ]
    found = both(f"/{name}/", Sent({"X-Pass": READ}))
    assert (b"root" in found.body) is (name in ("scope", "override")), found
    assert b"root" not in both(f"/{name}/", Sent({"X-Pass": "auth.view_user"})).body
