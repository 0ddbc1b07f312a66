"""A read-only database, missing tables and rolled-back views: nobody gets in wrongly, nobody is put out, no 500."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model, logout
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.signals import user_logged_in
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone

from sessionauth import get_auth
from sessionauth.authenticators import authenticate
from sessionauth.models import AccessToken, APIKey, LoginSession
from sessionauth.sessions import registry
from tests.asking import Sent, ask
from tests.attacks.browsers import COOKIE, cookie_of, engine, old_session, row_of, sign_in, user_of  # noqa: F401
from tests.attacks.trouble import atomic_requests, read_only, without_table
from tests.contracts import MODEL_BACKEND, signed_in_browser
from tests.project.ways_urls import urlpatterns as ways

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]

OURS = "sessionauth.backends.SessionAuthBackend"
OWN = f"{__name__}.OwnBackend"


class OwnBackend(ModelBackend):
    """A backend with a way of its own to find users, such as a directory's."""

    def get_user(self, user_id):
        return super().get_user(user_id)


def loader(request, session):
    """Load the user as a project's USER_LOADER does."""
    return ModelBackend().get_user(session.get("_auth_user_id"))


def looks_and_fails(request):
    get_auth(request)
    raise ValueError("the view fails")


def logs_out_and_fails(request):
    logout(request)
    raise ValueError("the view fails")


def logs_out_and_takes_it_back(request):
    logout(request)
    if connection.in_atomic_block:
        transaction.set_rollback(True)
    return HttpResponse("no")


def asks_by_hand(request):
    token = authenticate(request)
    return HttpResponse(str(token))


urlpatterns = [
    *ways,
    path("looks/", looks_and_fails),
    path("logs-out/", logs_out_and_fails),
    path("takes-back/", logs_out_and_takes_it_back),
    path("by-hand/", asks_by_hand),
]


@pytest.fixture(params=[False, True], ids=["autocommit", "atomic"])
def atomic(request):
    with atomic_requests() if request.param else nullcontext():
        yield request.param


@pytest.fixture
def backends(settings):
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, OWN]


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def tell(cookie, way="wsgi"):
    answer = ask(way, "/tell/", Sent(cookies={COOKIE: cookie}))
    assert answer.status == 200, answer
    return json.loads(answer.body)["user"]


def all_due():
    """Make every conditional write due."""
    LoginSession.objects.update(last_seen_at=timezone.now() - timedelta(days=1))
    APIKey.objects.update(last_used_at=None)


# Read-only.


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_read_only__keeps_people_and_programs_signed_in(way, alice, engine, atomic):  # noqa: F811
    _, secret = APIKey.objects.issue(user=alice)
    listed, earlier = signed_in_browser(alice)[COOKIE], old_session(alice)
    all_due()
    with read_only() as tried:
        assert tell(listed, way) == tell(earlier, way) == "alice"
        answer = ask(way, "/tell/", Sent({"X-Api-Key": secret}))
    assert json.loads(answer.body)["user"] == "alice"
    assert tried  # the books were to be kept


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
@pytest.mark.parametrize("how", ["revoke", "password", "inactive", "deleted_row"])
def test_read_only__lets_nobody_in_whose_time_is_over(how, way, alice, engine, atomic):  # noqa: F811
    cookie = signed_in_browser(alice)[COOKIE]
    if how == "revoke":
        registry.revoke_all(alice)
    elif how == "password":
        alice.set_password("another")
        alice.save()
    elif how == "inactive":
        type(alice).objects.update(is_active=False)
    else:
        LoginSession.objects.all().delete()
    with read_only():
        for _ in range(3):
            answer = ask(way, "/tell/", Sent(cookies={COOKIE: cookie}))
            assert (answer.status, json.loads(answer.body)["user"]) == (200, None)
            assert f'{COOKIE}=""' in answer.header("Set-Cookie")
    assert tell(cookie, way) is None


def test_read_only__keeps_those_of_an_older_secret_key(alice, engine, atomic, settings):  # noqa: F811
    browsers = [Client(), Client()]
    for browser, cookie in zip(browsers, [signed_in_browser(alice)[COOKIE], old_session(alice)], strict=True):
        browser.cookies[COOKIE] = cookie
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10
    with read_only():
        for browser in browsers * 2:
            assert browser.get("/tell/").json()["user"] == "alice"


def test_read_only__revoked_key_stays_out(alice):
    row, secret = APIKey.objects.issue(user=alice)
    row.revoke()
    with read_only():
        assert ask("wsgi", "/tell/", Sent({"X-Api-Key": secret})).status == 401


def test_read_only__login_works_where_the_session_can_be_kept(alice, password, settings, monkeypatch):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    receivers = [one for one in user_logged_in.receivers if one[0][0] != "update_last_login"]
    monkeypatch.setattr(user_logged_in, "receivers", receivers)
    user_logged_in.sender_receivers_cache.clear()
    with read_only():
        browser = sign_in(alice, password)
        assert tell(cookie_of(browser)) == "alice"
    assert tell(cookie_of(browser)) == "alice"
    assert row_of(alice).earlier


# Without our tables.


@pytest.mark.parametrize("is_proved", [False, True], ids=["never seen", "seen before"])
@pytest.mark.parametrize("backend", [MODEL_BACKEND, OURS, OWN])
@pytest.mark.parametrize(
    "make", [lambda user, backend: signed_in_browser(user, backend)[COOKIE], old_session], ids=["listed", "earlier"]
)
def test_missing_table__the_site_goes_on_as_without_us(make, backend, is_proved, alice, engine, backends, caplog):  # noqa: F811
    cookie = make(alice, backend)
    with without_table(is_proved=is_proved):
        assert tell(cookie) == tell(cookie, "asgi") == "alice"
        assert "migrate" in caplog.text
    assert tell(cookie) == "alice"


@pytest.mark.parametrize("backend", [MODEL_BACKEND, OURS, OWN])
@pytest.mark.parametrize(
    "make", [lambda user, backend: signed_in_browser(user, backend)[COOKIE], old_session], ids=["listed", "earlier"]
)
def test_missing_table__spoils_no_transaction(make, backend, alice, backends):
    cookie = make(alice, backend)
    with without_table(), atomic_requests():
        assert tell(cookie) == tell(cookie, "asgi") == "alice"


def test_missing_table__changes_no_answer_of_djangos(alice, atomic):
    """Without the row nobody can be told to be revoked; but password and account count as ever."""
    cookie = signed_in_browser(alice)[COOKIE]
    with without_table():
        type(alice).objects.update(is_active=False)
        assert tell(cookie) is None
        assert Client().get("/tell/").json()["user"] is None
    other = signed_in_browser(alice)[COOKIE]
    type(alice).objects.update(is_active=True, password="x")
    with without_table():
        assert tell(other) is None


def test_missing_table__people_sign_in_and_out(alice, password, engine, atomic):  # noqa: F811
    with without_table():
        browser = sign_in(alice, password)
        assert browser.get("/tell/").json()["user"] == "alice"
        browser.post("/logout/")
        assert browser.get("/tell/").json()["user"] is None


def test_missing_table__with_a_loader(alice, settings, atomic):
    settings.SESSIONAUTH_USER_LOADER = f"{__name__}.loader"
    cookies = [signed_in_browser(alice)[COOKIE], old_session(alice)]
    with without_table():
        assert [tell(cookie) for cookie in cookies] == ["alice", "alice"]


def nobody(request):
    return get_user_model().objects.none()


@pytest.mark.parametrize("backend", [MODEL_BACKEND, OURS, OWN])
def test_missing_table__shows_no_tenant_another_tenants_users(backend, alice, settings, backends):
    settings.SESSIONAUTH_USER_QUERYSET = f"{__name__}.nobody"
    cookie = signed_in_browser(alice, backend)[COOKIE]
    with without_table():
        assert tell(cookie) is None


@pytest.mark.parametrize("model", [APIKey, AccessToken])
@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_missing_table_of_credentials__lets_nobody_in(way, model, alice, atomic, caplog):
    _, secret = model.objects.issue(user=alice)
    with without_table(model):
        answer = ask(way, "/tell/", Sent({"X-Api-Key": secret}))
        assert (answer.status, json.loads(answer.body)["code"]) == (401, "invalid_token")
        assert ask(way, "/tell/").status == 200
    assert "migrate" in caplog.text
    assert ask(way, "/tell/", Sent({"X-Api-Key": secret})).status == 200


def test_other_trouble__is_not_hidden(alice, client):
    """Where the database itself fails the answer is an error, and nobody's page."""
    cookie = signed_in_browser(alice)[COOKIE]
    _, secret = APIKey.objects.issue(user=alice)

    def fail(execute, sql, params, many, context):
        if "auth_user" in sql or "apikey" in sql:
            return execute("SELECT nonsense FROM nowhere", None, many, context)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        for sent in (Sent(cookies={COOKIE: cookie}), Sent({"X-Api-Key": secret})):
            answer = ask("wsgi", "/tell/", sent)
            assert (answer.status, b"alice" in answer.body) == (500, False)


# Views that fail.


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_view_that_fails__takes_no_bookkeeping_back(way, alice, atomic):
    listed, earlier = signed_in_browser(alice)[COOKIE], old_session(alice)
    _, secret = APIKey.objects.issue(user=alice)
    all_due()
    for sent in (Sent(cookies={COOKIE: listed}), Sent(cookies={COOKIE: earlier}), Sent({"X-Api-Key": secret})):
        assert ask(way, "/looks/", sent).status == 500
    assert LoginSession.objects.filter(earlier=True).count() == 1
    assert APIKey.objects.get().last_used_at is not None
    assert LoginSession.objects.get(earlier=False).last_seen_at > timezone.now() - timedelta(minutes=1)


def test_view_that_fails__does_not_revive_what_it_ended(alice, engine, atomic):  # noqa: F811
    cookie = signed_in_browser(alice)[COOKIE]
    before = alice.password
    type(alice).objects.update(password="x")
    assert ask("wsgi", "/looks/", Sent(cookies={COOKIE: cookie})).status == 500
    type(alice).objects.update(password=before)
    assert user_of(cookie) is None


@pytest.mark.parametrize("view", ["/logs-out/", "/takes-back/"])
def test_logout__holds_though_the_view_fails(view, alice, engine, atomic):  # noqa: F811
    cookie = signed_in_browser(alice)[COOKIE]
    ask("wsgi", view, Sent(cookies={COOKIE: cookie}))
    assert user_of(cookie) is None


def test_by_hand__in_a_view_with_a_missing_table_is_no_worse(alice):
    _, secret = APIKey.objects.issue(user=alice)
    with without_table(APIKey):
        assert ask("wsgi", "/by-hand/", Sent({"X-Api-Key": secret})).status == 401
