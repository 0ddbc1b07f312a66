"""One at a time, and the end: whatever has become of those in it, and back to where it began."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sessionauth.models import Impersonation
from tests.views.impersonation.acting import (
    BY_NAME,
    ENDED,
    HTML,
    JSON,
    STATUS,
    STOP,
    WHY,
    begin,
    end_of,
    of,
    token_on,
    who,
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]


# ---- one at a time


def test_start__within_another_one(page, sue, alice, make_user):
    row = begin(page, alice)
    bob = make_user("bob")
    for address in (of(bob), of(alice), BY_NAME):
        for method in ("get", "post"):
            answer = getattr(page, method)(address, {**WHY, "user": "bob"})
            assert (answer.status_code, "Stop first" in answer.text) == (409, True)
    assert page.post(of(bob), WHY, headers=JSON).json()["code"] == "nested"
    assert (who(page), end_of(row)) == ("alice", "")


def test_start__by_a_form_of_another_tab(strict, alice):
    first, second = token_on(strict, of(alice)), token_on(strict, of(alice))
    assert strict.post(of(alice), {**WHY, "csrfmiddlewaretoken": first}).status_code == 303
    assert strict.post(of(alice), {**WHY, "csrfmiddlewaretoken": second}).status_code == 403
    assert Impersonation.objects.count() == 1


# ---- the end


def test_stop__by_a_form_and_again_in_another_tab(strict, alice):
    strict.post(of(alice), {**WHY, "csrfmiddlewaretoken": token_on(strict, of(alice)), "next": "/untouched/"})
    first, second = token_on(strict, STATUS), token_on(strict, STOP)
    assert strict.post(STOP, {"csrfmiddlewaretoken": first})["Location"] == "/untouched/"
    answer = strict.post(STOP, {"csrfmiddlewaretoken": second})
    assert (answer.status_code, "Nothing was done." in answer.text) == (409, True)
    assert who(strict) == "sue"


@pytest.mark.parametrize("in_session", [False, True], ids=["cookie", "session"])
@pytest.mark.parametrize("how", ["deactivated", "demoted", "expired", "revoked"])
def test_stop__works_whatever_has_become_of_it(strict, sue, alice, settings, how, in_session):
    settings.CSRF_USE_SESSIONS = in_session
    strict.post(of(alice), {**WHY, "csrfmiddlewaretoken": token_on(strict, of(alice)), "next": "/untouched/"})
    token = token_on(strict, STATUS)
    row = Impersonation.objects.get()
    if how == "deactivated":
        type(alice).objects.filter(pk=alice.pk).update(is_active=False)
    elif how == "demoted":
        sue.user_permissions.clear()
    elif how == "expired":
        Impersonation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        row.end("revoked")
    answer = strict.post(STOP, {"csrfmiddlewaretoken": token})
    assert (answer.status_code, answer["Location"]) == (303, "/untouched/")
    assert who(strict) == "sue"
    assert end_of(row) != ""


def test_stop__by_somebody_who_is_deactivated(strict, sue, alice):
    strict.post(of(alice), {**WHY, "csrfmiddlewaretoken": token_on(strict, of(alice))})
    token = token_on(strict, STATUS)
    type(sue).objects.filter(pk=sue.pk).update(is_active=False)
    answer = strict.post(STOP, {"csrfmiddlewaretoken": token})
    assert (answer.status_code, answer["Location"]) == (303, ENDED)
    assert who(strict) is None
    assert "You are not signed in" in strict.get(ENDED).text
    assert end_of(Impersonation.objects.get()) == "actor_changed"


def test_stop__by_nobody_stops_nothing(client):
    assert client.post(STOP, headers=HTML)["Location"] == ENDED
    answer = client.post(STOP, headers=JSON)
    assert (answer.status_code, answer.json()["active"], answer.json()["actor"]) == (200, False, None)


def test_stop__goes_where_it_is_told(page, alice, settings):
    begin(page, alice, next="/whoami/")
    assert page.post(STOP, {"next": "/untouched/"})["Location"] == "/untouched/"
    begin(page, alice)
    settings.SESSIONAUTH_IMPERSONATION_STOP_URL = "untouched"
    assert page.post(STOP)["Location"] == "/untouched/"


def test_stop__asks_first(page, alice):
    assert page.get(STOP)["Location"] == ENDED
    begin(page, alice)
    text = page.get(STOP).text
    assert "Stop acting as alice?" in text
    assert "<strong>sue</strong>" in text


def test_ended_page(page, alice):
    assert "You are yourself again" in page.get(ENDED).text
    row = begin(page, alice, next="/untouched/")
    assert page.get(ENDED)["Location"] == STATUS
    row.end("revoked")
    assert page.get("/whoami/").status_code == 409
    text = page.get(ENDED).text
    assert 'href="/untouched/"' in text
    assert f'href="{BY_NAME}"' in text


# ---- signing out and in by our pages


@pytest.mark.parametrize(("method", "path"), [("post", "/account/logout/"), ("delete", "/account/session/")])
def test_logout__stops_and_leaves_the_actor_signed_in(page, alice, method, path):
    row = begin(page, alice)
    getattr(page, method)(path)
    assert (who(page), end_of(row)) == ("sue", "logout")


@pytest.mark.parametrize("path", ["/account/login/", "/account/session/"])
def test_login__stops_and_signs_in(page, alice, make_user, password, path):
    make_user("bob")
    row = begin(page, alice, next="/untouched/")
    page.post(path, {"username": "bob", "password": password})
    assert (who(page), end_of(row)) == ("bob", "login")
    assert "way_back" not in page.session["_sessionauth"]


@pytest.mark.parametrize("path", ["/account/keys/", "/account/confirm/", "/account/password/", "/account/devices/"])
def test_other_pages__stay_closed(page, alice, path):
    begin(page, alice)
    answer = page.get(path)
    assert (answer.status_code, f'href="{STATUS}"' in answer.text) == (403, True)
