"""Flask-Login's tests of fresh logins, and those it lacks."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.utils import translation

from sessionauth.models import AccessToken, APIKey
from sessionauth.signals import login_confirmed, reauthentication_required

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.conformance.sign_in_urls")]

FRESH = ["/fresh/", "/afresh/", "/fresh-class/"]
CONFIRM = ["/ours/confirm/", "/aours/confirm/"]


@pytest.fixture(autouse=True)
def project(settings):
    settings.SESSIONAUTH_CONFIRM_URL = "our_confirm"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def stale(web, alice):
    web.force_login(alice, fresh=False)
    return web


def handler(request, reason):
    return HttpResponse(f"Not now: {reason}.", status=418) if reason == "stale" else None


@pytest.mark.parametrize("page", FRESH)
def test_F52_needs_refresh_handler(stale, settings, page):
    settings.SESSIONAUTH_UNAUTHORIZED_HANDLER = f"{__name__}.handler"
    answer = stale.get(page)
    assert (answer.status_code, answer.content) == (418, b"Not now: stale.")


@pytest.mark.parametrize("page", FRESH)
def test_F53_reauthentication_required_signal(stale, heard, page):
    with heard(reauthentication_required) as calls:
        stale.get(page)
    assert [call["reason"] for call in calls] == ["stale"]


def test_F54_refresh_message(stale, settings):
    settings.SESSIONAUTH_CONFIRM_MESSAGE = "Is it you?"
    settings.SESSIONAUTH_CONFIRM_MESSAGE_LEVEL = 30
    settings.SESSIONAUTH_CONFIRM_MESSAGE_TAGS = "sudo"
    stale.get("/fresh/")
    (message,) = stale.get("/messages/").json()["messages"]
    assert message == {"text": "Is it you?", "level": 30, "tags": "sudo warning"}


def test_F55_refresh_message_is_translated(stale):
    with translation.override("de"):
        stale.get("/fresh/")
    (message,) = stale.get("/messages/").json()["messages"]
    assert message["text"] == "Bitte bestätigen Sie, dass Sie es sind."


def test_F56_no_refresh_url(stale, settings):
    settings.SESSIONAUTH_CONFIRM_URL = ""
    assert stale.get("/fresh/").status_code == 401


@pytest.mark.parametrize("page", FRESH)
def test_F57_redirect_with_next(stale, page):
    answer = stale.get(page)
    assert (answer.status_code, answer["Location"]) == (302, f"/ours/confirm/?next={page}")


def test_F57_redirect_of_a_form_leads_back_to_its_page(stale):
    """Ours: what was posted is kept nowhere, and a page that only answers POST is no place to come back to."""
    answer = stale.post("/fresh/", {"a": "b"}, headers={"Referer": "http://testserver/app/?page=2"})
    assert answer["Location"] == "/ours/confirm/?next=/app/%3Fpage%3D2"
    answer = stale.post("/fresh/", {"a": "b"}, headers={"Referer": "http://evil.example/"})
    assert answer["Location"] == "/ours/confirm/?next=/whoami/"


@pytest.mark.parametrize("confirm", CONFIRM)
def test_F58_next_in_the_session(stale, settings, confirm, password):
    settings.SESSIONAUTH_USE_SESSION_FOR_NEXT = True
    assert stale.get("/fresh/")["Location"] == "/ours/confirm/"
    assert stale.post(confirm, {"password": password})["Location"] == "/fresh/"
    assert stale.post(confirm, {"password": password})["Location"] == "/app/"


@pytest.mark.parametrize("confirm", CONFIRM)
@pytest.mark.parametrize("page", FRESH)
def test_F59_confirm_login(stale, page, confirm, password):
    there = f"{confirm}?next={page}"
    assert stale.post(there, {"password": "wrong"}).status_code == 400
    assert stale.get(page).status_code == 302
    assert stale.post(there, {"password": password})["Location"] == page
    assert stale.get(page).content == b"safe"


@pytest.mark.parametrize("confirm", CONFIRM)
def test_F60_login_confirmed_signal(stale, heard, alice, confirm, password):
    with heard(login_confirmed) as calls:
        stale.post(confirm, {"password": password})
    assert [(call["user"], call["method"]) for call in calls] == [(alice, "password")]


@pytest.mark.parametrize("confirm", CONFIRM)
def test_F80_fresh_login_required(web, alice, confirm, password):
    for page in FRESH:
        assert web.program(page).status_code == 401
    web.post("/ours/login/", {"username": "alice", "password": password})
    for page in FRESH:
        assert web.program(page).content == b"safe"
    web.force_login(alice, fresh=False)
    for page in FRESH:
        assert web.program(page).status_code == 401
    web.post(confirm, {"password": password})
    for page in FRESH:
        assert web.program(page).content == b"safe"


@pytest.mark.parametrize("page", FRESH)
def test_4_4_19_programs_are_never_fresh(web, alice, page):
    key, token = APIKey.objects.issue(user=alice)[1], AccessToken.objects.issue(user=alice)[1]
    for headers in ({"x_api_key": key}, {"authorization": f"Bearer {token}"}):
        answer = web.program(page, **headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "fresh_login_required")


def test_row_77_no_confirm_page_makes_a_program_fresh(web, alice, password):
    key = APIKey.objects.issue(user=alice)[1]
    for page in CONFIRM:
        assert web.post(page, {"password": password}, headers={"X-Api-Key": key}).status_code == 403
    assert web.program("/fresh/", x_api_key=key).status_code == 403
