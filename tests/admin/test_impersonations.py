"""The records of impersonation in the admin: found, looked at, ended, and never asked about what is secret."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from sessionauth.admin import figures
from sessionauth.audit import Event
from sessionauth.models import APIKey, AuthEvent, Impersonation, ImpersonationToken, LoginSession
from tests.admin.asking import browser_of, grant
from tests.admin.impersonating import put_up, users
from tests.asking import counted
from tests.impersonation.conftest import Browser

pytestmark = pytest.mark.django_db

LIST = "/admin/sessionauth/impersonation/"
TOKENS = "/admin/sessionauth/impersonationtoken/"


@pytest.fixture
def root(make_user):
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def begin(actor, target, **more):
    more = {"expires_at": timezone.now() + timedelta(minutes=5), "session_data": "s3cret", "actor_digest": "d1g"} | more
    names = {"actor_name": str(actor), "target_name": str(target)}
    return Impersonation.objects.create(actor=actor, target=target, **names, **more)


def shown(browser, question=""):
    answer = browser.get(f"{LIST}{question}")
    assert answer.status_code == 200, answer
    return {row.pk for row in answer.context["cl"].result_list}


def test_list__is_found_by_either_side_reference_state_mode_transport_and_actor(root, alice, make_user):
    sue = make_user("sue")
    now = timezone.now()
    one = begin(sue, alice, reference="T-1")
    two = begin(root, sue, mode="write", ended_at=now, end_reason="released")
    three = begin(root, alice, transport="header", expires_at=now - timedelta(seconds=1))
    four = begin(sue, root, last_seen_at=now - timedelta(hours=1))
    five = begin(root, alice, transport="header", last_seen_at=now - timedelta(hours=1))
    Impersonation.objects.filter(pk=two.pk).update(target=None, target_name="bob")
    browser = browser_of(root)
    for question, expected in {
        "": {one, two, three, four, five},
        "?q=sue": {one, four},
        "?q=alic": {one, three, five},
        "?q=T-1": {one},
        "?q=bob": {two},
        "?q=nobody": set(),
        "?state=running": {one, five},
        "?state=over": {three, four},
        "?state=ended": {two},
        "?mode__exact=write": {two},
        "?transport__exact=header": {three, five},
        f"?actor={sue.pk}": {one, four},
        "?actor=99999999999999999999999": {one, two, three, four, five},
        "?state=x": {one, two, three, four, five},
    }.items():
        assert shown(browser, question) == {row.pk for row in expected}, question


def issued(actor, target):
    token, secret = ImpersonationToken.objects.issue(user=target, name="debugger")
    row = begin(actor, target, transport="token")
    ImpersonationToken.objects.filter(pk=token.pk).update(impersonation=row)
    token.refresh_from_db()
    return token, secret


def test_tokens__are_found_shown_and_not_made_by_anybody(root, alice, make_user):
    (one, secret), (two, _) = issued(root, alice), issued(root, make_user("bob"))
    Impersonation.objects.filter(pk=two.impersonation_id).delete()
    browser = browser_of(root)
    for question, expected in {
        "": {one, two},
        "?q=ali": {one},
        f"?q={two.hint}": {two},
        "?state=active": {one, two},
        "?state=revoked": set(),
    }.items():
        answer = browser.get(f"{TOKENS}{question}")
        assert {row.pk for row in answer.context["cl"].result_list} == {row.pk for row in expected}, question
    assert browser.get(f"{TOKENS}?digest__startswith=a").status_code in (302, 400)
    for path in ("add/", f"{one.pk}/rotate/", f"{one.pk}/delete/"):
        assert browser.post(f"{TOKENS}{path}", {"user": alice.pk}).status_code in (302, 403, 404), path
    browser.post(f"{TOKENS}{one.pk}/change/", {"name": "mine"})
    assert set(ImpersonationToken.objects.values_list("pk", "name")) == {(one.pk, "debugger"), (two.pk, "debugger")}
    for row in (one, two):
        page = browser.get(f"{TOKENS}{row.pk}/change/").content.decode()
        assert not any(hidden in page for hidden in (secret, row.digest, "s3cret", "d1g"))
        assert ("root → alice" if row is one else "gone") in page


def test_tokens__end_with_their_impersonation_by_who_may(root, alice, make_user):
    token, _ = issued(root, alice)
    page = f"{TOKENS}{token.pk}/revoke/"
    viewer = grant(make_user("viewer", is_staff=True), "view_impersonationtoken")
    assert browser_of(viewer).post(page, {"reason": "x"}).status_code == 403
    desk = grant(make_user("desk", is_staff=True), "view_impersonationtoken", "change_impersonationtoken")
    assert browser_of(desk).post(page, {"reason": "found in a log"}).status_code == 302
    token.refresh_from_db()
    assert (token.revoked_reason, token.impersonation.end_reason) == ("found in a log", "revoked")


def test_page__lists_what_was_issued_meanwhile(root, alice):
    row = begin(root, alice)
    key, _ = APIKey.objects.issue(user=alice, name="left behind")
    APIKey.objects.issue(user=alice, name="her own")
    APIKey.objects.filter(pk=key.pk).update(impersonation=row)
    token, _ = issued(root, alice)
    browser = browser_of(root)
    page = browser.get(f"{LIST}{row.pk}/change/").content.decode()
    assert f"API key {key}" in page
    assert "her own" not in page
    assert "debugger" not in page
    assert f"impersonation token {token}" in browser.get(f"{LIST}{token.impersonation_id}/change/").content.decode()
    assert str(row) in browser.get(f"/admin/sessionauth/apikey/{key.pk}/change/").content.decode()


def test_list__costs_at_most_eight_queries(root, make_user):
    browser = browser_of(root)
    for number in range(30):
        begin(root, make_user(f"user{number}"))
    browser.get(LIST)
    with counted() as statements:
        assert len(shown(browser)) == 30
    assert len(statements) <= 8, "\n".join(statements)


def test_list__tells_nothing_that_is_secret(root, alice):
    row = begin(root, alice)
    browser = browser_of(root)
    for page in (LIST, f"{LIST}{row.pk}/change/"):
        text = browser.get(page).content.decode()
        assert "s3cret" not in text
        assert "d1g" not in text
    logging.getLogger("django.security").disabled = True
    try:
        for name in ("session_data", "actor_digest", "target_digest", "window"):
            assert browser.get(f"{LIST}?{name}__startswith=s").status_code == 400, name
    finally:
        logging.getLogger("django.security").disabled = False


def test_page__links_to_both_and_changes_nothing(root, alice):
    row = begin(root, alice, reason="<b>a ticket")
    browser = browser_of(root)
    text = browser.get(f"{LIST}{row.pk}/change/").content.decode()
    for user in (root, alice):
        assert f'<a href="{users()}{user.pk}/change/">{user}</a>' in text
    assert "&lt;b&gt;a ticket" in text
    assert browser.post(f"{LIST}{row.pk}/change/", {"reason": "none"}).status_code == 403
    assert browser.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser.get(f"{LIST}add/").status_code == 403
    row.refresh_from_db()
    assert row.reason == "<b>a ticket"


@pytest.mark.parametrize("key", ["x", "1", "00000000-0000-0000-0000-000000000000", "_00"])
def test_page__of_none(key, root):
    browser = browser_of(root)
    assert browser.get(f"{LIST}{key}/change/").status_code == 302
    assert browser.post(f"{LIST}{key}/revoke/").status_code == 404


def test_ending__by_its_page_asks_then_ends(root, alice):
    row = begin(root, alice)
    browser = browser_of(root)
    page = f"{LIST}{row.pk}/revoke/"
    assert page in browser.get(f"{LIST}{row.pk}/change/").content.decode()
    assert "stays signed in as themself" in browser.get(page).content.decode()
    row.refresh_from_db()
    assert row.ended_at is None
    browser.post(page)
    row.refresh_from_db()
    assert (row.end_reason, row.session_data) == ("revoked", "")
    assert page not in browser.get(f"{LIST}{row.pk}/change/").content.decode()
    assert AuthEvent.objects.filter(event=Event.IMPERSONATION_ENDED.value).count() == 1
    browser.post(page)  # again is nothing new
    assert AuthEvent.objects.filter(event=Event.IMPERSONATION_ENDED.value).count() == 1


def test_ending__of_those_that_were_chosen(root, alice, make_user):
    rows = [begin(root, alice), begin(root, make_user("bob"))]
    browser = browser_of(root)
    data = {"action": "end_impersonations", "_selected_action": [str(row.pk) for row in rows]}
    asked = browser.post(LIST, data)
    assert "These 2 end with their next requests" in asked.content.decode()
    assert Impersonation.objects.filter(ended_at=None).count() == 2
    browser.post(LIST, {**data, "confirmed": "yes"})
    assert not Impersonation.objects.filter(ended_at=None).exists()


def test_ending__is_for_those_who_hold_its_permission(root, alice, make_user):
    row = begin(root, alice)
    page = f"{LIST}{row.pk}/revoke/"
    viewer = browser_of(grant(make_user("viewer", is_staff=True), "view_impersonation"))
    assert viewer.get(LIST).status_code == 200
    assert page not in viewer.get(f"{LIST}{row.pk}/change/").content.decode()
    assert viewer.post(page).status_code == 403
    data = {"action": "end_impersonations", "_selected_action": [str(row.pk)], "confirmed": "yes"}
    viewer.post(LIST, data)
    nobody = browser_of(make_user("support", is_staff=True))
    assert nobody.get(LIST).status_code == 403
    row.refresh_from_db()
    assert row.ended_at is None
    ender = browser_of(grant(make_user("ender", is_staff=True), "view_impersonation", "end_impersonation"))
    ender.post(page)
    row.refresh_from_db()
    assert row.end_reason == "revoked"


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_ending__stops_a_browser_that_acts_as_somebody(is_async, root, alice, make_user, settings):
    put_up(settings)
    acting = Browser(is_async)
    acting.client.force_login(root, "django.contrib.auth.backends.ModelBackend")
    row = acting.begin(alice)
    assert acting.who()["user"] == "alice"
    boss = browser_of(make_user("boss", is_staff=True, is_superuser=True))
    boss.post(f"{LIST}{row.pk}/revoke/")
    acting.get("/who/")
    assert acting.who()["user"] == "root"


def test_history__of_the_target_tells_of_the_start(root, alice, settings):
    put_up(settings)
    acting = Browser()
    acting.client.force_login(root, "django.contrib.auth.backends.ModelBackend")
    acting.begin(alice)
    entry = LogEntry.objects.get()
    assert (entry.user_id, entry.object_id, entry.get_edited_object()) == (root.pk, str(alice.pk), alice)
    assert entry.get_change_message() == "Somebody began to act as this user: a ticket"


def test_overview__shows_who_acts_as_whom(root, alice, make_user):
    begin(root, alice)
    begin(root, make_user("bob"), ended_at=timezone.now())
    assert figures.impersonations().amount.number == 1
    page = "/admin/sessionauth/authevent/overview/"
    text = browser_of(root).get(page).content.decode()
    assert "Acting as somebody else now" in text
    assert "<td>alice</td><td>read only</td>" in text
    assert "bob" not in text
    viewer = browser_of(grant(make_user("viewer", is_staff=True), "view_authevent"))
    assert "Acting as somebody else now" not in viewer.get(page).content.decode()


def test_admin__while_somebody_acts_as_another_is_closed_and_its_logout_only_ends_that(root, make_user, settings):
    put_up(settings)
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = []
    staff = make_user("staff", is_staff=True)
    acting = Browser()
    acting.client.force_login(root, "django.contrib.auth.backends.ModelBackend")
    row = acting.begin(staff, write=True)
    for page in ("/admin/", users(), "/admin/password_change/"):
        assert acting.get(page).status_code == 403, page
    acting.post("/admin/logout/")
    row.refresh_from_db()
    assert row.end_reason == "logout"
    assert acting.who()["user"] == "root"
    assert acting.get(users()).status_code == 200


def test_login__at_the_admin_is_one_of_the_browsers_of_its_user(client, root, password):
    client.post("/admin/login/?next=/admin/", {"username": "root", "password": password})
    assert LoginSession.objects.get(user=root).revoked_at is None
    client.post("/admin/logout/")
    assert LoginSession.objects.get(user=root).revoked_at is not None
