"""The credential of the request itself: obtained for a password, refreshed, asked who it is, rotated, ended."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessionauth import crypto
from sessionauth.guards.counters import cache
from sessionauth.models import AccessToken, APIKey, LoginSession
from sessionauth.testing import AuthClient
from tests.guards.entries import rate
from tests.views.api.asking import JSON, ROOT, ask

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def right(alice, password):
    return {"username": "alice", "password": password}


@pytest.fixture
def obtained(right):
    return ask("post", "token/", right).json()


def test_obtain__gives_a_token_that_works(alice, right, settings):
    answer = ask("post", "token/", right)
    assert answer.status_code == 200
    told = answer.json()
    assert set(told) == {"access_token", "token_type", "expires_in", "expires_at", "refresh_token"}
    assert told["token_type"] == "Bearer"
    assert abs(told["expires_in"] - 10 * 3600) <= 5
    assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store", "no-cache")
    who = ask("get", "token/", secret=told["access_token"]).json()
    assert who["user"] == {"id": str(alice.pk), "display_name": "alice"}
    assert (who["method"], who["credential"]["is_personal"], who["credential"]["is_current"]) == ("bearer", False, True)


def test_obtain__signs_nobody_in(right, guarded):
    guarded()
    client, told = Client(), []
    user_logged_in.connect(told.append, weak=False, dispatch_uid="test")
    try:
        answer = ask("post", "token/", right, client=client)
    finally:
        user_logged_in.disconnect(dispatch_uid="test")
    assert answer.status_code == 200
    assert not client.cookies
    assert "Set-Cookie" not in answer
    assert "Vary" not in answer or "Cookie" not in answer["Vary"]
    assert (Session.objects.count(), LoginSession.objects.count(), told) == (0, 0, [])


def test_obtain__is_freed_from_csrf_because_cookies_count_for_nothing(make_user, right, password):
    bob = AuthClient(enforce_csrf_checks=True)
    bob.force_login(make_user("bob"))
    secret = ask("post", "token/", right, client=bob).json()["access_token"]
    assert AccessToken.objects.get().user.get_username() == "alice"
    assert ask("get", "token/", secret=secret).json()["user"]["display_name"] == "alice"
    assert bob.get("/whoami/").json() == {"user": "bob"}


def test_obtain__takes_a_form_as_oauth_clients_send_it(alice, right):
    body = f"grant_type=password&username=alice&password={right['password'].replace(' ', '+')}&scope="
    answer = ask("post", "token/", body, content_type=FORM)
    assert answer.status_code == 200
    assert answer.json()["scope"] == ""


def test_obtain__asked_for_less_gives_less(alice, right, settings):
    settings.SESSIONAUTH_SCOPES = {"read": ("Read", []), "write": ("Write", ["auth.add_user"])}
    answer = ask("post", "token/", {**right, "scope": "read", "name": "My phone"})
    assert answer.json()["scope"] == "read"
    assert AccessToken.objects.get().name == "My phone"
    for scope, says in (("nonsense", "There is no scope"), ("write", "do not hold"), (["read", 7], "list")):
        answer = ask("post", "token/", {**right, "scopes": scope})
        assert answer.status_code == 400
        assert says in str(answer.json())
    assert AccessToken.objects.count() == 1


def test_obtain__says_the_same_of_wrong_unknown_inactive_and_unusable(make_user, password, settings):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    found = {name: make_user(name) for name in ("alice", "gone", "nopass")}
    found["gone"].is_active = False
    found["nopass"].set_unusable_password()
    for user in found.values():
        user.save()
    tries = {"wrong": ("alice", "no"), "unknown": ("nobody", "no"), "nopass": ("nopass", "no")}
    tries |= {"inactive": ("gone", "no"), "inactive, right": ("gone", password)}
    answers = {case: answer_to(*given) for case, given in tries.items()}
    assert answers["wrong"][0] == 400
    assert answers["wrong"][1]["code"] == "invalid_grant"
    for case, answer in answers.items():
        assert answer == answers["wrong"], case


def answer_to(name, password):
    with CaptureQueriesContext(connection) as queries:
        answer = ask("post", "token/", {"username": name, "password": password})
    savepoint = re.compile(r'"s\d+_x\d+"')
    statements = [savepoint.sub("", one["sql"].partition(" WHERE ")[0].partition(" VALUES ")[0]) for one in queries]
    return answer.status_code, answer.json(), dict(answer.items()), statements


def test_obtain__is_guarded_like_a_login(alice, right, guarded):
    guarded(rate("account", "2/d"))
    wrong = {"username": "alice", "password": "no"}
    assert [ask("post", "token/", wrong).status_code for _ in range(2)] == [400, 400]
    for given in (wrong, right):
        answer = ask("post", "token/", given)
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
        assert int(answer["Retry-After"]) > 0
        assert answer["Content-Type"] == "application/problem+json"
    assert not AccessToken.objects.exists()
    assert Client().post("/account/login/", right).status_code == 429


def test_obtain__more_than_one_may_have_is_a_conflict(alice, right, settings):
    settings.SESSIONAUTH_MAX_TOKENS = 1
    assert ask("post", "token/", right).status_code == 200
    answer = ask("post", "token/", right)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_credentials")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_request"),
        (b"{", 400, "invalid_request"),
        (b"[]", 400, "invalid_request"),
        (b"\xff", 400, "invalid_request"),
        (b"[" * 100_000, 400, "invalid_request"),
        (b"1" * 5_000, 400, "invalid_request"),
        (b'{"username": "alice"}', 400, "invalid_request"),
        (b'{"username": 1, "password": "x"}', 400, "invalid"),
        (b'{"username": ["a"], "password": {"a": 1}}', 400, "invalid"),
        (b'{"username": "\\ud800", "password": "x"}', 400, "invalid_request"),
        (b'{"username": "a\\u0000", "password": "x"}', 400, "invalid_request"),
        (b'{"username": "a", "password": "x\\u0000"}', 400, "invalid_request"),
        (b'{"username": "' + b"x" * 300 + b'", "password": "x"}', 400, "invalid"),
        (b'{"grant_type": "client_credentials"}', 400, "unsupported_grant_type"),
        (b'{"grant_type": ["password"]}', 400, "unsupported_grant_type"),
        (b'{"a": "' + b"x" * 3_000_000 + b'"}', 413, "too_large"),
    ],
    ids=range(16),
)
@pytest.mark.parametrize("path", ["token/", "token/refresh/"])
def test_obtain_and_refresh__nonsense_is_a_problem(body, status, code, path, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = ask("post", path, body)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    if path == "token/":
        assert answer.json()["code"] == code


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/xml"])
@pytest.mark.parametrize("path", ["token/", "token/refresh/", "token/revoke/", "token/rotate/"])
def test_other_content__is_told(obtained, kind, path):
    body = b"a=1" if kind == "text/plain" else b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
    answer = ask("post", path, body, content_type=kind, secret=obtained["access_token"])
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_revoke__takes_an_empty_form_for_no_body(obtained):
    headers = {"Authorization": f"Bearer {obtained['access_token']}"}
    assert Client().post(f"{ROOT}token/revoke/", headers=headers).status_code == 204
    assert Client().post(f"{ROOT}token/revoke/", headers=headers).status_code == 401


def test_obtain__a_wrong_token_that_comes_along_stops_nothing(right, obtained):
    AccessToken.objects.get().revoke()
    for secret in (obtained["access_token"], "sa_pat_nonsense"):
        assert ask("post", "token/", right, secret=secret).status_code == 200
        assert ask("get", "token/", secret=secret).status_code == 401


def test_refresh__gives_the_next_and_ends_the_last(obtained):
    told = ask("post", "token/refresh/", {"refresh_token": obtained["refresh_token"]}).json()
    assert told["access_token"] != obtained["access_token"]
    assert told["refresh_token"] != obtained["refresh_token"]
    assert ask("get", "token/", secret=obtained["access_token"]).status_code == 401
    assert ask("get", "token/", secret=told["access_token"]).status_code == 200
    again = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    assert ask("post", "token/", again).status_code == 200


def test_refresh__works_once_the_token_is_over_and_with_it_in_the_header(obtained):
    AccessToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    secret = obtained["access_token"]
    assert ask("get", "token/", secret=secret).status_code == 401
    body = {"refresh_token": obtained["refresh_token"]}
    assert ask("post", "token/refresh/", body, secret=secret).status_code == 200


def test_refresh__twice_is_refused(obtained):
    body = {"refresh_token": obtained["refresh_token"]}
    assert ask("post", "token/refresh/", body).status_code == 200
    answer = ask("post", "token/refresh/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_grant")


@pytest.mark.parametrize("secret", ["", "x", "sa_ref_x", "sa_pat_x", "sa_ref_" + "a" * 38, "x" * 100_000])
def test_refresh__nonsense_is_refused(secret, obtained):
    answer = ask("post", "token/refresh/", {"refresh_token": secret})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_grant")


def test_refresh__the_token_itself_is_no_refresh_token(obtained):
    answer = ask("post", "token/refresh/", {"refresh_token": obtained["access_token"]})
    assert answer.status_code == 400
    assert ask("get", "token/", secret=obtained["refresh_token"]).status_code == 401
    assert ask("get", "token/", secret=obtained["access_token"]).status_code == 200


def test_refresh__wrong_ones_are_counted_by_address(obtained, settings):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_KEY_FAILURE_RATE = "2/d"
    if cache.fault() is not None:
        pytest.skip("wrong secrets are counted in a shared cache alone")
    secrets = [crypto.new_secret("sa", "ref") for _ in range(3)]
    answers = [ask("post", "token/refresh/", {"refresh_token": secret}) for secret in secrets]
    assert [answer.status_code for answer in answers] == [400, 400, 429]
    assert int(answers[-1]["Retry-After"]) > 0


def test_revoke__ends_this_one_and_its_refresh_token(obtained):
    secret = obtained["access_token"]
    assert ask("post", "token/revoke/", secret=secret).status_code == 204
    assert ask("get", "token/", secret=secret).status_code == 401
    assert ask("post", "token/refresh/", {"refresh_token": obtained["refresh_token"]}).status_code == 400


def test_rotate__a_restricted_key_rotates_itself(alice):
    row, secret = APIKey.objects.issue(user=alice, name="Nightly", scopes=[])
    answer = ask("post", "token/rotate/", {"overlap": 0}, secret=secret)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["name"], told["scopes"], told["replaces"]["id"]) == ("Nightly", [], row.pk)
    assert ask("get", "token/", secret=secret).status_code == 401
    assert ask("get", "token/", secret=told["secret"]).json()["credential"]["id"] == told["id"]


def test_rotate__twice_is_a_conflict(alice):
    _, secret = APIKey.objects.issue(user=alice)
    assert ask("post", "token/rotate/", secret=secret).status_code == 201
    answer = ask("post", "token/rotate/", secret=secret)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_rotated")


@pytest.mark.parametrize("overlap", [-1, 1.5, True, "1", [], 10**30, {"a": 1}])
def test_rotate__nonsense_is_told_and_rotates_nothing(alice, overlap):
    _, secret = APIKey.objects.issue(user=alice)
    assert ask("post", "token/rotate/", {"overlap": overlap}, secret=secret).status_code == 400
    assert APIKey.objects.count() == 1


def test_a_key_of_nobodys__tells_and_ends_itself():
    _, secret = APIKey.objects.issue(name="Export", scopes=[])
    told = ask("get", "token/", secret=secret).json()
    assert (told["user"], told["credential"]["name"]) == (None, "Export")
    assert ask("get", "keys/", secret=secret).status_code == 403
    assert ask("post", "token/revoke/", secret=secret).status_code == 204
    assert ask("get", "token/", secret=secret).status_code == 401


@pytest.mark.parametrize("path", ["token/revoke/", "token/rotate/"])
def test_a_session__is_no_key(alice, path):
    client = AuthClient()
    client.force_login(alice)
    answer = ask("post", path, client=client)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert ask("get", "token/", client=client).json()["credential"] is None


@pytest.mark.parametrize(("method", "path"), [("get", "token/"), ("post", "token/revoke/"), ("post", "token/rotate/")])
@pytest.mark.parametrize("accept", ["", "text/html", "*/*"])
def test_nobody__gets_a_challenge_whatever_they_accept(method, path, accept):
    answer = ask(method, path, headers={"accept": accept} if accept else {})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert "Bearer" in answer["WWW-Authenticate"]
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods__are_a_problem_that_names_the_right_ones(method):
    answer = ask(method, "token/", content_type=JSON)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, POST, HEAD, OPTIONS")
    assert answer["Content-Type"] == "application/problem+json"
