"""The acts: who may begin, what is told, what is kept."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.test import override_settings
from django.utils import timezone

from sessionauth import signals
from sessionauth.impersonation import service
from sessionauth.models import AccessToken, AuthEvent, Impersonation, LoginSession
from tests.impersonation.conftest import IMPERSONATION, Browser

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"


@contextmanager
def heard(signal):
    told = []

    def hear(**facts):
        told.append(facts)

    signal.connect(hear)
    try:
        yield told
    finally:
        signal.disconnect(hear)


def events():
    return list(AuthEvent.objects.filter(event__startswith="impersonation").values_list("event", "reason"))


# ---- start


def test_start__keeps_who_as_whom_why_and_from_where(browser, root, alice):
    before = timezone.now()
    browser.start(alice, "  ticket 7 ")
    row = Impersonation.objects.get()
    assert (row.actor, row.actor_name, row.target, row.target_name) == (
        root,
        root.get_username(),
        alice,
        alice.get_username(),
    )
    assert (row.reason, row.mode, row.transport, row.ip_address) == ("ticket 7", "read", "session", "127.0.0.1")
    assert before + timedelta(minutes=30) <= row.expires_at <= timezone.now() + timedelta(minutes=30)
    assert root.get_session_auth_hash() not in (row.actor_digest, row.target_digest)


def test_start__is_told_and_recorded(browser, root, alice):
    with heard(signals.impersonation_starting) as starting, heard(signals.impersonation_started) as started:
        row = browser.begin(alice)
    assert [(one["actor"], one["target"], one["reason"]) for one in starting] == [(root, alice, "a ticket")]
    assert [one["impersonation"] for one in started] == [row]
    event = AuthEvent.objects.get(event="impersonation_started")
    assert (event.user, event.actor, event.subject, event.data["mode"]) == (
        alice,
        root,
        f"impersonation:{row.pk}",
        "read",
    )


def _refused(answer, code):
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert not Impersonation.objects.exists()
    assert events() == [("impersonation_denied", code)]


def test_start__without_a_reason(browser, alice):
    _refused(browser.start(alice, "  "), "reason")


@pytest.mark.parametrize("setting", ["optional", "off"])
def test_start__without_a_reason_if_so_set(browser, alice, settings, setting):
    settings.SESSIONAUTH_IMPERSONATION_REASON = setting
    assert browser.start(alice, "").status_code == 200
    assert Impersonation.objects.get().reason == ""


def test_start__a_reason_that_nobody_asks_for_is_not_kept(browser, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_REASON = "off"
    browser.start(alice, "why")
    assert Impersonation.objects.get().reason == ""


def test_start__a_long_reason_is_cut(browser, alice):
    assert browser.start(alice, "x" * 10_000).status_code == 200
    assert Impersonation.objects.get().reason == "x" * 500


def _make_stale(browser):
    browser.put(auth_at=1)


def test_start__by_somebody_who_is_not_fresh(browser, alice):
    _make_stale(browser)
    _refused(browser.start(alice), "stale")


def test_start__by_somebody_who_is_not_fresh_if_so_set(browser, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_FRESH = False
    _make_stale(browser)
    assert browser.start(alice).status_code == 200


def test_start__by_nobody(alice):
    _refused(Browser().start(alice), "nobody")


def test_start__by_a_program(browser, root, alice):
    _, secret = AccessToken.objects.issue(user=root)
    answer = browser.post("/impersonate/start/", {"target": alice.pk, "reason": "x"}, authorization=f"Bearer {secret}")
    _refused(answer, "program")


def test_start__of_somebody_unknown(browser, alice):
    key = alice.pk
    alice.delete()
    _refused(browser.post("/impersonate/start/", {"target": key, "reason": "x"}), "unknown")


def test_start__within_another_one(browser, alice, make_user, settings):
    settings.SESSIONAUTH_IMPERSONATION_READ_ONLY = False
    row = browser.begin(alice)
    answer = browser.start(make_user("bob"))
    assert (answer.status_code, answer.json()["code"]) == (403, "nested")
    row.refresh_from_db()
    assert not row.has_ended
    assert Impersonation.objects.count() == 1


def veto(**facts):
    raise PermissionDenied("Not on Sundays.")


def test_start__vetoed_by_a_receiver(browser, alice):
    signals.impersonation_starting.connect(veto)
    try:
        answer = browser.start(alice)
    finally:
        signals.impersonation_starting.disconnect(veto)
    assert answer.json()["public"] == "Not on Sundays."
    _refused(answer, "vetoed")


def test_start__takes_the_place_of_the_one_in_another_browser(browser, root, alice, make_user):
    first = browser.begin(alice)
    other = Browser()
    other.client.force_login(root, BACKEND)
    second = other.begin(make_user("bob"))
    first.refresh_from_db()
    assert first.end_reason == "superseded"
    assert browser.get("/who/").status_code == 409
    assert other.who()["impersonation"] == str(second.pk)


def test_start__without_the_middleware(root, alice, settings):
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if one != IMPERSONATION]
    browser = Browser()
    browser.client.force_login(root, BACKEND)
    with pytest.raises(ImproperlyConfigured, match="ImpersonationMiddleware"):
        browser.start(alice)


# ---- upgrade and extend


def test_upgrade__is_told_and_recorded(browser, alice):
    row = browser.begin(alice)
    with heard(signals.impersonation_changed) as told:
        assert browser.post("/impersonate/upgrade/", {"reason": "to help"}).status_code == 200
    row.refresh_from_db()
    assert row.mode == "write"
    assert [(one["change"], one["reason"]) for one in told] == [("upgraded", "to help")]
    event = AuthEvent.objects.get(event="impersonation_changed")
    assert (event.reason, event.data["why"], event.user) == ("upgraded", "to help", alice)


@pytest.mark.parametrize("path", ["upgrade", "extend"])
def test_change__without_a_reason(browser, alice, path):
    row = browser.begin(alice)
    assert browser.post(f"/impersonate/{path}/").json()["code"] == "reason"
    assert Impersonation.objects.get().expires_at == row.expires_at
    assert Impersonation.objects.get().mode == "read"


@pytest.mark.parametrize("path", ["upgrade", "extend"])
def test_change__of_nothing(browser, path):
    assert browser.post(f"/impersonate/{path}/", {"reason": "x"}).json()["code"] == "not_running"


def test_upgrade__by_those_who_may_only_read(browser, root, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = []
    type(root).objects.filter(pk=root.pk).update(is_superuser=False)
    browser.begin(alice)
    assert browser.post("/impersonate/upgrade/", {"reason": "x"}).json()["code"] == "write"
    assert Impersonation.objects.get().mode == "read"
    assert ("impersonation_denied", "write") in events()


def test_upgrade__is_lost_with_the_permission(browser, root, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = []
    row = browser.begin(alice, write=True)
    type(root).objects.filter(pk=root.pk).update(is_superuser=False)
    assert browser.get("/who/").status_code == 409
    row.refresh_from_db()
    assert row.end_reason == "permission_lost"


def test_extend__begins_the_time_again(browser, alice):
    row = browser.begin(alice)
    row.change(expires_at=timezone.now() + timedelta(minutes=1))
    assert browser.post("/impersonate/extend/", {"reason": "x"}).status_code == 200
    row.refresh_from_db()
    assert row.expires_at > timezone.now() + timedelta(minutes=29)


# ---- books


def test_last_seen__at_most_once_a_minute(browser, alice):
    row = browser.begin(alice)
    for seconds, is_noted in ((30, False), (90, True)):
        then = timezone.now() - timedelta(seconds=seconds)
        row.change(last_seen_at=then)
        browser.who()
        row.refresh_from_db()
        assert (row.last_seen_at > then) is is_noted


def test_close_overdue(browser, alice):
    row = browser.begin(alice)
    assert service.close_overdue() == 0
    row.change(expires_at=timezone.now())
    assert service.close_overdue() == 1
    row.refresh_from_db()
    assert row.end_reason == "expired"
    assert service.close_overdue() == 0


def test_close_overdue__idle(browser, alice):
    row = browser.begin(alice)
    row.change(last_seen_at=timezone.now() - timedelta(minutes=16))
    with override_settings(SESSIONAUTH_IMPERSONATION_IDLE_AGE=None):
        assert service.close_overdue() == 0
    assert service.close_overdue() == 1
    row.refresh_from_db()
    assert (row.end_reason, row.session_data) == ("idle", "")


def test_close_overdue__batch_by_batch(root, alice, django_assert_max_num_queries):
    now = timezone.now()
    facts = {"actor": root, "target": alice, "started_at": now - timedelta(hours=2)}
    for _ in range(5):
        Impersonation.objects.create(expires_at=now, **facts)
    running = Impersonation.objects.create(expires_at=now + timedelta(hours=1), **facts)
    with django_assert_max_num_queries(200) as asked:
        assert service.close_overdue(batch=2) == 5
    searches = [one["sql"] for one in asked.captured_queries if "LIMIT 2" in one["sql"]]
    assert len(searches) == 4
    running.refresh_from_db()
    assert running.ended_at is None


def test_close_overdue__goes_on_past_what_another_process_ends(root, alice, monkeypatch):
    for _ in range(3):
        Impersonation.objects.create(actor=root, target=alice, expires_at=timezone.now())
    monkeypatch.setattr(Impersonation, "end", lambda self, reason: False)
    assert service.close_overdue(batch=1) == 0


def test_current_impersonation__outside_of_a_request():
    assert service.current_impersonation() is None


def test_end__signs_out_nobody_s_browser_and_records_no_logout(browser, root, alice):
    browser.begin(alice)
    browser.post("/logout/")
    assert not LoginSession.objects.get(user=root).is_revoked
    assert not AuthEvent.objects.filter(event="logged_out").exists()
    assert ("impersonation_ended", "logout") in events()
