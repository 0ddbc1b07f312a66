"""All keys and tokens of whoever asks, and who may do what with them."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from sessionauth.models import AccessToken, APIKey
from sessionauth.scopes import ISSUE
from sessionauth.testing import AuthClient
from tests.views.api.asking import ask, csrf_token

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

NOT_THERE = 10**9


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def person(alice):
    client = AuthClient()
    client.force_login(alice)
    return client


@pytest.fixture
def login_bound(alice, password):
    return ask("post", "token/", {"username": "alice", "password": password}).json()["access_token"]


def secret_of(user, model=APIKey, **fields):
    return model.objects.issue(user=user, **fields)[1]


def test_list__shows_ones_own_of_that_kind_the_newest_first(alice, person, make_user):
    for name in ("one", "two"):
        secret_of(alice, name=name)
    secret_of(alice, AccessToken, name="token")
    secret_of(make_user("bob"), name="bob's")
    told = ask("get", "keys/", client=person).json()
    assert [key["name"] for key in told["keys"]] == ["two", "one"]
    assert told["next"] is None
    assert [token["name"] for token in ask("get", "tokens/", client=person).json()["tokens"]] == ["token"]


def test_list__is_one_query_and_holds_no_secret(alice, person, django_assert_num_queries):
    secrets = [secret_of(alice) for _ in range(3)]
    with django_assert_num_queries(3):  # the session, the user with the row, the list
        text = ask("get", "keys/", client=person).text
    assert not any(secret in text or secret[8:30] in text for secret in secrets)
    assert not any(row.digest in text for row in APIKey.objects.all())


def test_list__goes_on_where_it_stopped(alice, person):
    rows = [APIKey.objects.issue(user=alice)[0].pk for _ in range(5)][::-1]
    first = ask("get", "keys/", {"limit": 2}, client=person).json()
    second = ask("get", "keys/", {"limit": 3, "before": first["next"]}, client=person).json()
    assert [key["id"] for key in (*first["keys"], *second["keys"])] == rows
    assert second["next"] is None


def test_list__leaves_out_what_has_ended_unless_asked(alice, person):
    row, _ = APIKey.objects.issue(user=alice, name="old")
    row.revoke("for a test")
    assert ask("get", "keys/", client=person).json()["keys"] == []
    (told,) = ask("get", "keys/", {"ended": "true"}, client=person).json()["keys"]
    assert (told["state"], told["revoked_reason"]) == ("revoked", "for a test")


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=x", "limit=1001", "before=" + "9" * 40, "before=%00"])
def test_list__nonsense_is_told(person, query):
    answer = ask("get", f"keys/?{query}", client=person)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_create__gives_the_secret_once(alice, person):
    body = {"name": "Nightly", "scopes": [], "expires_in": 3600, "networks": ["192.0.2.0/24"], "read_only": True}
    answer = ask("post", "keys/", body, client=person)
    assert answer.status_code == 201
    told = answer.json()
    assert answer["Location"] == f"/api/auth/keys/{told['id']}/"
    assert answer["Cache-Control"] == "no-store"
    row = APIKey.objects.get()
    assert (row.user, row.name, row.scopes, row.networks) == (alice, "Nightly", [], ["192.0.2.0/24"])
    assert row.methods == ["GET", "HEAD", "OPTIONS"]
    assert timedelta(minutes=59) < row.expires_at - timezone.now() <= timedelta(hours=1)
    again = ask("get", f"keys/{told['id']}/", client=person)
    assert "secret" not in again.json()
    assert told["secret"] not in again.text


def test_create__a_token_is_personal(person):
    told = ask("post", "tokens/", {"name": "CLI"}, client=person).json()
    assert told["is_personal"] is True
    assert ask("get", "token/", secret=told["secret"]).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"scope": ["read"]},
        {"scopes": "read"},
        {"scopes": ["nonsense"]},
        {"scopes": ["auth.add_user"]},
        {"scopes": [["read"]]},
        {"scopes": {"read": True}},
        {"scopes": ["a.b\0"]},
        {"name": "x" * 101},
        {"name": 7},
        {"name": "nul\0"},
        {"name": "half a pair \ud800"},
        {"expires_in": -1},
        {"expires_in": 0},
        {"expires_in": 1.5},
        {"expires_in": True},
        {"expires_in": 10**30},
        {"expires_at": "tomorrow"},
        {"expires_at": "2000-01-01T00:00:00Z"},
        {"expires_at": "2030-01-01T00:00:00"},
        {"expires_at": "2030-02-31T00:00:00Z"},
        {"expires_at": "9999-12-31T23:59:59Z"},
        {"expires_at": "0001-01-01T00:00:00+14:00"},
        {"expires_at": "2030-01-01T00:00:00Z", "expires_in": 60},
        {"expires_at": 1893456000},
        {"read_only": "yes"},
        {"networks": "192.0.2.0/24"},
        {"networks": [1]},
        {"networks": ["everywhere"]},
        {"methods": "GET"},
        {"methods": ["get out"]},
        {"origins": {"a": "b"}},
        {"rate": 7},
        {"rate": "often"},
        {"user": 1},
        {"digest": "0" * 64},
        {"is_personal": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["keys", "tokens"])
def test_create__nonsense_is_told_and_issues_nothing(person, body, kind):
    text = json.dumps(body)
    answer = ask("post", f"{kind}/", text, client=person)
    assert answer.status_code == 400, answer.text
    assert answer["Content-Type"] == "application/problem+json"
    assert not APIKey.objects.exists()
    assert not AccessToken.objects.exists()


def test_create__only_scopes_that_the_person_holds(alice, person):
    assert ask("post", "keys/", {"scopes": ["auth.add_user"]}, client=person).json()["code"] == "invalid_scope"
    alice.user_permissions.add(Permission.objects.get(codename="add_user"))
    assert ask("post", "keys/", {"scopes": ["auth.add_user"]}, client=person).status_code == 201


def test_create__at_the_limit_is_a_conflict(person, settings):
    settings.SESSIONAUTH_MAX_KEYS = 1
    assert ask("post", "keys/", client=person).status_code == 201
    answer = ask("post", "keys/", client=person)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_credentials")


def test_one__is_told_renamed_and_revoked(alice, person):
    row, secret = APIKey.objects.issue(user=alice, name="old")
    assert ask("patch", f"keys/{row.pk}/", {"name": "new"}, client=person).json()["name"] == "new"
    assert ask("get", f"keys/{row.pk}/", client=person).json()["name"] == "new"
    for _ in range(2):
        assert ask("delete", f"keys/{row.pk}/", client=person).status_code == 204
    assert ask("get", "token/", secret=secret).status_code == 401


@pytest.mark.parametrize("body", [{}, {"name": None}, {"name": 1}, {"name": "x" * 101}, {"scopes": None}, {"rate": ""}])
def test_rename__nonsense_is_told(alice, person, body):
    row, _ = APIKey.objects.issue(user=alice, name="old")
    assert ask("patch", f"keys/{row.pk}/", body, client=person).status_code == (
        200 if body == {"scopes": None} else 400
    ) or body == {"scopes": None}
    assert APIKey.objects.get().name == "old"


def test_rotate__by_its_owner(alice, person):
    row, secret = APIKey.objects.issue(user=alice, scopes=[])
    told = ask("post", f"keys/{row.pk}/rotate/", {"overlap": 60}, client=person).json()
    for one in (secret, told["secret"]):
        assert ask("get", "token/", secret=one).status_code == 200
    assert ask("get", f"keys/{row.pk}/", client=person).json()["state"] == "rotated"


@pytest.mark.parametrize("which", ["another's", "not there", "too large", "other kind"])
@pytest.mark.parametrize(("method", "end"), [("get", ""), ("patch", ""), ("delete", ""), ("post", "rotate/")])
def test_not_ones_own__looks_as_if_it_were_not_there(alice, person, make_user, which, method, end):
    bobs, secret = APIKey.objects.issue(user=make_user("bob"))
    token, _ = AccessToken.objects.issue(user=alice)
    pks = {"another's": bobs.pk, "not there": NOT_THERE, "too large": int("9" * 40), "other kind": token.pk + 1000}
    answer = ask(method, f"keys/{pks[which]}/{end}", {"name": "x"} if method == "patch" else None, client=person)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert ask("get", "token/", secret=secret).status_code == 200


def test_revoke_all__leaves_those_of_other_kinds_and_people(alice, person, make_user):
    mine = [secret_of(alice) for _ in range(3)]
    others = [secret_of(alice, AccessToken), secret_of(make_user("bob"))]
    assert ask("post", "keys/revoke-all/", client=person).json() == {"revoked": 3}
    assert [ask("get", "token/", secret=secret).status_code for secret in mine] == [401, 401, 401]
    assert [ask("get", "token/", secret=secret).status_code for secret in others] == [200, 200]


def test_revoke_all__but_this_one(alice, login_bound, password):
    other = ask("post", "token/", {"username": "alice", "password": password}).json()["access_token"]
    assert ask("post", "tokens/revoke-all/", secret=login_bound).json() == {"revoked": 1}
    assert ask("get", "token/", secret=other).status_code == 401
    assert ask("get", "token/", secret=login_bound).status_code == 200
    assert ask("post", "tokens/revoke-all/", {"keep_current": False}, secret=login_bound).json() == {"revoked": 1}
    assert ask("get", "token/", secret=login_bound).status_code == 401


@pytest.mark.parametrize("body", [{"keep_current": "yes"}, {"keep": True}, {"keep_current": 1}])
def test_revoke_all__nonsense_revokes_nothing(alice, person, body):
    secret_of(alice)
    assert ask("post", "keys/revoke-all/", body, client=person).status_code == 400
    assert APIKey.objects.usable().count() == 1


ACTS = [
    ("post", "keys/", None),
    ("patch", "keys/{pk}/", {"name": "x"}),
    ("delete", "keys/{pk}/", None),
    ("post", "keys/{pk}/rotate/", None),
    ("post", "keys/revoke-all/", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ACTS)
def test_session__needs_the_csrf_token(alice, method, path, body):
    row, secret = APIKey.objects.issue(user=alice, name="mine")
    client = AuthClient(enforce_csrf_checks=True)
    client.force_login(alice)
    answer = ask(method, path.format(pk=row.pk), body, client=client)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert ask("get", "token/", secret=secret).json()["credential"]["name"] == "mine"
    assert APIKey.objects.count() == 1
    answer = ask(method, path.format(pk=row.pk), body, client=client, headers=csrf_token(client))
    assert answer.status_code in (200, 201, 204)


@pytest.mark.parametrize(("method", "path", "body"), ACTS)
def test_session__needs_the_csrf_token_without_the_middleware(alice, settings, method, path, body):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "csrf" not in name]
    test_session__needs_the_csrf_token(alice, method, path, body)


@pytest.mark.parametrize(("method", "path", "body"), ACTS)
def test_basic__needs_the_csrf_token_as_well(alice, password, settings, method, path, body):
    """A browser sends it unasked."""
    settings.SESSIONAUTH_AUTHENTICATORS = ["sessionauth.authenticators.basic.BasicAuthenticator"]
    row, _ = APIKey.objects.issue(user=alice)
    client = AuthClient(enforce_csrf_checks=True)
    headers = {"Authorization": _basic("alice", password)}
    answer = ask(method, path.format(pk=row.pk), body, client=client, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert ask("get", "keys/", headers=headers).json()["keys"][0]["id"] == row.pk


def _basic(name, password):
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize(("method", "path", "body"), [ACTS[0], ACTS[3], ACTS[4]])
def test_stale_session__is_told_to_confirm(alice, method, path, body):
    row, _ = APIKey.objects.issue(user=alice)
    client = AuthClient()
    client.force_login(alice, fresh=False)
    for accept in ("", "text/html"):
        headers = {"accept": accept} if accept else {}
        answer = ask(method, path.format(pk=row.pk), body, client=client, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "fresh_login_required")
    assert "insufficient_user_authentication" in answer["WWW-Authenticate"]
    assert ask("delete", f"keys/{row.pk}/", client=client).status_code == 204


def outcomes(secret, own, other):
    """Return what a program with `secret` gets for each thing it could ask: its own row, and another of its owner."""
    asked = {
        "list": ("get", "keys/", None),
        "create": ("post", "keys/", {"scopes": []}),
        "see itself": ("get", f"{own}/", None),
        "see another": ("get", f"{other}/", None),
        "rename": ("patch", f"{other}/", {"name": "x"}),
        "rotate another": ("post", f"{other}/rotate/", None),
        "revoke another": ("delete", f"{other}/", None),
        "revoke all": ("post", "keys/revoke-all/", None),
    }
    return {name: ask(*how, secret=secret).status_code for name, how in asked.items()}


REFUSED = dict.fromkeys(
    ["list", "create", "see another", "rename", "rotate another", "revoke another", "revoke all"], 403
)


def test_a_restricted_key__looks_after_itself_alone(alice):
    row, secret = APIKey.objects.issue(user=alice, scopes=[])
    other, _ = APIKey.objects.issue(user=alice)
    assert outcomes(secret, f"keys/{row.pk}", f"keys/{other.pk}") == REFUSED | {"see itself": 200}
    assert ask("post", f"keys/{row.pk}/rotate/", {"overlap": 60}, secret=secret).status_code == 201
    assert ask("delete", f"keys/{row.pk}/", secret=secret).status_code == 204
    assert ask("get", "token/", secret=secret).status_code == 401
    other.refresh_from_db()
    assert other.is_usable


@pytest.mark.parametrize("model", [APIKey, AccessToken])
def test_a_full_personal_one__looks_after_itself_alone(alice, model):
    row, secret = model.objects.issue(user=alice)
    other, _ = APIKey.objects.issue(user=alice)
    own = f"{'keys' if model is APIKey else 'tokens'}/{row.pk}"
    assert outcomes(secret, own, f"keys/{other.pk}") == REFUSED | {"see itself": 200}


def test_a_login_bound_token__lists_and_revokes_and_makes_nothing(alice, login_bound):
    row = AccessToken.objects.get()
    other, _ = APIKey.objects.issue(user=alice)
    assert outcomes(login_bound, f"tokens/{row.pk}", f"keys/{other.pk}") == {
        "list": 200,
        "create": 403,
        "see itself": 200,
        "see another": 200,
        "rename": 403,
        "rotate another": 403,
        "revoke another": 204,
        "revoke all": 200,
    }


def test_a_restricted_login_bound_token__looks_after_itself_alone(alice, password):
    given = {"username": "alice", "password": password, "scopes": []}
    secret = ask("post", "token/", given).json()["access_token"]
    other, _ = APIKey.objects.issue(user=alice)
    row = AccessToken.objects.get()
    assert outcomes(secret, f"tokens/{row.pk}", f"keys/{other.pk}") == REFUSED | {"see itself": 200}


def test_the_scope_to_issue__makes_others_that_are_no_stronger(alice, settings):
    settings.SESSIONAUTH_SCOPES = {"read": ("Read", []), "write": ("Write", [])}
    end = timezone.now() + timedelta(hours=1)
    _, secret = APIKey.objects.issue(user=alice, scopes=[ISSUE, "read"], expires_at=end, networks=["127.0.0.0/8"])
    told = ask("post", "keys/", {"scopes": ["read"]}, secret=secret).json()
    assert told["scopes"] == ["read"]
    assert told["networks"] == ["127.0.0.0/8"]
    assert told["expires_at"] == end.isoformat()
    for stronger in (
        {"scopes": ["write"]},
        {"scopes": ["read", "write"]},
        {"scopes": ["read"], "expires_in": 7200},
        {"scopes": ["read"], "networks": ["0.0.0.0/0"]},
        {"scopes": ["read"], "networks": []},
    ):
        answer = ask("post", "tokens/", stronger, secret=secret)
        assert answer.status_code == 400, stronger
        assert answer["Content-Type"] == "application/problem+json"
    assert not AccessToken.objects.exists()
    # What was left out is what the one that asks has, and not "everything"; to issue is held by name alone.
    assert ask("post", "keys/", {}, secret=secret).json()["scopes"] == ["read"]
    assert ask("post", "keys/", {"scopes": [ISSUE]}, secret=secret).json()["scopes"] == [ISSUE]
    assert ask("get", "keys/", secret=secret).status_code == 403


@pytest.mark.parametrize("path", ["keys/", "tokens/", "keys/1/", "tokens/1/"])
def test_nobody__is_told_to_authenticate(path):
    assert ask("get", path).status_code == 401
    assert Client().get(f"/api/auth/{path}", headers={"accept": "text/html"}).status_code == 401


def test_a_key_in_the_address__is_not_freed_from_csrf(alice, settings):
    """Any site can make a browser follow an address."""
    name = "sessionauth.authenticators.api_key.APIKeyAuthenticator"
    settings.SESSIONAUTH_AUTHENTICATORS = [{"NAME": name, "OPTIONS": {"query_param": "key"}}]
    _, secret = APIKey.objects.issue(user=alice)
    answer = ask("post", f"token/revoke/?key={secret}")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert ask("get", f"token/?key={secret}").status_code == 200
