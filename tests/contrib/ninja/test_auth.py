"""Who gets in by our classes, what stands on the request then, and what everybody else is answered."""

from __future__ import annotations

import pytest
from django.utils import timezone
from ninja.security import django_auth

from sessionauth.contrib.ninja import RequestAuth, Scope
from sessionauth.models import AccessToken, APIKey, LoginSession
from tests.asking import counted
from tests.contrib.ninja.site import DELETE, VIEW

pytestmark = [pytest.mark.django_db, pytest.mark.coat, pytest.mark.urls("tests.contrib.ninja.site")]


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def said(response):
    return response.status_code, response.json().get("code")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_token__is_the_user_of_the_request(ask, alice, token, method):
    response = ask("token", method, **bearer(token))
    assert response.json() == {"user": "alice", "auth": "bearer", "face": "bearer", "is_same": True}
    assert {"Authorization", "X-Api-Key"} <= set(response["Vary"].split(", "))
    assert not response.cookies


@pytest.mark.parametrize("headers", [{"X_Api_Key": 1}, {"Authorization": "Bearer"}])
def test_key__is_the_user_of_the_request(ask, key, headers):
    name = next(iter(headers))
    value = key if name == "X_Api_Key" else f"Bearer {key}"
    assert ask("key", "POST", **{name: value}).json()["user"] == "alice"


def test_token_and_key__are_told_apart_by_their_kind(ask, token, key):
    assert said(ask("token", **bearer(key))) == (403, "wrong_auth_method")
    assert said(ask("key", **bearer(token))) == (403, "wrong_auth_method")


@pytest.mark.parametrize("order", ["session-then-token-scope", "token-scope-then-session"])
def test_kinds__one_that_no_class_takes_is_told_so(ask, alice, token, key, order):
    response = ask(order, X_Api_Key=key)
    assert said(response) == (403, "wrong_auth_method")
    assert "WWW-Authenticate" not in response
    assert said(ask(order)) == (401, "not_authenticated")
    assert ask(order, **bearer(token)).json()["user"] == "alice"
    _, narrow = AccessToken.objects.issue(user=alice, name="narrow", scopes=[DELETE])
    assert said(ask(order, **bearer(narrow))) == (403, "insufficient_scope")


@pytest.mark.parametrize("order", ["session-then-token-scope", "token-scope-then-session", "django-token-scope"])
def test_kinds__a_restricted_key_is_nobody_still(ask, alice, order):
    _, narrow = APIKey.objects.issue(user=alice, name="narrow", scopes=[VIEW])
    assert said(ask(order, X_Api_Key=narrow)) == (403, "wrong_auth_method")


def test_session__is_the_user_of_the_request(ask, alice):
    ask.sign_in(alice)
    assert ask("session").json() == {"user": "alice", "auth": "session", "face": "session", "is_same": True}


def test_session__is_csrf_checked(ask, alice):
    ask.sign_in(alice)
    assert said(ask("session", "POST")) == (403, "csrf_failed")
    assert said(ask("request", "POST")) == (403, "csrf_failed")
    assert said(ask("scope", "POST")) == (403, "csrf_failed")
    assert ask("session", "POST", csrf=True).json()["user"] == "alice"
    assert ask("scope", "POST", csrf=True).json()["user"] == "alice"


def test_session__lets_no_program_in(ask, token):
    assert said(ask("session", **bearer(token))) == (403, "wrong_auth_method")


@pytest.mark.parametrize("order", ["session-first", "session-last"])
def test_orders__a_valid_bearer_posts_in_either(ask, alice, token, order):
    assert ask(order, "POST", **bearer(token)).json()["user"] == "alice"


@pytest.mark.parametrize("order", ["session-first", "session-last"])
def test_orders__a_valid_bearer_beside_somebody_elses_session_wins(ask, root, alice, token, order):
    ask.sign_in(root)
    response = ask(order, "POST", **bearer(token))
    assert (response.status_code, response.json()["user"]) == (200, "alice")


@pytest.mark.parametrize("order", ["session-first", "session-last"])
def test_orders__a_session_is_csrf_checked_in_either(ask, alice, order):
    ask.sign_in(alice)
    assert said(ask(order, "POST")) == (403, "csrf_failed")
    assert ask(order, "POST", csrf=True).json()["user"] == "alice"


@pytest.mark.parametrize("order", ["foreign-first", "foreign-last"])
def test_orders__a_foreign_bearer_posts_beside_a_session_without_a_csrf_token(ask, alice, order):
    ask.sign_in(alice)
    response = ask(order, "POST", Authorization="Bearer let-me-in")
    assert (response.status_code, response.json()["face"]) == (200, "foreign")


@pytest.mark.parametrize("order", ["foreign-first", "foreign-last"])
def test_orders__with_a_foreign_one_the_refusal_is_ours(ask, alice, order):
    response = ask(order, "POST")
    assert said(response) == (401, "not_authenticated")
    ask.sign_in(alice)
    assert said(ask(order, "POST")) == (403, "csrf_failed")


def test_only_foreign__the_refusal_is_ninjas(ask):
    response = ask("only-foreign")
    assert (response.status_code, response.json()) == (401, {"detail": "Unauthorized"})


def test_a_key_in_the_query_string__is_csrf_checked(settings, ask, key):
    settings.SESSIONAUTH_AUTHENTICATORS = [
        {"NAME": "sessionauth.authenticators.api_key.APIKeyAuthenticator", "OPTIONS": {"query_param": "api_key"}}
    ]
    assert ask(f"key?api_key={key}").json()["user"] == "alice"
    assert said(ask(f"key?api_key={key}", "POST")) == (403, "csrf_failed")


def test_nobody__is_told_how_to_come(ask):
    response = ask("request", Accept="text/html")
    assert said(response) == (401, "not_authenticated")
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "no-store"
    assert response["WWW-Authenticate"].startswith('Bearer realm="')
    assert "ApiKey" in response["WWW-Authenticate"]


def test_a_wrong_token__is_refused_before_ninja(ask, token):
    AccessToken.objects.get().revoke()
    response = ask("session-first", "POST", **bearer(token))
    assert said(response) == (401, "invalid_token")
    assert 'error="invalid_token"' in response["WWW-Authenticate"]


def test_two_secrets__are_a_400(ask, token, key):
    assert said(ask("request", X_Api_Key=key, **bearer(token))) == (400, "invalid_request")


def test_a_key_without_a_user__needs_a_class_that_takes_one(ask):
    _, secret = APIKey.objects.issue(name="service", scopes=[VIEW])
    assert said(ask("key", X_Api_Key=secret)) == (403, "insufficient_scope")
    assert ask("scope", X_Api_Key=secret).json() == {
        "user": "",
        "auth": "api_key",
        "face": "api_key",
        "is_same": True,
    }
    _, secret = APIKey.objects.issue(name="service")
    assert said(ask("request", X_Api_Key=secret)) == (401, "not_authenticated")
    assert ask("key", X_Api_Key=secret).status_code == 200


def test_scope__is_asked_of_user_and_credential(ask, alice, make_user):
    for user, scopes, expected in [
        (alice, None, 200),
        (alice, [VIEW], 200),
        (alice, ["auth.delete_user"], 403),
        (alice, [], 403),
        (make_user("bob"), None, 403),
        (make_user("carol"), [VIEW], 403),
    ]:
        _, secret = AccessToken.objects.issue(user=user, scopes=scopes)
        response = ask("scope", "POST", **bearer(secret))
        assert response.status_code == expected, (user, scopes)
        if expected == 403:
            assert response.json()["code"] == "insufficient_scope"
            assert f'scope="{VIEW}"' in response["WWW-Authenticate"]


def test_scope__is_asked_of_people_too(ask, make_user):
    ask.sign_in(make_user("bob"))
    assert said(ask("scope")) == (403, "insufficient_scope")


@pytest.mark.parametrize(
    ("name", "method", "scopes", "expected"),
    [
        ("both", "GET", [VIEW], 403),
        ("both", "GET", [VIEW, "auth.delete_user"], 200),
        ("any", "GET", [VIEW], 200),
        ("any", "GET", ["auth.add_user"], 403),
        ("by-method", "GET", [VIEW], 200),
        ("by-method", "POST", [VIEW], 403),
        ("by-method", "POST", ["auth.delete_user"], 200),
        ("by-method", "PUT", [VIEW, "auth.delete_user"], 403),
        ("token-scope", "GET", [VIEW], 200),
    ],
)
def test_scope__takes_the_whole_grammar(ask, root, name, method, scopes, expected):
    _, secret = AccessToken.objects.issue(user=root, scopes=scopes)
    assert ask(name, method, **bearer(secret)).status_code == expected


@pytest.mark.parametrize("wrong", [(), ("",), ("a b",), (1,), ([],)])
def test_scope__of_nothing_is_a_mistake(wrong):
    with pytest.raises(TypeError):
        Scope(*wrong)


def test_fresh__a_person_who_has_just_signed_in(ask, alice, password):
    ask.sign_in_by_password(alice, password)
    assert ask("fresh").json()["user"] == "alice"
    assert ask("fresh-hour").json()["user"] == "alice"


def test_fresh__a_stale_one_is_told_to_confirm(ask, alice):
    ask.sign_in(alice)
    session = ask.client.session
    own = {**session["_sessionauth"], "auth_at": timezone.now().timestamp() - 9999}
    session["_sessionauth"] = own
    session.save()
    LoginSession.objects.update(authenticated_at=timezone.now() - timezone.timedelta(seconds=9999))
    response = ask("fresh", Accept="text/html")
    assert said(response) == (401, "fresh_login_required")
    assert 'error="insufficient_user_authentication"' in response["WWW-Authenticate"]
    assert response.json()["max_age"] == 900
    assert ask("fresh-hour").json()["max_age"] == 3600


def test_fresh__a_program_never_is(ask, token):
    assert said(ask("fresh", **bearer(token))) == (403, "fresh_login_required")


def test_queries__none_beside_those_of_the_middleware(ask, token):
    ask("token", **bearer(token))
    with counted() as statements:
        ask("token", **bearer(token))
        ask("session-last", **bearer(token))
    assert len([one for one in statements if one.startswith("SELECT")]) == 2


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("not-authenticated", 401, "not_authenticated"),
        ("too-many", 429, "too_many_attempts"),
        ("inactive", 401, "invalid_credentials"),
    ],
)
def test_what_an_operation_raises_of_ours__is_answered_as_elsewhere(ask, name, status, code):
    response = ask(name, "POST")
    assert said(response) == (status, code)
    assert (response.get("WWW-Authenticate") is not None) is (status == 401)


def test_a_handler_of_the_projects__answers_what_it_likes(settings, ask):
    settings.SESSIONAUTH_UNAUTHORIZED_HANDLER = "tests.contrib.ninja.site.teapot"
    for api in ("api", "bare"):
        assert ask("request", api=api).status_code == 418


@pytest.mark.parametrize("name", ["throttled", "open"])
def test_throttle__counts_each_credential(ask, alice, name):
    secrets = [APIKey.objects.issue(user=alice, name="same name")[1] for _ in range(2)]
    for secret in secrets:
        assert [ask(name, X_Api_Key=secret).status_code for _ in range(3)] == [200, 200, 429]


def test_throttle__counts_nobody_by_the_address_that_the_server_saw(ask):
    answers = [ask("open", X_Forwarded_For=f"10.0.0.{n}").status_code for n in range(3)]
    assert answers == [200, 200, 429]


def test_bare__lets_the_same_in_and_keeps_the_same_out(ask, alice, token):
    assert ask("token", "POST", api="bare", **bearer(token)).json()["user"] == "alice"
    response = ask("token", api="bare")
    assert (response.status_code, response.json()) == (401, {"detail": "Authentication is needed."})
    ask.sign_in(alice)
    assert ask("session", "POST", api="bare").status_code == 403
    assert ask("session", "POST", api="bare", csrf=True).status_code == 200
    assert ask("fresh", api="bare").status_code == 200
    assert ask("foreign-last", "POST", api="bare").status_code == 401


@pytest.mark.once
def test_a_class__is_of_the_loop_it_is_asked_in():
    import asyncio

    async def in_loop():
        return RequestAuth().is_async

    assert not RequestAuth().is_async
    assert asyncio.run(in_loop())
    assert not django_auth.is_async
