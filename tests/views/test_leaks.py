"""Reports of leaked secrets over HTTP."""

from __future__ import annotations

import io

import pytest
from asgiref.sync import async_to_sync
from django.core import mail as outbox
from django.test import AsyncClient, Client

from sessionauth import crypto, notify, signals
from sessionauth.credentials import partner
from sessionauth.models import AccessToken, APIKey
from sessionauth.views.leaks import LARGEST_BODY, LeakView, Reported
from tests.asking import counted
from tests.attacks.trouble import atomic_requests
from tests.reporting import IDENTIFIER, OTHER, P256, body_of, headers, item

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.leak_urls")]


@pytest.fixture(autouse=True)
def _on(settings):
    settings.SESSIONAUTH_LEAK_KEYS = {IDENTIFIER: P256.pem}


def send(body, sent=None, client=None):
    client = client or Client(enforce_csrf_checks=True, raise_request_exception=False)
    sent = headers(body) if sent is None else sent
    return client.post("/leaks/", body, content_type="application/json", headers=sent)


@pytest.fixture
def issued(make_user):
    return APIKey.objects.issue(user=make_user("alice"), name="desk")


def revoked(row):
    row.refresh_from_db()
    return row.revoked_reason


def test_report__ends_what_it_names_and_says_nothing(issued):
    row, secret = issued
    response = send(body_of(item(secret), item(crypto.new_secret("sa", "pat")), item("else")))
    assert (response.status_code, response.content) == (204, b"")
    assert not response.cookies
    assert "no-store" in response["Cache-Control"]
    assert revoked(row) == "leaked"
    assert send(body_of(item(secret))).status_code == 204


def test_report__under_asgi(issued):
    row, secret = issued
    body = body_of(item(secret))

    async def go():
        sent = headers(body)
        return await AsyncClient().post("/leaks/", body, content_type="application/json", headers=sent)

    assert async_to_sync(go)().status_code == 204
    assert revoked(row) == "leaked"


def test_report__of_another_key_too(issued, make_user):
    row, secret = issued
    token, other = AccessToken.objects.issue(user=make_user("bob"))
    assert send(body_of(item(secret), item(other))).status_code == 204
    assert (revoked(row), revoked(token)) == ("leaked", "leaked")


@pytest.mark.parametrize(
    "change",
    [
        lambda body, sent: (body + b" ", sent),
        lambda body, sent: (body, headers(body, OTHER)),
        lambda body, sent: (body, {}),
        lambda body, sent: (body, {"Github-Public-Key-Identifier": IDENTIFIER}),
        lambda body, sent: (body, {**sent, "Github-Public-Key-Identifier": "other"}),
        lambda body, sent: (body, {**sent, "Github-Public-Key-Signature": "ÿ"}),
    ],
)
def test_signature__that_is_not_valid_ends_nothing_and_asks_nothing(change, issued):
    row, secret = issued
    body = body_of(item(secret))
    body, sent = change(body, headers(body))
    with counted() as statements:
        response = send(body, sent)
    assert (response.status_code, response.json()["code"], statements) == (403, "invalid_signature", [])
    assert secret not in response.text
    assert revoked(row) == ""


@pytest.mark.parametrize("body", [b"", b"{}", b"3", b"\xff", b"[" * 100_000, b'"x"', b"null", b"[NaN"])
def test_body__that_is_no_list(body):
    response = send(body)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "strange",
    [3, None, [], {}, {"token": 3}, {"token": "\0"}, {"token": "\ud800"}, {"token": "x" * 10_000}, {"token": ["a"]}],
)
def test_item__that_is_strange_is_passed_over(strange, issued):
    row, secret = issued
    good = {"token": secret, "type": 3, "url": ["x"], "source": None}
    assert send(body_of(strange, good)).status_code == 204
    assert revoked(row) == "leaked"


@pytest.mark.parametrize("feedback", [True, False])
def test_feedback__says_which_were_ours_by_digest(feedback, issued, settings):
    settings.SESSIONAUTH_LEAK_FEEDBACK = feedback
    _, secret = issued
    strange = crypto.new_secret("sa", "key")
    response = send(body_of(item(secret), item(strange, type="sa_pat"), item("\ud800")))
    if not feedback:
        assert response.content == b""
        return
    assert response.json()[:2] == [
        {"token_hash": crypto.digest(secret), "token_type": "sa_key", "label": "true_positive"},
        {"token_hash": crypto.digest(strange), "token_type": "sa_pat", "label": "false_positive"},
    ]
    assert secret not in response.text


@pytest.mark.parametrize("length", [LARGEST_BODY + 1, 3 * 1024 * 1024])
def test_body__that_is_too_large_is_not_read(length):
    body = b"x" * length
    assert send(body, {}).status_code == 413


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "x", "²"])
def test_length__that_is_none(length, rf):
    request = rf.post("/leaks/", b"[]", content_type="application/json")
    request.META["CONTENT_LENGTH"] = length
    assert LeakView.as_view()(request).status_code in (403, 413)


def test_body__that_breaks_off(rf):
    class Broken(io.BytesIO):
        def read(self, *args):
            raise OSError("gone")

    request = rf.post("/leaks/", b"[]", content_type="application/json")
    request._stream = Broken()
    assert LeakView.as_view()(request).status_code == 413


def test_off__is_not_there(settings, issued):
    row, secret = issued
    body = body_of(item(secret))
    settings.SESSIONAUTH_LEAK_KEYS = {}
    assert send(body).status_code == 404
    assert Client().get("/leaks/").status_code == 404
    assert revoked(row) == ""


def test_keys_that_cannot_be_had__are_asked_for_later(settings, issued, monkeypatch):
    def nobody(url):
        raise OSError

    monkeypatch.setattr(partner, "fetched", nobody)
    monkeypatch.setattr(partner, "_tried", {})
    settings.SESSIONAUTH_LEAK_KEYS, settings.SESSIONAUTH_LEAK_KEYS_URL = {}, "https://example.org/keys"
    response = send(body_of(item(issued[1])))
    assert (response.status_code, response["Retry-After"]) == (503, "60")
    assert revoked(issued[0]) == ""


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_method__is_post(method):
    assert getattr(Client(), method)("/leaks/").status_code == 405


@pytest.mark.parametrize("policy", ["redirect", "raise"])
def test_login__is_not_asked_for(policy, settings, issued):
    settings.SESSIONAUTH_ON_FAILURE = policy
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    assert send(body_of(item(issued[1]))).status_code == 204


def test_session__is_neither_read_nor_made(issued, make_user):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_user("bob"))
    with counted() as statements:
        response = send(b"[]", client=browser)
    assert (response.status_code, statements, dict(response.cookies)) == (204, [], {})
    assert "Cookie" not in response.get("Vary", "")


def test_atomic_requests__take_nothing_back(issued):
    row, secret = issued
    with atomic_requests():
        assert send(body_of(item(secret))).status_code == 204
    assert revoked(row) == "leaked"


def test_owner__is_written_to_where_the_project_wants_it(issued, make_user):
    row, secret = issued
    nobodys, other = APIKey.objects.issue()
    body = body_of(item(secret), item(other), item(secret))
    signals.credential_leaked.connect(notify.mail_about_leak)
    try:
        send(body)
        send(body)
    finally:
        signals.credential_leaked.disconnect(notify.mail_about_leak)
    [letter] = outbox.outbox
    assert letter.to == ["alice@example.org"]
    assert "\n" not in letter.subject
    assert "https://github.com/a/b/blob/c/d" in letter.body
    assert f"desk ({row.hint})" in letter.body
    assert secret not in letter.body


def test_owner__is_written_to_without_a_request(issued):
    row, _ = issued
    row.last_used_at = row.created_at
    notify.mail_about_leak(credential=row, url="/srv/logs/a.log:3")
    [letter] = outbox.outbox
    assert "this site" in letter.body
    assert "last used" in letter.body
    assert "/srv" not in letter.body


def test_repr__shows_no_secret():
    assert "hidden" not in repr(Reported("hidden", "sa_key", "url", "source"))
