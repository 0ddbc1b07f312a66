"""The line in the log."""

from __future__ import annotations

import json
import logging

import pytest

from sessionauth import audit
from sessionauth.audit import Event, JSONFormatter
from sessionauth.audit.log import ATTRIBUTES
from sessionauth.models import APIKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, "sessionauth.audit")
    return lambda: [line for line in caplog.records if line.name == "sessionauth.audit"]


def test_line__is_the_name_with_everything_else_as_attributes(lines, make_user, rf):
    alice = make_user("alice")
    request = rf.get("/whoami/", REMOTE_ADDR="192.0.2.7", headers={"user-agent": "Firefox/1"})
    audit.record(Event.LOGIN_FAILED, request, user=alice, reason="wrong", method="password", tries=2)
    [line] = lines()
    assert (line.name, line.levelname) == ("sessionauth.audit", "WARNING")
    assert line.getMessage() == f"login_failed: wrong, user {alice.pk}, 192.0.2.7, /whoami/"
    said = {name: getattr(line, name) for name in ATTRIBUTES}
    assert said.pop("time").endswith("+00:00")
    assert said == {
        "event": "login_failed",
        "outcome": "failure",
        "reason": "wrong",
        "user_id": str(alice.pk),
        "user_name": "alice",
        "actor_id": None,
        "actor_name": "",
        "method": "password",
        "subject": "",
        "session": None,
        "ip_address": "192.0.2.7",
        "user_agent": "Firefox/1",
        "path": "/whoami/",
        "data": {"tries": 2},
    }


def test_message__says_which_credential_and_why(lines, make_user, rf):
    row, secret = APIKey.objects.issue(user=make_user("alice"), name="desk")
    request = rf.get("/whoami/", REMOTE_ADDR="192.0.2.7", headers={"user-agent": "%s\n\x1b[31m"})
    audit.record(Event.CREDENTIAL_REJECTED, request, subject=row, reason="net\nwork %s", name="typed\n")
    audit.record(Event.LOGGED_OUT)
    _, first, second = (line.getMessage() for line in lines())
    assert first == f"credential_rejected: net\\nwork %s, apikey {row.pk}, 192.0.2.7, /whoami/"
    assert second == "logged_out"
    assert secret not in first


@pytest.mark.parametrize(
    ("event", "level"),
    [(Event.LOGIN_SUCCEEDED, "INFO"), (Event.LOGIN_FAILED, "WARNING"), (Event.LOGIN_DENIED, "WARNING")],
)
def test_level__tells_what_went_well_from_what_did_not(event, level, lines):
    audit.record(event)
    assert lines()[0].levelname == level


def test_json__is_one_object_a_line(lines):
    audit.record(Event.LOGIN_FAILED, reason='a\n"b"', when=object())
    other = logging.LogRecord("other", logging.ERROR, "", 0, "no %s", ("event",), None)
    first, second = (JSONFormatter().format(line) for line in (*lines(), other))
    assert "\n" not in first
    assert list(json.loads(first)) == ["level", *ATTRIBUTES]
    assert json.loads(first)["reason"] == 'a\\n"b"'
    assert json.loads(second) == {"level": "ERROR", "logger": "other", "message": "no event"}


def test_vocabulary__is_stable_words():
    for event in Event:
        assert event.replace("_", "").isalpha()
        assert event.islower()
        assert len(event) <= 40
        assert event.outcome in ("success", "failure", "denied")
        assert event.owasp
        assert event.says.endswith(".")
    assert len({event.value for event in Event}) == len(Event)
