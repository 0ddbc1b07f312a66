"""Whom one may act as: nobody there, nobody active and nobody for you are one answer."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessionauth.models import AuthEvent, Impersonation
from tests.views.impersonation.acting import (
    BY_NAME,
    EXTEND,
    HTML,
    JSON,
    STOP,
    WHY,
    begin,
    of,
    who,
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]


# ---- whom


def _answers(client, address, data):
    """Return everything that could tell one answer from another: of the page, its form, and by JSON."""
    asked = [("get", address, None, HTML), ("post", address, data, HTML), ("post", address, data, JSON)]
    told = []
    for method, url, body, headers in asked:
        AuthEvent.objects.all().delete()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = getattr(client, method)(url, body, headers=headers)
        text = re.sub(r'value="[^"]*"', "", answer.content.decode().replace(address, ""))
        told.append((answer.status_code, text, len(queries), sorted(answer.headers), AuthEvent.objects.count()))
    return told


@pytest.fixture
def nobodies(make_user):
    """Users whom Sue may not act as."""
    return [
        make_user("carol", is_active=False),
        make_user("root", is_superuser=True),
        make_user("sam", is_staff=True),
    ]


@pytest.mark.parametrize("has_permission", [True, False], ids=["with the permission", "without it"])
def test_target__missing_or_forbidden_or_inactive_is_one_answer(page, sue, nobodies, has_permission):
    if not has_permission:
        sue.user_permissions.clear()
    page.get("/whoami/")
    _answers(page, "/account/impersonate/987654320/", WHY)  # one more of these is to cost as much as one more of those
    missing = _answers(page, "/account/impersonate/987654321/", WHY)
    assert [status for status, *_ in missing] == [404, 404, 404]
    for user in (*nobodies, sue):
        assert _answers(page, of(user), WHY) == missing
    assert not Impersonation.objects.exists()


def test_target__by_name_missing_or_forbidden_or_inactive_is_one_answer(page, sue, nobodies):
    page.get("/whoami/")
    _answers(page, BY_NAME, {**WHY, "user": "nobody else"})
    missing = _answers(page, BY_NAME, {**WHY, "user": "nobody"})
    assert [status for status, *_ in missing] == [200, 404, 404]
    for user in (*nobodies, sue):
        assert _answers(page, BY_NAME, {**WHY, "user": user.get_username()}) == missing
    assert not Impersonation.objects.exists()


def test_target__a_refusal_is_recorded(page, nobodies):
    page.post(of(nobodies[0]), WHY)
    page.post("/account/impersonate/987654321/", WHY)
    found = AuthEvent.objects.filter(event="impersonation_denied").order_by("pk").values_list("reason", flat=True)
    assert list(found) == ["inactive", "unknown"]


KEYS = ["x", "0", "-1", "9" * 400, "1.5", "1e3", "%00", "%ED%A0%80", "%F0%9F%98%80", "None", "1%0A", "..", "' OR 1=1"]


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
@pytest.mark.parametrize("method", ["get", "post"])
def test_target__a_key_that_is_none(page, key, method):
    answer = getattr(page, method)(f"/account/impersonate/{key}/", WHY if method == "post" else None)
    assert answer.status_code == 404
    assert page.post(BY_NAME, {**WHY, "user": key.replace("%00", "\0")}).status_code in (200, 404)


def test_target__by_name_or_key(page, alice):
    for user in ("alice", str(alice.pk)):
        assert page.post(BY_NAME, {**WHY, "user": user})["Location"] == "/whoami/"
        assert who(page) == "alice"
        page.post(STOP)


def test_target__a_name_that_is_another_s_key_is_nobody_s(page, alice, make_user):
    make_user(str(alice.pk))
    answer = page.post(BY_NAME, {**WHY, "user": str(alice.pk)})
    assert (answer.status_code, "There is nobody here" in answer.text) == (404, True)


def says_why(request, *, actor, target):
    raise PermissionDenied("Only on weekdays.")


def test_target__a_guard_may_say_why(page, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = [f"{__name__}.says_why"]
    for answer in (page.get(of(alice)), page.post(of(alice), WHY), page.post(BY_NAME, {**WHY, "user": "alice"})):
        assert (answer.status_code, "Only on weekdays." in answer.text) == (403, True)
    answer = page.post(of(alice), WHY, headers=JSON)
    assert (answer.status_code, answer.json()["detail"]) == (403, "Only on weekdays.")


@pytest.mark.parametrize("setting", ["ENABLED", "GUARDS"])
def test_target__nobody_where_nobody_may(page, alice, settings, setting):
    value = False if setting == "ENABLED" else ["sessionauth.impersonation.rules.superusers_only"]
    setattr(settings, f"SESSIONAUTH_IMPERSONATION_{setting}", value)
    for address in (of(alice), BY_NAME):
        assert page.get(address).status_code == 404
        assert page.post(address, {**WHY, "user": "alice"}).status_code == 404


# ---- what is said


def test_reason__is_asked_for(page, alice):
    answer = page.post(of(alice), {"reason": "  "})
    assert (answer.status_code, "This field is required." in answer.text) == (200, True)
    answer = page.post(of(alice), {}, headers=JSON)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["reason"])
    assert page.post(of(alice), {"reason": "x" * 501}).status_code == 200
    assert page.post(of(alice), {"reason": "a\0b"}).status_code == 200
    assert not Impersonation.objects.exists()


def test_reason__of_some_length(page, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_REASON_MIN_LENGTH = 9
    assert "at least 9 characters" in page.post(of(alice), {"reason": "ticket 7"}).text
    assert begin(page, alice, reason="ticket 77").reason == "ticket 77"
    assert "at least 9 characters" in page.post(EXTEND, {"reason": "short"}).text


@pytest.mark.parametrize(("setting", "shown"), [("off", False), ("optional", True)])
def test_reason__need_not_be(page, alice, settings, setting, shown):
    settings.SESSIONAUTH_IMPERSONATION_REASON = setting
    assert ('name="reason"' in page.get(of(alice)).text) is shown
    assert begin(page, alice, reason="").reason == ""


def test_reason__from_a_list(page, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_REASON_CHOICES = ["A call", "A mail"]
    text = page.get(of(alice)).text
    assert text.count('type="radio"') == 2
    assert page.post(of(alice), {"reason": "Because"}).status_code == 200
    assert begin(page, alice, reason="A mail", details="of Monday").reason == "A mail: of Monday"
    answer = page.post(EXTEND, {"reason": "Because"}, headers=JSON)
    assert list(answer.json()["errors"]) == ["reason"]


def test_reference__as_the_settings_want_it(page, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_REFERENCE = "required"
    settings.SESSIONAUTH_IMPERSONATION_REFERENCE_PATTERN = r"T-\d+"
    answer = page.post(of(alice), {**WHY, "reference": "T-7; DROP"})
    assert "no reference as they are written here" in answer.text
    assert list(page.post(of(alice), WHY, headers=JSON).json()["errors"]) == ["reference"]
    assert begin(page, alice, reference=" T-7 ").reference == "T-7"
    page.post(STOP)
    settings.SESSIONAUTH_IMPERSONATION_REFERENCE = "off"
    assert 'name="reference"' not in page.get(of(alice)).text
    assert begin(page, alice, reference="T-8").reference == ""
