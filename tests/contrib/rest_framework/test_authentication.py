"""Who came in, by REST framework's classes of ours; with the middleware, and without."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.test import APIClient, APIRequestFactory, force_authenticate

from sessionauth import signals
from sessionauth.contrib.rest_framework import HasScope, RequestAuthentication
from sessionauth.models import AccessToken, APIKey
from tests.asking import Sent, ask, counted
from tests.contrib.rest_framework import app
from tests.contrib.rest_framework.app import READ, tell
from tests.contrib.rest_framework.sending import CARRIERS, both, key, token
from tests.project.organisations.models import Organisation, OrganisationKey

pytestmark = [pytest.mark.django_db, pytest.mark.coat, pytest.mark.urls("tests.contrib.rest_framework.urls")]

STOCK = "django.contrib.auth.middleware.AuthenticationMiddleware"
OURS = "sessionauth.middleware.AuthenticationMiddleware"
SESSION = "sessionauth.authenticators.session.SessionAuthenticator"
QUERY = {"NAME": "sessionauth.authenticators.api_key.APIKeyAuthenticator", "OPTIONS": {"query_param": "api_key"}}


@pytest.fixture(params=["middleware", "stock", "none"])
def world(request, settings):
    """With our middleware, with Django's in its place, with nobody's."""
    if request.param != "middleware":
        stands_in = [STOCK] if request.param == "stock" else []
        at = settings.MIDDLEWARE.index(OURS)
        settings.MIDDLEWARE = [*settings.MIDDLEWARE[:at], *stands_in, *settings.MIDDLEWARE[at + 1 :]]
    return request.param


def told(path, sent):
    answer = both(path, sent)
    assert answer.status == 200, answer
    return json.loads(answer.body)


def test_program__is_user_and_auth(world, carrier, alice):
    found = told("/both/", carrier(alice))
    method = "api_key" if carrier is key else "bearer"
    expected = {"user": "alice", "auth": "UserToken", "inner": "alice", "asked": "alice", "face": "alice"}
    assert found == expected | {"method": method}


def test_restricted__is_held_to_its_scopes(world, carrier, alice, root):
    for name in ("scope", "token_class", "override", "function"):
        assert told(f"/{name}/", carrier(alice, [READ]))["asked"] == "alice"
        assert both(f"/{name}/", carrier(alice, [])).status == 403
    for name in ("known", "allow_any", "both", "no_initial", "lazy_permissions"):
        for scopes in ([], [READ]):
            answer = both(f"/{name}/", carrier(root, scopes))
            assert (answer.status, b"root" in answer.body) == (403, False), name


def test_people_only__is_for_no_program(world, carrier, root):
    for scopes in (None, [READ]):
        answer = both("/admin-like/tell/", carrier(root, scopes))
        assert (answer.status, json.loads(answer.body)["detail"]) == (403, "This page takes no program's credential.")


def test_person__is_known_by_the_session(world, alice):
    client = Client()
    client.force_login(alice)
    if world == "stock":  # its sessions are Django's own, and so is the way we look at them
        assert client.get("/session_first/").json()["user"] == "alice"
    assert client.get("/both/").json() | {"auth": ""} == {
        "user": "alice",
        "auth": "",
        "inner": "alice",
        "asked": "alice",
        "face": "alice",
        "method": "session",
    }


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/tokens/", "token", 200),
        ("/tokens/", "key", 401),
        ("/keys/", "key", 200),
        ("/both/", "token", 200),
        ("/both/", "key", 200),
    ],
)
def test_kinds__are_told_apart(world, alice, path, kind, status):
    assert both(path, CARRIERS[kind](alice)).status == status


def test_kinds__the_header_does_not_matter(world, alice):
    """The secret says which table it is of."""
    secret = key(alice).headers["X-Api-Key"]
    assert told("/keys/", Sent({"Authorization": f"Bearer {secret}"}))["user"] == "alice"
    assert both("/tokens/", Sent({"Authorization": f"Bearer {secret}"})).status == 401


def test_key_of_nobodys__authenticates_the_request_and_nobody(world):
    sent = key(None, [READ])
    assert told("/scope/", sent) == {
        "user": "",
        "auth": "UserToken",
        "inner": "",
        "asked": "",
        "face": str(APIKey.objects.get()),
        "method": "api_key",
    }
    assert both("/known/", key(None)).status == 403
    assert told("/program/", key(None))["method"] == "api_key"


def test_key_of_a_projects_own_model(world, alice):
    organisation = Organisation.objects.create(name="Desk")
    _, secret = OrganisationKey.objects.issue(organisation=organisation, scopes=[READ])
    assert told("/token_class/", Sent({"X-Api-Key": secret}))["method"] == "api_key"


WRONG = {
    "revoked": lambda row: row.revoke(),
    "expired": lambda row: type(row).objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(1)),
    "inactive": lambda row: get_user_model().objects.filter(pk=row.user_id).update(is_active=False),
    "unknown": lambda row: type(row).objects.filter(pk=row.pk).delete(),
}


@pytest.mark.parametrize("why", WRONG)
@pytest.mark.parametrize("path", ["/both/", "/tokens/", "/keys/", "/session_first/", "/allow_any/", "/scope/"])
def test_wrong__is_401_wherever_our_class_stands(world, alice, path, why):
    for model, header, scheme in ((AccessToken, "Authorization", "Bearer "), (APIKey, "X-Api-Key", "")):
        row, secret = model.objects.issue(user=alice)
        WRONG[why](row)
        answer = both(path, Sent({header: scheme + secret}))
        assert (answer.status, b"alice" in answer.body) == (401, False)
        assert 'error="invalid_token"' in answer.header("WWW-Authenticate")
        assert secret.encode() not in answer.body
        get_user_model().objects.update(is_active=True)


@pytest.mark.parametrize("secret", ["sa_pat_", "sa_pat_x", "sa_key_" + "x" * 38, "sa_key_\0", "sa_ref_" + "0" * 38])
def test_malformed__is_401_at_no_query(world, secret):
    with counted() as queries:
        answer = ask("wsgi", "/both/", Sent({"Authorization": f"Bearer {secret}"}))
    assert (answer.status, [sql for sql in queries if "SAVEPOINT" not in sql]) == (401, [])


@pytest.mark.parametrize("value", ["Bearer eyJhbGciOi.x.y", "Token 0123456789", "Basic YTpi", "Bearer", "", "Digest x"])
def test_foreign__is_left_to_others(world, value):
    with counted() as queries:
        answer = both("/allow_any/", Sent({"Authorization": value}))
    assert (answer.status, json.loads(answer.body)["user"], queries) == (200, "", [])
    answer = both("/known/", Sent({"Authorization": value}))
    assert answer.status == 401
    assert answer.header("WWW-Authenticate").startswith("Bearer realm=")


def test_nobody__gets_a_401_with_challenges(world):
    for path in ("/known/", "/tokens/", "/both/", "/scope/"):
        answer = both(path)
        assert answer.status == 401
        assert {"Bearer", "ApiKey"} <= {word.split()[0] for word in answer.header("WWW-Authenticate").split(", ")}
    assert "Bearer" in both("/both/").header("WWW-Authenticate")


def test_two_different__are_400(world, alice):
    answer = both("/both/", Sent({**key(alice).headers, **token(alice).headers}))
    assert (answer.status, 'error="invalid_request"' in answer.header("WWW-Authenticate")) == (400, True)


def test_queries__one_for_a_program_however_many_classes_ask(world, carrier, alice):
    sent = carrier(alice, last_used_at=timezone.now())
    with counted() as queries:
        answer = ask("wsgi", "/both/", sent)
    assert (answer.status, len(queries)) == (200, 1), queries


def test_use__is_noted_and_told(world, alice):
    seen = []

    def receive(**kwargs):
        seen.append((kwargs["method"], kwargs["user"]))

    signals.user_loaded.connect(receive)
    ask("wsgi", "/both/", token(alice))
    signals.user_loaded.disconnect(receive)
    assert seen == [("bearer", alice)]
    assert AccessToken.objects.get().last_used_at is not None


def test_vary__names_the_headers(world, alice):
    for sent in (Sent(), token(alice)):
        assert {"authorization", "x-api-key"} <= both("/allow_any/", sent).vary


def test_vary__keeps_a_cache_round_the_view_from_mixing_people_up(world, alice, root):
    client = Client()
    client.force_login(root)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    for sent, name in ((token(alice), "alice"), (token(root), "root"), (Sent(cookies=cookies), "root"), (Sent(), "")):
        for _ in range(2):
            assert json.loads(ask("wsgi", "/cached/", sent).body)["user"] == name


def test_limits__hold(world, alice):
    assert both("/both/", key(alice, networks=["192.0.2.0/24"])).status == 401
    answer = both("/allowed/", key(alice, methods=["POST"]))
    assert (answer.status, 'error="insufficient_scope"' in answer.header("WWW-Authenticate")) == (403, True)
    sent = key(alice, rate="1/d")
    assert ask("wsgi", "/both/", sent).status == 200
    answer = ask("wsgi", "/both/", sent)
    assert (answer.status, int(answer.header("Retry-After")) > 0) == (429, True)


def test_carriers__that_only_the_api_knows(settings, carrier, alice):
    """A project may want tokens in its API alone: its AUTHENTICATORS have none, its classes do."""
    settings.SESSIONAUTH_AUTHENTICATORS = [SESSION]
    assert told("/both/", carrier(alice))["asked"] == "alice"
    assert both("/whoami/", carrier(alice)).body == b'{"user": null}'
    assert both("/token_class/", carrier(alice, [])).status == 403
    assert told("/token_class/", carrier(alice, [READ]))["asked"] == "alice"
    client = Client()
    client.force_login(alice)
    assert client.get("/both/").json()["method"] == "session"
    assert client.get("/both/", headers=carrier(alice).headers).json()["method"] != "session"


def test_program_classes__do_not_look_whose_session_it_is(alice):
    client = Client()
    client.force_login(alice)
    with counted() as queries:
        assert client.get("/keys/").json()["user"] == ""
    assert queries == []


@pytest.mark.parametrize("path", ["/both/", "/person/", "/known/", "/allow_any/"])
def test_csrf__is_checked_of_sessions(world, path, alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.post(path)
    assert (answer.status_code, "CSRF" in answer.json()["detail"]) == (403, True)
    assert client.get(path).status_code == 200
    client.cookies["csrftoken"] = "c" * 32
    assert client.post(path, headers={"X-CSRFToken": "c" * 32}).status_code == 200


def test_csrf__is_not_asked_of_headers(world, carrier, alice):
    assert both("/both/", carrier(alice), "POST").status == 200
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post("/both/", headers=carrier(alice).headers).json()["method"] != "session"


def test_csrf__is_asked_of_keys_in_the_url(world, settings, alice):
    settings.SESSIONAUTH_AUTHENTICATORS = [QUERY, SESSION]
    sent = Sent(query=f"api_key={key(alice).headers['X-Api-Key']}")
    for path in ("/keys/", "/known/"):
        assert [both(path, sent, method).status for method in ("GET", "POST")] == [200, 403]


def test_csrf__is_not_looked_for_in_the_session_of_a_program(settings, alice):
    settings.CSRF_USE_SESSIONS = True
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "csrf" not in one]
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    with counted() as queries:
        assert client.post("/known/", headers=key(alice, last_used_at=timezone.now()).headers).status_code == 200
    assert not any("django_session" in sql for sql in queries)


def test_exempt_path__is_nobodys(world, settings, alice):
    settings.SESSIONAUTH_EXEMPT = ["/allow_any/", "/known/"]
    row, secret = APIKey.objects.issue(user=alice)
    row.revoke()
    assert told("/allow_any/", Sent({"X-Api-Key": secret}))["user"] == ""
    assert both("/known/", Sent({"X-Api-Key": secret})).status == 401


def test_ignored__is_nobodys(world, settings, alice):
    settings.SESSIONAUTH_INVALID_CREDENTIAL = "ignore"
    row, secret = APIKey.objects.issue(user=alice)
    row.revoke()
    assert told("/allow_any/", Sent({"X-Api-Key": secret}))["user"] == ""


def test_request_made_by_hand__is_held_to_scopes_too(rf, alice):
    """A Request without a view: nothing asks for scopes there, and a restricted credential is refused."""
    for scopes, expected in ((None, True), ([READ], False)):
        inner = rf.get("/nowhere/", headers=key(alice, scopes).headers)
        request = Request(inner, authenticators=[RequestAuthentication()])
        if expected:
            assert request.user == alice
        else:
            with pytest.raises(Exception, match="may not do this"):
                _ = request.user
            assert not request.user.is_authenticated


def test_view_called_by_hand(alice):
    view = tell(HasScope(READ))
    for scopes, status in ((None, 200), ([READ], 200), ([], 403)):
        request = APIRequestFactory().get("/nowhere/", headers=token(alice, scopes).headers)
        assert view(request).status_code == status


def test_force_authenticate(alice, make_user):
    client = APIClient()
    client.force_authenticate(alice)
    assert client.get("/scope/").json()["user"] == "alice"
    client.force_authenticate(make_user("eve"))
    assert client.get("/scope/").status_code == 403
    request = APIRequestFactory().get("/")
    row, _ = APIKey.objects.issue(user=alice, scopes=[])
    force_authenticate(request, alice, token=row)
    assert tell(HasScope(READ))(request).status_code == 200  # a row is no UserToken: REST framework was told who it is


def test_view_that_names_no_scope__is_a_mistake_that_is_told(rf, alice):
    view = app.OwnScope.as_view(scope_required=None)
    with pytest.raises(ImproperlyConfigured, match="scope_required"):
        view(rf.get("/", headers=token(alice).headers))
