"""While it lasts: how far, how long, further; by pages and by JSON; and what stands on the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sessionauth.models import AccessToken, AuthEvent, Impersonation
from sessionauth.testing import AuthClient
from tests.views.impersonation.acting import (
    BY_NAME,
    ENDED,
    EXTEND,
    JSON,
    STATUS,
    STOP,
    UPGRADE,
    WHY,
    begin,
    end_of,
    of,
    permit,
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]


# ---- while it lasts


def test_status__as_a_page(page, alice):
    assert page.get(STATUS)["Location"] == ENDED
    begin(page, alice, reason="ticket <7>", reference="T-7")
    text = page.get(STATUS).text
    for part in ("You are acting as alice", "<strong>sue</strong>", "ticket &lt;7&gt;", "T-7", STOP, EXTEND):
        assert part in text
    assert UPGRADE not in text


def test_status__json(page, sue, alice):
    told = page.get(STATUS, headers=JSON).json()
    assert (told["active"], told["actor"]["display_name"], told["target"], told["mode"]) == (False, "sue", None, None)
    row = begin(page, alice)
    told = page.get(STATUS, headers=JSON).json()
    assert (told["active"], told["mode"], told["may_write"], told["end_reason"]) == (True, "read", False, None)
    assert (told["actor"]["id"], told["target"]["id"]) == (str(sue.pk), str(alice.pk))
    assert 1790 <= told["seconds_left"] <= 1800
    assert 890 <= told["idle_seconds_left"] <= 900
    Impersonation.objects.update(expires_at=timezone.now())
    told = page.get(STATUS, headers=JSON).json()
    assert (told["active"], told["end_reason"], end_of(row)) == (False, "expired", "expired")
    assert page.get(STATUS, headers=JSON).json()["end_reason"] is None


def test_status__asking_is_no_use_of_it(page, alice):
    begin(page, alice)
    seen = timezone.now() - timedelta(minutes=10)
    Impersonation.objects.update(last_seen_at=seen)
    page.get(STATUS, headers=JSON)
    assert Impersonation.objects.get().last_seen_at == seen
    page.get("/whoami/")
    assert Impersonation.objects.get().last_seen_at > seen


def test_extend(page, alice):
    assert page.get(EXTEND)["Location"] == ENDED
    assert page.post(EXTEND, WHY).status_code == 409
    row = begin(page, alice)
    Impersonation.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    assert "30 minutes from now on" in page.get(EXTEND).text
    assert page.post(EXTEND, {"reason": ""}).status_code == 200
    assert page.post(EXTEND, {"reason": "still", "next": "/untouched/"})["Location"] == "/untouched/"
    row.refresh_from_db()
    assert row.expires_at > timezone.now() + timedelta(minutes=29)


def test_extend__not_for_ever(page, alice, settings):
    row = begin(page, alice)
    start = timezone.now() - timedelta(hours=3, minutes=50)
    Impersonation.objects.update(started_at=start, expires_at=timezone.now() + timedelta(minutes=1))
    assert page.post(EXTEND, WHY).status_code == 303
    row.refresh_from_db()
    assert row.expires_at == start + timedelta(hours=4)
    answer = page.post(EXTEND, WHY)
    assert (answer.status_code, "cannot last any longer" in answer.text) == (403, True)
    assert page.post(EXTEND, WHY, headers=JSON).json()["code"] == "longest"
    settings.SESSIONAUTH_IMPERSONATION_TOTAL_AGE = None
    assert page.post(EXTEND, WHY).status_code == 303


def test_upgrade__without_the_permission(page, alice):
    row = begin(page, alice)
    assert page.get(UPGRADE).status_code == 403
    answer = page.post(UPGRADE, WHY)
    assert (answer.status_code, "You may only look." in answer.text) == (403, True)
    answer = page.post(UPGRADE, WHY, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "write")
    row.refresh_from_db()
    assert row.is_read_only


def test_upgrade(page, sue, alice):
    permit(sue, "impersonate_write")
    assert page.post(UPGRADE, WHY).status_code == 409
    row = begin(page, alice)
    answer = page.post("/untouched/", headers={"referer": "http://testserver/whoami/?a=1"})
    assert (answer.status_code, f'href="{UPGRADE}?next=%2Fwhoami%2F%3Fa%3D1"' in answer.text) == (403, True)
    assert "Change things as alice?" in page.get(UPGRADE).text
    assert page.post(UPGRADE, {"reason": ""}).status_code == 200
    assert page.post(UPGRADE, {"reason": "the address"})["Location"] == STATUS
    row.refresh_from_db()
    assert not row.is_read_only
    assert page.post("/untouched/").status_code == 200
    assert page.get(UPGRADE)["Location"] == STATUS
    assert page.post(UPGRADE, WHY).status_code == 303
    assert AuthEvent.objects.filter(event="impersonation_changed").count() == 1


# ---- by JSON, from a single page


def test_json__the_whole_way(sue, alice):
    permit(sue, "impersonate_write")
    client = AuthClient(enforce_csrf_checks=True, headers=JSON)
    client.force_login(sue)
    token = client.get("/account/session/").json()["csrf_token"]

    def ask(address, method="post", **body):
        return getattr(client, method)(address, body, "application/json", headers={"x-csrftoken": token})

    answer = ask(BY_NAME + "?next=/untouched/", user="alice", reason="ticket 7", reference="T-7")
    assert (answer.status_code, answer.json()["active"], answer.json()["target"]["display_name"]) == (
        201,
        True,
        "alice",
    )
    assert answer.json()["next"] == "/whoami/"
    token = answer.json()["csrf_token"]
    told = client.get("/account/session/").json()
    assert (told["user"]["display_name"], told["state"]) == ("alice", "impersonator")
    answer = ask(UPGRADE, reason="the address")
    assert (answer.status_code, answer.json()["mode"]) == (200, "write")
    assert ask(EXTEND, reason="still").status_code == 200
    answer = ask(STOP)
    assert (answer.status_code, answer.json()["active"], answer.json()["next"]) == (200, False, "/untouched/")
    assert ask(STOP).status_code == 409  # the token was made as Alice
    token = answer.json()["csrf_token"]
    assert ask(STOP).json()["active"] is False
    assert ask(of(alice), reason="again").status_code == 201
    token = client.get(STATUS).json()["csrf_token"]
    assert ask(STATUS, "delete").json()["actor"]["display_name"] == "sue"
    assert not Impersonation.objects.filter(ended_at=None).exists()


NONSENSE = [b"{", b"[]", b'{"reason": 1}', b'{"reason": {"a": 1}}', b'{"reason": "\\ud800"}', b'{"reason": "\\u0000"}']


@pytest.mark.parametrize("body", NONSENSE, ids=range(len(NONSENSE)))
def test_json__nonsense_is_a_problem(page, sue, alice, body):
    permit(sue, "impersonate_write")
    for address in (of(alice), BY_NAME):
        answer = page.post(address, body, content_type="application/json")
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    begin(page, alice)
    for address in (EXTEND, UPGRADE):
        assert page.post(address, body, content_type="application/json").status_code == 400


# ---- the pages themselves


def test_pages__have_nothing_that_a_strict_policy_refuses_and_need_no_context_processor(page, sue, alice, settings):
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": {}}]
    permit(sue, "impersonate_write")
    asked = [of(alice), BY_NAME, ENDED]
    found = [page.get(address) for address in asked]
    begin(page, alice)
    found += [page.get(address) for address in (STATUS, STOP, EXTEND, UPGRADE)]
    for answer in found:
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert [word for word in ("<script", "<style", "style=", "onclick", "javascript:") if word in answer.text] == []


def test_pages__a_name_is_text(page, make_user):
    evil = make_user("evil", first_name="<script>alert(1)</script>")
    assert "<script" not in page.get(of(evil)).text
    begin(page, evil)
    for address in (STATUS, STOP, EXTEND):
        answer = page.get(address)
        assert ("<script" in answer.text, "&lt;script&gt;" in answer.text) == (False, True)


@pytest.mark.parametrize("path", [BY_NAME, "/account/impersonate/1/", EXTEND, UPGRADE])
def test_pages__take_no_program_s_credential(client, sue, path):
    _, secret = AccessToken.objects.issue(user=sue)
    answer = client.post(path, WHY, headers={"authorization": f"Bearer {secret}", **JSON})
    assert (answer.status_code, answer.json()["code"]) == (403, "people_only")
