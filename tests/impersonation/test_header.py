"""A program that says in a header as whom it acts: who it is, how far it goes, and what is recorded."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessionauth import scopes, signals
from sessionauth.impersonation import windows
from sessionauth.models import AccessToken, APIKey, AuthEvent, Impersonation
from tests.impersonation import header_site

NAME = "X-Impersonate-User"
DENIED = {
    "type": "about:blank",
    "title": "Forbidden",
    "status": 403,
    "code": "impersonation_denied",
    "detail": "You may not act as this user.",
}


@pytest.fixture(autouse=True)
def _header(settings, _site):
    settings.SESSIONAUTH_IMPERSONATION_HEADER = NAME
    settings.SESSIONAUTH_SCOPES = {header_site.LOOK: ("Look.", [])}
    settings.ROOT_URLCONF = "tests.impersonation.header_site"


def allow(user, *codenames):
    found = Permission.objects.filter(content_type__app_label="sessionauth", codename__in=codenames)
    user.user_permissions.add(*found)
    return user


@pytest.fixture
def helper(make_user):
    """Who may impersonate."""
    return allow(make_user("helper"), "impersonate")


@pytest.fixture
def key(helper):
    return Program(helper)


class Program:
    """A key of somebody's, and requests with it."""

    def __init__(self, owner, *granted, model=APIKey, **fields):
        wanted = fields.pop("scopes", [scopes.IMPERSONATE, header_site.LOOK, *granted])
        self.row, self.secret = model.objects.issue(user=owner, scopes=wanted, name="desk", **fields)

    def ask(self, path, target=None, *, method="get", is_async=False, client=None, **headers):
        headers = {"authorization": f"Bearer {self.secret}", "accept": "application/json", **headers}
        if target is not None:
            headers[NAME] = str(getattr(target, "pk", target))
        client = client or (AsyncClient if is_async else Client)(enforce_csrf_checks=True)
        ask = getattr(client, method)
        return async_to_sync(ask)(path, headers=headers) if is_async else ask(path, headers=headers)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_header__the_request_is_the_target_s_and_the_owner_is_known(key, helper, alice, is_async):
    answer = key.ask("/awho/" if is_async else "/who/", alice, is_async=is_async)
    row = Impersonation.objects.get()
    assert answer.json() == {
        "user": alice.get_username(),
        "auth": alice.get_username(),
        "actor": helper.get_username(),
        "original": helper.get_username(),
        "state": "impersonator",
        "fresh": False,
        "impersonation": str(row.pk),
        "current": str(row.pk),
    }
    assert answer["X-Impersonated-User"] == str(alice.pk)
    assert {"Authorization", NAME} <= {name.strip() for name in answer["Vary"].split(",")}
    assert "no-store" in answer["Cache-Control"]
    assert (row.actor_id, row.target_id, row.transport, row.mode) == (helper.pk, alice.pk, "header", "read")
    assert row.reason == str(key.row)
    assert key.ask("/who/").json()["user"] == helper.get_username()


def test_header__touches_no_session(key, alice):
    answer = key.ask("/who/", alice)
    assert not answer.cookies
    assert not Session.objects.exists()
    assert Impersonation.objects.get().session_data == ""


def test_off__the_header_is_not_read(settings, key, helper, alice, django_assert_num_queries):
    settings.SESSIONAUTH_IMPERSONATION_HEADER = None
    answer = key.ask("/who/", alice)
    assert answer.json()["user"] == helper.get_username()
    assert NAME not in answer["Vary"]
    with django_assert_num_queries(0):
        answer = Client().get("/untouched/", headers={NAME: str(alice.pk)})
    assert (answer.status_code, answer.get("Vary")) == (200, None)
    assert not Impersonation.objects.exists()


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_nobody_asks__costs_nothing(settings, django_assert_num_queries, db, is_async):
    client = AsyncClient() if is_async else Client()
    with django_assert_num_queries(0):
        answer = async_to_sync(client.get)("/untouched/") if is_async else client.get("/untouched/")
    assert (answer.status_code, answer.get("Vary")) == (200, None)


NOBODY = ["0", "999999999", "9" * 40, "", " ", "-1", "alice", "1.5", "é", "pk:1", "1,1", "x" * 9000, "%00", "__all__:1"]


@pytest.mark.parametrize("named", NOBODY, ids=[str(n) for n in range(len(NOBODY))])
def test_denied__one_answer_for_whatever_is_nobody(key, named):
    answer = key.ask("/who/", named)
    assert (answer.status_code, answer.json()) == (403, DENIED)


def test_denied__one_answer_for_whom_one_may_not_be(key, make_user, helper):
    targets = [
        make_user("root", is_superuser=True, is_staff=True),
        make_user("staff", is_staff=True),
        make_user("gone", is_active=False),
        helper,
    ]
    missing = key.ask("/who/", 0)
    for target in targets:
        answer = key.ask("/who/", target)
        assert (answer.status_code, answer.content) == (403, missing.content)
        assert answer.headers == missing.headers
    assert not Impersonation.objects.exists()


def test_denied__is_told_and_not_to_be_stored(key, helper, alice):
    heard = []
    helper.user_permissions.clear()
    signals.impersonation_denied.connect(receiver := lambda **facts: heard.append(facts))
    try:
        answer = key.ask("/who/", alice)
    finally:
        signals.impersonation_denied.disconnect(receiver)
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Type"] == "application/problem+json"
    assert [(one["actor"], one["target"], one["reason"].code) for one in heard] == [(helper, alice, "guard")]


def test_guards__find_the_owner_on_the_request(settings, key, alice, helper):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = ["tests.impersonation.test_header.owner_is_there"]
    assert key.ask("/who/", alice).status_code == 200
    assert key.ask("/closed/", alice).status_code == 403


def owner_is_there(request, *, actor, target):
    return request.user == actor and actor.get_username().partition("@")[0] == "helper"


def test_scope__is_needed_and_named(helper, alice):
    for wanted in (None, [], [header_site.LOOK], ["sessionauth.impersonate"]):
        answer = Program(helper, scopes=wanted).ask("/who/", alice)
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
        assert f'scope="{scopes.IMPERSONATE}"' in answer["WWW-Authenticate"]


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_carrier__a_session_is_refused(root, alice, is_async):
    client = (AsyncClient if is_async else Client)()
    client.force_login(root, "django.contrib.auth.backends.ModelBackend")
    ask = async_to_sync(client.get) if is_async else client.get
    answer = ask("/who/", headers={NAME: str(alice.pk)})
    assert (answer.status_code, answer.json()["code"]) == (403, "impersonation_carrier")
    assert NAME in answer["Vary"]


def test_carrier__nobody_and_the_tokens_of_others_are_refused(db, alice):
    for headers in ({}, {"authorization": "Bearer eyJhbGciOi"}, {"authorization": "Digest x"}):
        answer = Client().get("/untouched/", headers={NAME: str(alice.pk), **headers})
        assert answer.json()["code"] == "impersonation_carrier"


def test_carrier__basic_is_refused(settings, root, alice, password):
    settings.SESSIONAUTH_AUTHENTICATORS = ["sessionauth.authenticators.basic.BasicAuthenticator"]
    from tests.attacks.storm import basic

    headers = {"authorization": basic(root.get_username(), password)}
    assert Client().get("/untouched/", headers=headers).status_code == 200
    answer = Client().get("/untouched/", headers={NAME: str(alice.pk), **headers})
    assert answer.json()["code"] == "impersonation_carrier"


def test_carrier__a_key_in_the_address_is_refused(settings, key, helper, alice):
    settings.SESSIONAUTH_AUTHENTICATORS = [
        {"NAME": "sessionauth.authenticators.api_key.APIKeyAuthenticator", "OPTIONS": {"query_param": "key"}}
    ]
    assert Client().get("/who/", {"key": key.secret}).json()["user"] == helper.get_username()
    answer = Client().get("/who/", {"key": key.secret}, headers={NAME: str(alice.pk)})
    assert answer.json()["code"] == "impersonation_carrier"


def test_carrier__a_browser_that_impersonates_is_refused(key, alice):
    client = Client()
    client.cookies["sessionauth_impersonating"] = "1"
    assert key.ask("/who/", alice, client=client).json()["code"] == "impersonation_carrier"


def test_carrier__a_key_of_nobody_is_refused(db, alice):
    assert Program(None).ask("/who/", alice).json()["code"] == "impersonation_carrier"


def test_wrong_key__is_a_401(key, alice):
    key.row.revoke()
    assert key.ask("/who/", alice).status_code == 401


def test_scopes__of_the_key_confine_the_target(helper, key, make_user, alice):
    view = Permission.objects.get(codename="view_group")
    alice.user_permissions.add(view)
    other = make_user("other")
    wide = Program(helper, "auth.view_group")
    assert key.ask("/groups/", alice).status_code == 403  # the target may, the key may not
    assert wide.ask("/groups/", other).status_code == 403  # the key may, the target may not
    assert wide.ask("/groups/", alice).status_code == 200
    assert key.ask("/closed/", alice).status_code == 403
    assert key.ask("/admin/", alice).json()["code"] == "people_only"


def test_superuser__gives_nothing_to_the_target(root, alice):
    assert Program(root, "auth.view_group").ask("/groups/", alice).status_code == 403


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_read_only__unless_everybody_agrees_to_more(settings, helper, make_user, alice, is_async):
    path = "/aact/" if is_async else "/act/"
    writer = allow(make_user("writer"), "impersonate", "impersonate_write")
    programs = {
        "neither": Program(helper),
        "scope": Program(helper, scopes.IMPERSONATE_WRITE),
        "permission": Program(writer),
        "both": Program(writer, scopes.IMPERSONATE_WRITE),
        "methods": Program(writer, scopes.IMPERSONATE_WRITE, methods=["GET"]),
    }
    answers = {name: one.ask(path, alice, method="post", is_async=is_async) for name, one in programs.items()}
    codes = {name: answer.status_code for name, answer in answers.items()}
    assert codes == {"neither": 403, "scope": 403, "permission": 403, "both": 200, "methods": 403}
    assert answers["scope"].json()["code"] == "impersonation_read_only"
    assert header_site.done == [alice.get_username()]
    settings.SESSIONAUTH_IMPERSONATION_READ_ONLY = False
    assert programs["neither"].ask(path, alice, method="post", is_async=is_async).status_code == 200


def test_read_only__comes_back_with_the_permission(make_user, alice):
    writer = allow(make_user("writer"), "impersonate", "impersonate_write")
    program = Program(writer, scopes.IMPERSONATE_WRITE)
    assert program.ask("/act/", alice, method="post").status_code == 200
    assert Impersonation.objects.get().mode == "write"
    writer.user_permissions.remove(Permission.objects.get(codename="impersonate_write"))
    assert program.ask("/act/", alice, method="post").status_code == 403
    assert Impersonation.objects.get().mode == "read"


def test_marks__of_views_count(key, alice):
    assert key.ask("/search/", alice, method="post").content == alice.get_username().encode()
    assert key.ask("/mine/").status_code == 200
    assert key.ask("/mine/", alice).status_code == 403
    assert key.ask("/api/tokens/", alice).status_code == 403


def test_page__is_none_for_a_program(key, alice):
    answer = key.ask("/act/", alice, method="post", accept="text/html")
    assert answer["Content-Type"] == "application/problem+json"


def test_issuing__is_refused(key, alice):
    assert key.ask("/issue/", alice, method="post").status_code == 403
    assert APIKey.objects.count() == 1


@pytest.mark.parametrize("model", [APIKey, AccessToken], ids=["key", "token"])
def test_rest_framework__knows_the_target(helper, alice, model):
    program = Program(helper, model=model)
    told = {**dict.fromkeys(("user", "auth", "inner"), alice.get_username()), "actor": helper.get_username()}
    paths = ("/rest/", "/rest-keys/" if model is APIKey else "/rest-tokens/")
    for path in paths:
        assert program.ask(path, alice).json() == told
        assert program.ask(path).json() == dict.fromkeys(told, helper.get_username())
        assert program.ask(path, alice, method="post").json()["code"] == "impersonation_read_only"
    assert program.ask("/rest-mine/").status_code == 200
    assert program.ask("/rest-mine/", alice).status_code == 403
    assert header_site.done == []


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_ninja__knows_the_target(key, helper, alice, is_async):
    told = {**dict.fromkeys(("user", "auth", "inner"), alice.get_username()), "actor": helper.get_username()}
    path = "/ninja/awho/" if is_async else "/ninja/who/"
    assert key.ask(path, alice, is_async=is_async).json() == told
    assert key.ask(path, is_async=is_async).json() == dict.fromkeys(told, helper.get_username())
    assert key.ask("/ninja/mine/", is_async=is_async).status_code == 200
    assert key.ask("/ninja/mine/", alice, is_async=is_async).status_code == 403
    assert key.ask("/ninja/act/", alice, method="post", is_async=is_async).status_code == 403
    assert header_site.done == []


def test_window__is_one_row_for_each_key_and_target(key, helper, make_user, alice):
    other = make_user("other")
    for target in (alice, alice, other):
        key.ask("/who/", target)
    Program(helper).ask("/who/", alice)
    assert Impersonation.objects.count() == 3
    assert Impersonation.objects.filter(target=alice).count() == 2


def test_window__lasts_while_it_is_used_and_the_next_begins_after_it(key, alice):
    key.ask("/who/", alice)
    row = Impersonation.objects.get()
    age(row, minutes=10)
    key.ask("/who/", alice)
    row.refresh_from_db()
    assert row.expires_at > timezone.now() + timedelta(minutes=14)
    age(row, minutes=16)
    key.ask("/who/", alice)
    row.refresh_from_db()
    assert (row.end_reason, Impersonation.objects.filter(ended_at=None).count()) == ("expired", 1)


def age(row, **by):
    """Let time pass for `row`."""
    moments = ("started_at", "last_seen_at", "expires_at")
    Impersonation.objects.filter(pk=row.pk).update(**{name: getattr(row, name) - timedelta(**by) for name in moments})
    row.refresh_from_db()


def test_window__that_somebody_has_ended_stays_shut_until_it_would_have_been_over(key, alice):
    key.ask("/who/", alice)
    row = Impersonation.objects.get()
    row.end("revoked")
    for _ in range(2):
        answer = key.ask("/who/", alice)
        assert (answer.status_code, answer.json()) == (403, DENIED)
    assert Impersonation.objects.count() == 1
    age(row, minutes=16)
    assert key.ask("/who/", alice).status_code == 200
    row.refresh_from_db()
    assert row.end_reason == "revoked"


def test_window__ends_with_the_permission_and_comes_back_with_it(key, helper, alice):
    key.ask("/who/", alice)
    helper.user_permissions.clear()
    assert key.ask("/who/", alice).status_code == 403
    assert Impersonation.objects.get().end_reason == "permission_lost"
    allow(helper, "impersonate")
    assert key.ask("/who/", alice).status_code == 200
    assert Impersonation.objects.filter(ended_at=None).count() == 1


@pytest.mark.parametrize("whose", ["actor", "target"])
def test_window__is_another_one_after_a_new_password(key, helper, alice, whose):
    key.ask("/who/", alice)
    user = helper if whose == "actor" else alice
    user.set_password("another password")
    user.save()
    assert key.ask("/who/", alice).status_code == 200
    assert [row.end_reason for row in Impersonation.objects.order_by("started_at")] == [f"{whose}_changed", ""]


def test_window__receivers_may_be_against_it(key, alice):
    def against(**facts):
        raise PermissionDenied("not now")

    signals.impersonation_starting.connect(against)
    try:
        answer = key.ask("/who/", alice)
    finally:
        signals.impersonation_starting.disconnect(against)
    assert (answer.status_code, answer.json()) == (403, DENIED)
    assert not Impersonation.objects.exists()


def test_window__that_is_begun_by_two_at_once_is_one(key, helper, alice, monkeypatch):
    """Both have found none; the second finds that of the first."""
    key.ask("/who/", alice)
    first, real = [Impersonation.objects.none()], windows._rows
    monkeypatch.setattr(windows, "_rows", lambda: first.pop() if first else real())
    assert key.ask("/who/", alice).status_code == 200
    assert Impersonation.objects.count() == 1


def test_kill_switch__ends_it(settings, key, alice):
    key.ask("/who/", alice)
    settings.SESSIONAUTH_IMPERSONATION_ENABLED = False
    assert key.ask("/who/", alice).status_code == 403
    assert not Impersonation.objects.filter(ended_at=None).exists()


def test_cost__of_a_window_under_way(key, alice, django_assert_num_queries):
    key.ask("/who/", alice)
    with django_assert_num_queries(3):  # the key and its owner, the target and the owner's permissions, the row
        key.ask("/who/", alice)


def test_denied__costs_the_same_whomever_it_names(settings, key, helper, root, make_user):
    """A user who is there cost a query more, and a row of the audit."""
    field = helper.USERNAME_FIELD
    settings.SESSIONAUTH_IMPERSONATION_HEADER_LOOKUPS = [field]
    there = [make_user("gone", is_active=False), make_user("staff", is_staff=True), root, helper]
    key.ask("/who/", f"{field}:somebody else who is nobody")

    def cost(name):
        with CaptureQueriesContext(connection) as queries:
            assert key.ask("/who/", f"{field}:{name}").json() == DENIED
        return len(queries), AuthEvent.objects.filter(event="impersonation_denied").count()

    known = AuthEvent.objects.filter(event="impersonation_denied").count()
    costs = [cost(name) for name in ("nobody", *(user.get_username() for user in there))]
    assert costs == [(costs[0][0], known + n) for n in range(1, 6)]


@pytest.mark.parametrize("text", ["Grüße", "line\nbreak", "\r\nSet-Cookie: a=b", "\0", ""])
def test_answer__names_keys_of_text_as_they_come_and_none_that_no_header_can_hold(key, alice, monkeypatch, text):
    """It was a 500 after the view had run."""
    monkeypatch.setattr(type(alice)._meta.pk, "value_to_string", lambda user: text)
    answer = key.ask("/who/", alice)
    assert answer.status_code == 200
    sent = answer.headers.get("X-Impersonated-User")
    assert sent is None if not text.isprintable() else sent.encode("latin-1").decode() == text


def test_lookups__by_a_unique_field(settings, key, alice):
    field, name = alice.USERNAME_FIELD, alice.get_username()
    settings.SESSIONAUTH_IMPERSONATION_HEADER_LOOKUPS = [field]
    assert key.ask("/who/", f"{field}:{name}").json()["user"] == name
    for named in (alice, name, f"{field}:", f"{field}:Alice ", "is_staff:", "password:x", f"{field}__in:{name}"):
        assert key.ask("/who/", named).json() == DENIED


def test_scopes__are_offered_where_the_header_is_on(settings):
    assert {scopes.IMPERSONATE, scopes.IMPERSONATE_WRITE} <= {one.name for one in scopes.declared()}
    settings.SESSIONAUTH_IMPERSONATION_HEADER = None
    assert scopes.IMPERSONATE not in {one.name for one in scopes.declared()}
