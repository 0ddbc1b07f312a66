"""The security overview: what it counts, who sees what of it, and what it costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessionauth.admin import charts, figures
from sessionauth.admin.figures import Day
from sessionauth.models import AccessToken, APIKey, AuthEvent, LoginSession, LoginThrottle
from tests.admin.asking import browser_of, grant

pytestmark = pytest.mark.django_db

PAGE = "/admin/sessionauth/authevent/overview/"
NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)


@pytest.fixture
def browser(make_user):
    return browser_of(make_user("root", is_staff=True, is_superuser=True))


def tell(event, moment, number=1):
    AuthEvent.objects.bulk_create(AuthEvent(event=event, created_at=moment) for _ in range(number))


def test_logins__are_counted_by_day():
    tell("login_succeeded", NOW, 3)
    tell("login_failed", NOW - timedelta(days=1), 2)
    tell("login_denied", NOW - timedelta(days=1))
    tell("login_succeeded", NOW - timedelta(days=13, hours=9))
    tell("login_succeeded", NOW - timedelta(days=14))  # before the first day
    tell("logged_out", NOW)
    found = figures.logins(NOW)
    assert found.cut is None
    numbers = [(day.date.day, day.succeeded, day.failed) for day in found.days if day.succeeded or day.failed]
    assert numbers == [(13, 1, 0), (25, 0, 3), (26, 3, 0)]
    assert len(found.days) == 14


def test_logins__of_a_day_begin_at_midnight_where_one_looks():
    tell("login_succeeded", datetime(2026, 11, 25, 23, 30, tzinfo=UTC))  # half past twelve in Berlin
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert figures.logins(NOW).days[-1].succeeded == 1
    assert figures.logins(NOW).days[-1].succeeded == 0


def test_logins__across_the_change_of_the_clock():
    with timezone.override(ZoneInfo("Europe/Berlin")):
        moment = datetime(2026, 10, 26, 12, tzinfo=UTC)
        tell("login_succeeded", datetime(2026, 10, 24, 22, 30, tzinfo=UTC))  # the 25th, 00:30 summer time
        tell("login_succeeded", datetime(2026, 10, 25, 22, 30, tzinfo=UTC))  # the 25th, 23:30 winter time
        assert [(day.date.day, day.succeeded) for day in figures.logins(moment).days][-2:] == [(25, 2), (26, 0)]


def test_logins__are_counted_to_a_bound_and_it_says_so(browser, monkeypatch):
    monkeypatch.setattr(figures, "MOST", 5)
    AuthEvent.objects.all().delete()  # that the browser signed in
    now = timezone.now()
    tell("login_failed", now, 5)
    tell("login_failed", now - timedelta(days=2), 5)
    found = figures.logins()
    assert found.cut == now - timedelta(days=2)
    assert sum(day.failed for day in found.days) == 5
    assert "There are very many" in browser.get(PAGE).content.decode()


def test_keys__unused_and_expiring(make_user):
    alice, now = make_user("alice"), timezone.now()
    made = {
        name: APIKey.objects.issue(user=alice, name=name)[0].pk
        for name in ("old", "new", "soon", "used", "over", "ended")
    }
    long_ago = now - timedelta(days=91)
    APIKey.objects.exclude(name="new").update(created_at=long_ago)
    APIKey.objects.filter(name="soon").update(expires_at=now + timedelta(days=13), last_used_at=now)
    APIKey.objects.filter(name="used").update(last_used_at=now, expires_at=now + timedelta(days=15))
    APIKey.objects.filter(name="over").update(expires_at=now)
    APIKey.objects.get(name="ended").revoke()
    found = figures.keys(APIKey)
    assert (found.unused.number, found.expiring.number) == (1, 1)
    assert [row.pk for row in found.rows] == [made["soon"], made["old"]]


def test_keys__where_no_use_is_noted(make_user, settings):
    settings.SESSIONAUTH_LAST_USED_INTERVAL = None
    APIKey.objects.issue(user=make_user("alice"))
    APIKey.objects.update(created_at=timezone.now() - timedelta(days=91))
    found = figures.keys(APIKey)
    assert found.unused is None
    assert found.rows == []


def test_keys__of_a_login_are_not_counted(make_user):
    soon = timezone.now() + timedelta(days=1)
    AccessToken.objects.issue(user=make_user("alice"), is_personal=False, expires_at=soon)
    assert figures.keys(AccessToken).expiring.number == 0


def test_keys__of_very_many_are_the_least(make_user, monkeypatch):
    monkeypatch.setattr(figures, "MOST_KEYS", 2)
    for _ in range(3):
        APIKey.objects.issue(user=make_user(f"user{_}"), expires_at=timezone.now() + timedelta(days=1))
    assert str(figures.keys(APIKey).expiring) == "2 or more"


def test_page__costs_at_most_twelve_queries_with_every_section(make_user, settings):
    settings.SESSIONAUTH_LOCKOUT_LIMIT = 2
    alice, now = make_user("alice"), timezone.now()
    acts = [
        f"view_{name}"
        for name in ("authevent", "loginsession", "loginthrottle", "impersonation", "apikey", "accesstoken")
    ]
    browser = browser_of(grant(make_user("viewer", is_staff=True), *acts))
    browser.get(PAGE)
    for number in (1, 20):
        tell("login_failed", now, number)
        for place in range(number):
            LoginThrottle.objects.create(key=f"{number}-{place}", rule="lockout", count=3, user=alice)
            APIKey.objects.issue(user=alice, name="soon", expires_at=now + timedelta(days=1))
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get(PAGE)
        assert answer.status_code == 200
        assert len(queries) <= 12, [query["sql"][:80] for query in queries]
        page = answer.content.decode()
        for words in (
            "Logins by day",
            "Signed in now",
            "Kept out by failures",
            "Acting as somebody else now",
            "alice",
            "soon",
        ):
            assert words in page


@pytest.mark.every_project
def test_page__has_every_section_for_a_superuser(browser, make_user):
    LoginThrottle.objects.create(key="x", rule="lockout", count=1000, user=make_user("alice"))
    LoginThrottle.objects.create(key="y", rule="lockout", count=1000)
    page = browser.get(PAGE).content.decode()
    assert "Kept out by failures" in page
    assert "a name that nobody has" in page
    assert "style=" not in page.partition('id="content-main"')[2].partition("</main>")[0]


def test_page__shows_each_what_they_may_see(make_user):
    viewer = browser_of(grant(make_user("viewer", is_staff=True), "view_authevent"))
    page = viewer.get(PAGE).content.decode()
    assert "Logins by day" in page
    for words in ("Signed in now", "Kept out by failures", "about to expire"):
        assert words not in page
    other = browser_of(grant(make_user("other", is_staff=True), "view_loginsession"))
    assert other.get(PAGE).status_code == 403
    customer = browser_of(make_user("customer"))
    assert customer.get(PAGE).status_code == 302


def test_page__is_linked_from_the_index_of_the_app_and_from_the_trail(browser, make_user):
    for path in ("/admin/sessionauth/", "/admin/sessionauth/authevent/"):
        assert f'href="{PAGE}"' in browser.get(path).content.decode()
    other = browser_of(grant(make_user("other", is_staff=True), "view_loginsession"))
    assert PAGE not in other.get("/admin/sessionauth/").content.decode()


def test_page__ends_nothing_and_takes_nonsense(browser, make_user):
    LoginSession.objects.all().update(ip_address=None)
    assert browser.post(f"{PAGE}?x=%00", {"x": "y"}).status_code == 200


def test_chart__has_a_bar_for_each_number_and_none_for_none():
    today = NOW.date()
    chart = charts.of_days([Day(today, 1, 1000), Day(today, 0, 0), Day(today, 500, 0)])
    assert [(bar.x, bar.height, bar.kind) for bar in chart.bars] == [
        (4, 2, "succeeded"),
        (15, 120, "failed"),
        (34, 0, "succeeded"),
        (45, 0, "failed"),
        (64, 60, "succeeded"),
        (75, 0, "failed"),
    ]
    assert (chart.highest, chart.width) == (1000, 90)
    assert charts.of_days([]).bars == []
