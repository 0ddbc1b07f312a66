"""The records in the admin: looked at, found, ended, and never written."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessionauth.admin import lists
from sessionauth.audit import Event
from sessionauth.models import AuthEvent, LoginSession, LoginThrottle, RememberToken
from tests.admin.asking import browser_of, grant

pytestmark = pytest.mark.django_db

ADMIN = "/admin/sessionauth/"
SESSIONS, REMEMBERED, EVENTS = f"{ADMIN}loginsession/", f"{ADMIN}remembertoken/", f"{ADMIN}authevent/"
THROTTLES = f"{ADMIN}loginthrottle/"
LISTS = [SESSIONS, REMEMBERED, EVENTS, THROTTLES]
NAMES = ("loginsession", "remembertoken", "authevent", "loginthrottle")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def browser(make_user):
    return browser_of(make_user("root", is_staff=True, is_superuser=True))


def enter(user, number=1):
    """Make `number` rows of each record about `user`."""
    seen, later = {"ip_address": "192.0.2.7", "user_agent": FIREFOX}, timezone.now() + timedelta(days=1)
    name = str(user)
    made = {
        LoginSession: lambda n: {"sid": f"sid-{name}-{n}", **seen},
        RememberToken: lambda n: {
            **{"selector": f"sel-{name}-{n}", "digest": f"digest-{n}", "session_digest": "x", "expires_at": later},
            **seen,
        },
        AuthEvent: lambda n: {"event": Event.LOGIN_FAILED.value, "outcome": "failure", "user_name": name, **seen},
        LoginThrottle: lambda n: {"key": f"key-{name}-{n}", "rule": "lockout", "count": 3},
    }
    for model, values in made.items():
        model.objects.bulk_create(model(user=user, **values(n)) for n in range(number))


def shown(browser, path):
    """Return the page, and how many rows stand on its list."""
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode(), len(answer.context["cl"].result_list)


@pytest.mark.every_project
@pytest.mark.parametrize("path", LISTS)
def test_list__names_people_devices_and_states_and_nothing_secret(path, browser, alice):
    enter(alice)
    page, _ = shown(browser, path)
    assert str(alice) in page
    row = _row_of(path, alice)
    detail = browser.get(f"{path}{row.pk}/change/").content.decode()
    for text in (page, detail):
        assert "Firefox on Linux" in text or path == THROTTLES
        for secret in ("sid-", "sel-", "digest-", "key-"):
            assert f"{secret}{alice}" not in text
        assert 'name="_save"' not in text


def _row_of(path, user):
    models = {SESSIONS: LoginSession, REMEMBERED: RememberToken, EVENTS: AuthEvent, THROTTLES: LoginThrottle}
    return models[path].objects.filter(user=user).latest("pk")


def test_events__are_sentences(browser, alice):
    enter(alice)
    page, _ = shown(browser, EVENTS)
    assert "Credentials to sign in were wrong." in page
    AuthEvent.objects.create(event="of_another_version", data={"more": "<b>"})
    page, _ = shown(browser, EVENTS)
    assert "of_another_version" in page
    row = AuthEvent.objects.get(event="of_another_version")
    assert "&lt;b&gt;" in browser.get(f"{EVENTS}{row.pk}/change/").content.decode()


@pytest.mark.parametrize("path", LISTS)
def test_list__costs_at_most_eight_queries_and_no_more_with_more_rows(path, make_user, alice):
    acts = [f"{act}_{name}" for act in ("view", "change") for name in NAMES]
    browser, costs = browser_of(grant(make_user("viewer", is_staff=True), *acts)), []
    browser.get(path)
    for people in (["bob"], ["bobby", "bobo", "bonnie"]):
        for name in people:
            enter(make_user(name), 20)
        with CaptureQueriesContext(connection) as queries:
            assert shown(browser, f"{path}?q=bo")[1] >= 20 * len(people)
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 8


@pytest.mark.parametrize("path", LISTS)
def test_list__is_never_counted_to_the_end(path, browser, alice, monkeypatch):
    enter(alice, 130)
    monkeypatch.setattr(lists, "MOST", 110)
    with CaptureQueriesContext(connection) as queries:
        page, _ = shown(browser, path)
    assert "The list ends after 110." in page
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT 110" in sql for sql in counts)


@pytest.mark.parametrize("path", LISTS)
def test_search__finds_by_the_beginning_of_a_name(path, browser, alice, make_user):
    enter(alice)
    enter(make_user("bob"))
    assert shown(browser, f"{path}?q=ali")[1] == 1
    assert shown(browser, f"{path}?q=nobody")[1] == 0
    assert shown(browser, f"{path}?q=sid-alice")[1] == 0


@pytest.mark.parametrize("nonsense", ["%00", "'", "%F0%9F%92%A5", "x" * 3000, "%25", "-1"])
@pytest.mark.parametrize("path", LISTS)
def test_search__takes_nonsense(path, nonsense, browser):
    assert browser.get(f"{path}?q={nonsense}").status_code == 200


def test_search__of_events_finds_addresses_and_who_is_gone_lately(browser, alice):
    enter(alice)
    alice.delete()
    assert shown(browser, f"{EVENTS}?q=192.0.2.7")[1] == 1
    assert shown(browser, f"{EVENTS}?q=alice")[1] == 1
    AuthEvent.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert shown(browser, f"{EVENTS}?q=192.0.2.7")[1] == 0


@pytest.mark.parametrize(
    "question",
    [
        f"{SESSIONS}?sid__startswith=a",
        f"{SESSIONS}?session_digest__startswith=a",
        f"{REMEMBERED}?selector__startswith=a",
        f"{REMEMBERED}?digest__startswith=a",
        f"{REMEMBERED}?previous_digest__startswith=a",
        f"{THROTTLES}?key__startswith=a",
        f"{SESSIONS}?user__password__startswith=a",
        f"{SESSIONS}?remember_token__digest__startswith=a",
    ],
)
def test_lookup__of_what_is_secret_is_refused(question, browser):
    assert browser.get(question).status_code == 400


def test_filters__tell_states_apart(browser, alice):
    enter(alice, 3)
    first, second, _ = LoginSession.objects.filter(user=alice)
    first.revoke()
    LoginSession.objects.filter(pk=second.pk).update(last_seen_at=timezone.now() - timedelta(days=365))
    states = ("active", "expired", "revoked")
    assert [shown(browser, f"{SESSIONS}?state={state}&q=alice")[1] for state in states] == [1, 1, 1]
    assert shown(browser, f"{SESSIONS}?state=nonsense&q=alice")[1] == 3
    first, second, _ = RememberToken.objects.filter(user=alice)
    first.revoke()
    RememberToken.objects.filter(pk=second.pk).update(expires_at=timezone.now())
    assert [shown(browser, f"{REMEMBERED}?state={state}")[1] for state in states] == [1, 1, 1]


def test_filters__of_events(browser, alice):
    AuthEvent.objects.all().delete()
    enter(alice, 2)
    before = timezone.now() - timedelta(days=3)
    AuthEvent.objects.create(event="login_succeeded", outcome="success", created_at=before)
    for question, number in {
        "outcome=failure": 2,
        "event=login_succeeded": 1,
        "days=1": 2,
        "days=7": 3,
        "days=x": 3,
        "outcome=x&event=x": 3,
    }.items():
        assert shown(browser, f"{EVENTS}?{question}")[1] == number, question


@pytest.mark.parametrize("path", LISTS)
def test_rows__are_written_by_nobody(path, browser, alice):
    enter(alice)
    row = _row_of(path, alice)
    before = type(row).objects.filter(pk=row.pk).values().get()
    assert browser.get(f"{path}add/").status_code == 403
    assert browser.post(f"{path}{row.pk}/change/", {"user_name": "x", "reason": "x"}).status_code == 403
    assert browser.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    browser.post(path, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert type(row).objects.filter(pk=row.pk).values().get() == before


def test_user__is_deleted_in_the_admin_and_the_trail_stays(browser, alice):
    enter(alice)
    users = f"/admin/{alice._meta.app_label}/{alice._meta.model_name}/"
    assert browser.post(f"{users}{alice.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not LoginSession.objects.filter(user_id=alice.pk).exists()
    assert AuthEvent.objects.filter(user_name=str(alice), user=None).exists()


def test_row__whose_user_is_gone_stays_in_sight(browser, alice):
    enter(alice)
    pk = LoginSession.objects.get(user=alice).pk
    get_user_model().objects.filter(pk=alice.pk)._raw_delete(using="default")
    assert "gone" in shown(browser, SESSIONS)[0]
    assert "gone" in browser.get(f"{SESSIONS}{pk}/change/").content.decode()
    assert "gone" in browser.get(f"{SESSIONS}{pk}/revoke/").content.decode()


def choose(browser, path, action, rows, **more):
    return browser.post(path, {"action": action, "_selected_action": [row.pk for row in rows], **more})


def test_sign_out__asks_then_ends_session_and_remembered_browser(browser, alice):
    theirs = browser_of(alice)
    row = LoginSession.objects.get(user=alice)
    asked = choose(browser, SESSIONS, "sign_out", [row])
    assert "signed out with its next request" in asked.content.decode()
    assert theirs.get("/whoami/").json()["user"] == "alice"
    choose(browser, SESSIONS, "sign_out", [row], confirmed="yes", reason="lost laptop")
    row.refresh_from_db()
    assert row.revoked_reason == "lost laptop"
    assert theirs.get("/whoami/").json()["user"] != "alice"
    assert LogEntry.objects.get().get_change_message() == "Signed out."
    event = AuthEvent.objects.get(event=Event.SESSION_REVOKED.value)
    assert (event.user_name, event.actor_name) == ("alice", "root")


def test_sign_out__from_the_page_of_one(browser, alice):
    enter(alice)
    row = LoginSession.objects.get(user=alice)
    assert f"{SESSIONS}{row.pk}/revoke/" in browser.get(f"{SESSIONS}{row.pk}/change/").content.decode()
    assert browser.get(f"{SESSIONS}{row.pk}/revoke/").status_code == 200
    row.refresh_from_db()
    assert not row.is_revoked  # no GET ends anything
    assert browser.post(f"{SESSIONS}{row.pk}/revoke/", {"reason": ""}).status_code == 302
    row.refresh_from_db()
    assert row.revoked_reason == "admin"
    assert f"{SESSIONS}{row.pk}/revoke/" not in browser.get(f"{SESSIONS}{row.pk}/change/").content.decode()


def test_forget__ends_the_sessions_that_came_of_it(browser, alice):
    enter(alice)
    row = RememberToken.objects.get(user=alice)
    LoginSession.objects.filter(user=alice).update(remember_token=row)
    choose(browser, REMEMBERED, "forget", [row], confirmed="yes", reason="")
    row.refresh_from_db()
    assert row.is_revoked
    assert LoginSession.objects.get(user=alice).is_revoked


@pytest.mark.parametrize(("path", "action"), [(SESSIONS, "sign_out"), (REMEMBERED, "forget")])
def test_acts__are_for_those_who_may_change_rows(path, action, alice, make_user):
    enter(alice)
    row = _row_of(path, alice)
    viewer = browser_of(grant(make_user("viewer", is_staff=True), f"view_{row._meta.model_name}"))
    assert viewer.get(path).status_code == 200
    assert viewer.get(f"{path}{row.pk}/revoke/").status_code == 403
    assert viewer.post(f"{path}{row.pk}/revoke/", {"reason": ""}).status_code == 403
    choose(viewer, path, action, [row], confirmed="yes", reason="")
    assert f"{path}{row.pk}/revoke/" not in viewer.get(f"{path}{row.pk}/change/").content.decode()
    row.refresh_from_db()
    assert not row.is_revoked
    stranger = browser_of(make_user("stranger", is_staff=True))
    assert stranger.get(path).status_code == stranger.get(f"{path}{row.pk}/change/").status_code == 403
    changer = browser_of(grant(make_user("changer", is_staff=True), f"change_{row._meta.model_name}"))
    assert changer.post(f"{path}{row.pk}/revoke/", {"reason": ""}).status_code == 302
    row.refresh_from_db()
    assert row.is_revoked


def test_acts__need_a_csrf_token(make_user, alice):
    enter(alice)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user("root", is_staff=True, is_superuser=True), "django.contrib.auth.backends.ModelBackend")
    row = LoginSession.objects.filter(user=alice).get()
    assert strict.post(f"{SESSIONS}{row.pk}/revoke/", {"reason": ""}).status_code == 403


@pytest.mark.parametrize("key", ["0", "x", "9" * 30, "1_2F"])
@pytest.mark.parametrize("path", [SESSIONS, REMEMBERED])
def test_pages__of_no_row(path, key, browser):
    assert browser.get(f"{path}{key}/revoke/").status_code == 404
    assert browser.get(f"{path}{key}/change/", follow=True).status_code == 200  # Django's way to say so


def test_throttles__say_who_is_kept_out(browser, alice, settings):
    settings.SESSIONAUTH_LOCKOUT_LIMIT = 3
    enter(alice)
    LoginThrottle.objects.create(key="x", rule="5/m", blocked_until=timezone.now() + timedelta(hours=1))
    LoginThrottle.objects.create(key="y", rule="5/m")
    page, rows = shown(browser, THROTTLES)
    assert rows == 3
    assert "a name that nobody has" in page
    assert [shown(browser, f"{THROTTLES}?state={state}")[1] for state in ("locked", "waiting")] == [1, 1]
