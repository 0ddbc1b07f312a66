"""The question and the start: who may begin, what they are told, and where they go."""

from __future__ import annotations

import pytest
from django.test import Client

from sessionauth.models import AuthEvent, Impersonation
from sessionauth.testing import AuthClient
from tests.views.impersonation.acting import (
    BY_NAME,
    ENDED,
    EXTEND,
    HTML,
    IMPERSONATION,
    JSON,
    STATUS,
    STOP,
    UPGRADE,
    WHY,
    begin,
    end_of,
    of,
    permit,
    who,
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]


# ---- the question


def test_question__names_the_target_and_what_will_be_possible(page, alice):
    answer = page.get(of(alice) + "?next=/untouched/")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    for part in ("Act as alice?", "change nothing", "30 minutes", "15 minutes", 'name="reason"', 'href="/untouched/"'):
        assert part in answer.text
    assert not Impersonation.objects.exists()


def test_question__of_somebody_who_may_change_things(page, sue, alice, settings):
    permit(sue, "impersonate_write")
    assert "unless you ask for more" in page.get(of(alice)).text
    settings.SESSIONAUTH_IMPERSONATION_READ_ONLY = False
    assert "You can change things in their name." in page.get(of(alice)).text


def test_question__to_nobody_is_to_sign_in(client, alice):
    answer = client.get(of(alice), headers=HTML)
    assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={of(alice)}")
    assert client.post(of(alice), WHY, headers=JSON).status_code == 401
    assert not AuthEvent.objects.filter(event__startswith="impersonation").exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_question__wants_a_fresh_login_and_comes_back(sue, alice, password, method):
    client = AuthClient(headers=HTML)
    client.force_login(sue, fresh=False)
    answer = getattr(client, method)(of(alice) + "?next=/untouched/")
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/account/confirm/")
    if method == "get":
        answer = client.post(answer["Location"], {"password": password})
        assert answer["Location"] == of(alice) + "?next=/untouched/"
        assert client.get(answer["Location"]).status_code == 200
    answer = AuthClient(headers=JSON)
    answer.force_login(sue, fresh=False)
    assert answer.post(of(alice), WHY).json()["code"] == "fresh_login_required"


def test_question__without_a_fresh_login_if_so_set(sue, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_FRESH = False
    client = AuthClient(headers=HTML)
    client.force_login(sue, fresh=False)
    begin(client, alice)
    assert who(client) == "alice"


def test_question__json(page, alice):
    told = page.get(of(alice), headers=JSON).json()
    assert told["target"] == {"id": str(alice.pk), "display_name": "alice"}
    assert (told["is_read_only"], told["may_write"], told["seconds"], told["idle_seconds"]) == (True, False, 1800, 900)


# ---- the start


def test_start__the_target_s_page_and_the_way_back(page, alice):
    way = "/admin/auth/user/?is_staff__exact=1&p=2"
    answer = page.post(of(alice), {**WHY, "reference": "T-7", "next": way})
    assert (answer.status_code, answer["Location"]) == (303, "/whoami/")
    row = Impersonation.objects.get()
    assert (row.reason, row.reference, row.mode) == ("ticket 7", "T-7", "read")
    assert who(page) == "alice"
    answer = page.post(STOP)
    assert (answer.status_code, answer["Location"]) == (303, way)
    assert (who(page), end_of(row)) == ("sue", "released")
    assert page.post(STOP)["Location"] == ENDED


def test_start__goes_where_it_is_told(page, alice, settings):
    assert page.post(of(alice), {**WHY, "to": "/untouched/"})["Location"] == "/untouched/"
    page.post(STOP)
    settings.SESSIONAUTH_IMPERSONATION_START_URL = "sessionauth:impersonation"
    assert page.post(of(alice), {**WHY, "to": "//evil.example/"})["Location"] == STATUS


EVIL = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "javascript:alert(1)",
    "http:evil.example",
    "https://testserver@evil.example/",
    " //evil.example",
]


@pytest.mark.parametrize("url", EVIL, ids=range(len(EVIL)))
def test_next__leads_nowhere_else(page, alice, url):
    assert "evil.example" not in page.get(of(alice), {"next": url, "to": url}).text
    answer = page.post(of(alice), {**WHY, "next": url, "to": url})
    assert answer["Location"] == "/whoami/"
    assert page.get(STOP, {"next": url}).text.count("evil.example") == 0
    assert page.post(EXTEND, {**WHY, "next": url})["Location"] == STATUS
    assert page.post(STOP, {"next": url})["Location"] == ENDED


def test_next__of_a_session_that_somebody_else_wrote_leads_nowhere_else(page, alice):
    begin(page, alice, next="/untouched/")
    session = page.session
    session["_sessionauth"] = {**session["_sessionauth"], "way_back": "https://evil.example/"}
    session.save()
    assert page.post(STOP)["Location"] == ENDED


def test_start__by_get_is_none(page, alice):
    for address in (of(alice), BY_NAME, STOP, EXTEND, UPGRADE, STATUS, ENDED):
        page.get(address, WHY | {"user": "alice"})
    assert not Impersonation.objects.exists()
    row = begin(page, alice)
    before = Impersonation.objects.filter(pk=row.pk).values().get()
    for address in (STOP, EXTEND, UPGRADE, STATUS, ENDED, of(alice), BY_NAME):
        page.get(address, WHY)
    assert Impersonation.objects.filter(pk=row.pk).values().get() == before


@pytest.mark.parametrize("path", [BY_NAME, STOP, EXTEND, UPGRADE, "of alice"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json"])
def test_act__needs_the_csrf_token(sue, alice, path, kind):
    client = Client(enforce_csrf_checks=True, headers=JSON)
    client.force_login(sue)
    path = of(alice) if path == "of alice" else path
    assert client.post(path, "", content_type=kind).status_code == 403
    assert client.delete(STATUS).status_code == 403
    assert not Impersonation.objects.exists()


def test_start__without_the_middleware_there_is_no_such_page(sue, alice, settings):
    settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if path != IMPERSONATION]
    client = AuthClient(headers=HTML)
    client.force_login(sue)
    for address in (of(alice), BY_NAME, STOP, EXTEND, UPGRADE, STATUS, ENDED):
        assert client.get(address).status_code == 404
        assert client.post(address, WHY).status_code == 404
