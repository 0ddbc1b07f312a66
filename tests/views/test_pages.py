"""What holds on every page alike."""

from __future__ import annotations

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import get_resolver

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

OPEN = {
    "login/": "Sign in",
    "password/reset/": "Forgotten password",
    "password/reset/sent/": "Look into your mail",
    "password/reset/done/": "Your new password is set",
    "password/reset/x/y/": "This link is no good",
    "unlock/": "Unlock your account",
    "unlock/sent/": "Look into your mail",
    "unlock/done/": "Your account is unlocked",
    "unlock/no-token/": "Unlock your account",
}
OWN = {
    "confirm/": "Confirm that it is you",
    "devices/": "Your devices",
    "devices/others/end/": "Sign out all other devices?",
    "devices/all/end/": "Sign out everywhere?",
    "keys/": "Keys and tokens",
    "keys/new/": "New key or token",
    "keys/all/revoke/": "Revoke all keys and tokens?",
    "password/": "Change your password",
    "password/done/": "Your password is changed",
}
#: Every address that acts, and the method that it acts by.
ACTS = [
    ("login/", "post"),
    ("logout/", "post"),
    ("confirm/", "post"),
    ("session/", "post"),
    ("session/", "delete"),
    ("devices/others/end/", "post"),
    ("devices/all/end/", "post"),
    ("keys/new/", "post"),
    ("keys/all/revoke/", "post"),
    ("password/", "post"),
    ("password/reset/", "post"),
    ("unlock/", "post"),
    ("unlock/no-token/", "post"),
]


@pytest.mark.parametrize(("path", "heading"), OPEN.items())
def test_open_page__is_shown_to_strangers(client, path, heading):
    answer = client.get(f"/account/{path}")
    assert answer.status_code == 200
    assert heading in answer.text
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", [*OPEN, "session/"])
@pytest.mark.parametrize("policy", ["redirect", "raise", "Django's middleware"])
def test_open_page__is_open_whatever_else_asks_for_a_login(client, settings, path, policy):
    if policy == "Django's middleware":
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    else:
        settings.SESSIONAUTH_ON_FAILURE = policy
    assert client.get(f"/account/{path}").status_code == 200
    assert client.get("/untouched/").status_code in (302, 401)
    assert client.post("/account/logout/").status_code == 200


@pytest.mark.parametrize("path", [*OPEN, *OWN])
def test_page__needs_no_context_processor(client, make_user, settings, path):
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": {}}]
    client.force_login(make_user())
    assert client.get(f"/account/{path}").status_code == 200
    assert "<strong>alice</strong>" in client.get("/account/confirm/").text


@pytest.mark.parametrize("path", [*OPEN, *OWN])
def test_page__keeps_its_address_from_other_sites(client, make_user, settings, path):
    """Some addresses carry a token; a form needs the Referer on its own site."""
    settings.SECURE_REFERRER_POLICY = None
    client.force_login(make_user())
    assert client.get(f"/account/{path}")["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(("path", "heading"), OWN.items())
def test_own_page__is_shown_to_its_owner_alone(client, make_user, path, heading):
    answer = client.get(f"/account/{path}")
    assert (answer.status_code, answer["Location"]) == (302, f"/login/?next=/account/{path}")
    assert client.get(f"/account/{path}", headers={"accept": "application/json"}).status_code == 401
    client.force_login(make_user())
    answer = client.get(f"/account/{path}")
    assert answer.status_code == 200
    assert heading in answer.text
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", [*OPEN, *OWN])
def test_page__has_nothing_that_a_strict_policy_refuses(client, make_user, path):
    client.force_login(make_user())
    page = client.get(f"/account/{path}").text
    for word in ("<script", "<style", "style=", "onclick", "onsubmit", "javascript:"):
        assert word not in page
    assert page.count("http") == 0


@pytest.mark.parametrize(("path", "method"), ACTS)
@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/json"])
def test_act__needs_the_csrf_token(make_user, path, method, content_type):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    answer = getattr(client, method)(f"/account/{path}", "", content_type=content_type)
    assert answer.status_code == 403
    assert client.get("/whoami/").json() == {"user": "alice"}


@pytest.mark.parametrize("path", [*OPEN, *OWN, "session/"])
def test_get__writes_nothing(client, make_user, path):
    client.force_login(make_user())
    client.get("/whoami/")
    with connection.execute_wrapper(_only_reads):
        client.get(f"/account/{path}")


def _only_reads(execute, sql, params, many, context):
    assert sql.lstrip().upper().startswith(("SELECT", "SAVEPOINT", "RELEASE")), sql
    return execute(sql, params, many, context)


def test_logout__by_get_is_refused(client, make_user):
    client.force_login(make_user())
    answer = client.get("/account/logout/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, OPTIONS")
    assert client.get("/whoami/").json() == {"user": "alice"}


def test_logout__by_get_shows_people_a_button(client):
    page = client.get("/account/logout/?next=/whoami/", headers={"accept": "text/html"}).content.decode()
    assert all(part in page for part in ('<form method="post">', "csrfmiddlewaretoken", ">Sign out</button>"))
    assert client.get("/account/logout/", headers={"accept": "application/json"}).content == b""


@pytest.mark.parametrize("path", ["login/", "session/", "confirm/", "password/", "password/reset/", "unlock/"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b"1" * 5_000, 400),
        (b'{"username": 1}', 400),
        (b'{"username": {"a": "b"}, "password": "x"}', 400),
        (b'{"username": "\\ud800", "password": "x"}', 400),
        (b'{"username": "a\\u0000b", "password": "a\\u0000b"}', 400),
        (b"{}", 400),
        (b"null", 400),
        (b'{"username": null}', 400),
        (b'{"a": "' + b"x" * 3_000_000 + b'"}', 413),
    ],
    ids=range(13),
)
def test_json__nonsense_is_a_problem(client, make_user, path, body, status):
    client.force_login(make_user())
    answer = client.post(f"/account/{path}", body, content_type="application/json")
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("urls", ["sessionauth.urls", "sessionauth.api_urls"])
def test_atomic_requests__no_page_runs_in_the_transaction_of_its_request(urls):
    found = get_resolver(urls).url_patterns
    assert found
    assert all(set(connections) <= pattern.callback._non_atomic_requests for pattern in found)
