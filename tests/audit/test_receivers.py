"""What is recorded of each thing that people do: once, with whom, why and how."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate
from django.core.cache import caches

from sessionauth import pipelines
from sessionauth.audit import receivers
from sessionauth.audit.text import name_digest
from sessionauth.exceptions import LoginDenied
from sessionauth.guards import before_credentials
from sessionauth.guards.counters import cache
from sessionauth.models import APIKey, AuthEvent
from tests.asking import counted
from tests.audit import flows
from tests.audit.flows import Browser
from tests.guards.entries import ACTIVE

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

IN = ("login_succeeded", "success", "", "alice", "password")
OUT = ("login_failed", "failure", "wrong", "alice", "")

#: (event, outcome, reason, user, method) of each, in order.
FLOWS = {
    flows.right: [IN],
    flows.right_on_django_s_page: [IN],
    flows.right_as_json: [IN],
    flows.wrong: [OUT],
    flows.wrong_on_django_s_page: [OUT],
    flows.wrong_in_the_admin: [OUT],
    flows.wrong_by_basic: [OUT],
    flows.wrong_outside_of_a_request: [OUT],
    flows.unknown: [("login_failed", "failure", "wrong", "", "")],
    flows.inactive: [("login_denied", "denied", "inactive", "alice", "")],
    flows.too_many: [*[OUT] * 5, ("login_denied", "denied", "too_many_attempts", "alice", "")],
    flows.too_many_by_basic: [*[OUT] * 5, ("login_denied", "denied", "too_many_attempts", "alice", "")],
    flows.signed_out: [IN, ("logged_out", "success", "", "alice", "session")],
    flows.signed_out_by_nobody: [],
    flows.remembered: [
        IN,
        ("login_restored", "success", "", "alice", "remember"),
    ],
    flows.confirmed: [IN, ("login_confirmed", "success", "", "alice", "password")],
    flows.confirmed_wrong: [IN, ("confirmation_failed", "failure", "wrong", "alice", "session")],
    flows.changed_password: [IN, ("password_changed", "success", "", "alice", "session")],
    flows.changed_password_wrong: [IN, ("confirmation_failed", "failure", "wrong", "alice", "session")],
    flows.asked_for_a_reset: [("password_reset_asked", "success", "", "", "")],
    flows.ended_another: [IN, IN, ("session_revoked", "success", "ended by its owner", "alice", "session")],
    flows.ended_the_others: [IN, IN, ("session_revoked", "success", "ended by its owner", "alice", "session")],
    flows.ended_all: [
        IN,
        ("logged_out_everywhere", "success", "logout_everywhere", "alice", "session"),
        ("logged_out", "success", "", "alice", "session"),
    ],
    flows.signed_out_from_outside: [IN, ("logged_out_everywhere", "success", "command", "alice", "")],
    flows.deactivated: [IN, ("logged_out_everywhere", "success", "deactivated", "alice", "")],
    flows.other_browser: [IN, ("session_protected", "denied", "basic", "alice", "")],
    flows.ran_out: [IN, ("session_expired", "success", "idle", "alice", "")],
    flows.key_used: [
        ("credential_issued", "success", "", "alice", ""),
        ("credential_revoked", "success", "lost", "alice", ""),
        ("credential_rejected", "denied", "revoked", "", "api_key"),
    ],
}


@pytest.fixture(params=["sync", "async"])
def browser(request, make_user, settings):
    make_user("alice")
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_IDLE_TIMEOUT = 86_400
    settings.SESSIONAUTH_AUTHENTICATORS = [
        "sessionauth.authenticators.basic.BasicAuthenticator",
        "sessionauth.authenticators.api_key.APIKeyAuthenticator",
        "sessionauth.authenticators.session.SessionAuthenticator",
        "sessionauth.authenticators.remember.RememberAuthenticator",
    ]
    return Browser(request.param)


def told():
    rows = AuthEvent.objects.select_related("user").order_by("pk")
    return [
        (row.event, row.outcome, row.reason, "" if row.user is None else row.user.username, row.method) for row in rows
    ]


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_flow__is_told_once_with_whom_and_why(flow, browser):
    flow(browser)
    assert told() == FLOWS[flow]


@pytest.mark.parametrize(
    ("action", "second"),
    [
        ("evict", [("session_evicted", "success", "", "alice", ""), IN]),
        ("reject", [("login_denied", "denied", "too_many_sessions", "alice", "")]),
    ],
)
def test_login_above_the_number__is_told_with_what_it_did(action, second, browser, settings):
    settings.SESSIONAUTH_MAX_SESSIONS, settings.SESSIONAUTH_MAX_SESSIONS_ACTION = 1, action
    flows.one_too_many(browser)
    assert told() == [IN, *second]


def test_eviction__names_whose_session_it_was(browser, settings):
    settings.SESSIONAUTH_MAX_SESSIONS = 1
    flows.one_too_many(browser)
    assert AuthEvent.objects.get(event="session_evicted").user_name == "alice"


@pytest.mark.parametrize("call", [authenticate, async_to_sync(aauthenticate)], ids=["sync", "async"])
def test_refusal__outside_of_a_request_is_told_once(call, make_user, guarded):
    """And the next failure, which is one, is told again."""
    make_user("alice")
    guarded(NEVER_ALICE)
    for name in ("alice", "bob"):
        assert call(None, username=name, password="wrong") is None
    assert [row[0] for row in told()] == ["login_denied", "login_failed"]
    assert call(None, username="alice", password="wrong") is None
    guarded(ACTIVE)
    assert call(None, username="alice", password="wrong") is None
    assert [row[0] for row in told()][2:] == ["login_failed"]


NEVER_ALICE = f"{__name__}.never_alice"


@before_credentials
def never_alice(request, user):
    if user is not None:
        raise LoginDenied


def test_theft__is_told_once(browser):
    flows.stolen(browser)
    assert [row[0] for row in told()].count("remember_stolen") == 1
    assert "remember_revoked" not in {row[0] for row in told()}


def test_lock__is_told_with_the_failure_that_did_it(browser, settings):
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 1
    flows.locked(browser)
    events = [(row.event, row.reason, row.user_name) for row in AuthEvent.objects.order_by("pk")]
    assert events[:3] == [
        ("account_locked", "wait", "alice"),
        ("login_failed", "wrong", "alice"),
        ("login_denied", "account_locked", "alice"),
    ]


def test_name_of_nobody__is_a_digest(browser):
    browser.sign_in("hunter2")
    row = AuthEvent.objects.get()
    assert (row.user, row.user_name, row.data) == (None, "", {"name": name_digest("hunter2")})


def test_unknown_and_known__cost_the_same(browser):
    """The record must not tell what the answer does not."""
    costs = set()
    for name in ("alice", "nobody"):
        with counted() as statements:
            browser.sign_in(name, flows.WRONG)
        costs.add(tuple(one.split(" ", 1)[0] for one in statements))
    assert len(costs) == 1


def test_trouble_in_a_receiver__does_not_reach_the_login(browser, monkeypatch, caplog):
    def broken(*args, **facts):
        raise RuntimeError("not today")

    monkeypatch.setattr(receivers, "record", broken)
    assert browser.sign_in().status_code == 302
    assert "An event could not be recorded." in caplog.text


def test_counting_in_trouble__is_told(browser, guarded, settings, monkeypatch):
    def broken(*args, **kwargs):
        raise ConnectionError

    if "locmem" in settings.CACHES["default"]["BACKEND"]:
        pytest.skip("such a cache is passed over, not broken")
    monkeypatch.setattr(cache, "_broken", {})
    for name in ("add", "incr", "get_many", "get", "set"):
        monkeypatch.setattr(type(caches["default"]), name, broken)
    for name in ("take", "count", "read", "give_back"):
        monkeypatch.setattr(pipelines, name, broken)
    browser.sign_in(password=flows.WRONG)
    assert ("guard_degraded", "failure", "ConnectionError", "", "") in told()


def test_denial_outside_of_a_request__is_told(browser, guarded):
    guarded({"NAME": "sessionauth.guards.rate_limit.RateLimitGuard", "OPTIONS": {"by": "account", "rates": ("1/d",)}})
    browser.call(username="alice", password=flows.WRONG)
    browser.call(username="alice", password=flows.WRONG)
    assert ("login_denied", "denied", "too_many_attempts", "alice", "") in told()


@pytest.mark.urls("tests.project.ways_urls")
def test_credential_where_it_may_not_go__is_told(browser):
    key, secret = APIKey.objects.issue(user=flows.alice(), name="script", scopes=[])
    browser.get("/tell/", headers={"x-api-key": secret})
    row = AuthEvent.objects.get(event="access_denied")
    assert (row.outcome, row.reason, row.user, row.subject) == (
        "denied",
        "insufficient_scope",
        key.user,
        f"apikey:{key.pk}",
    )
