"""The security overview and the records in a browser: in every light, on a phone, for all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from sessionauth.models import APIKey, AuthEvent, LoginSession, LoginThrottle
from sessionauth.testing import AuthClient
from tests.browser.test_admin_pages import DJANGOS_OWN, PHONE, STILL

pytestmark = [pytest.mark.urls("tests.admin.second_site"), pytest.mark.django_db(transaction=True)]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ADMIN = "/admin/sessionauth/"
#: Nor does it like that the search, whose label is a picture, is described by a text as well.
DESCRIBED = "document.querySelector('#searchbar')?.removeAttribute('aria-describedby')"
PAGES = {
    "overview": f"{ADMIN}authevent/overview/",
    "index": ADMIN,
    "sessions": f"{ADMIN}loginsession/",
    "session": f"{ADMIN}loginsession/{{pk}}/change/",
    "sign-out": f"{ADMIN}loginsession/{{pk}}/revoke/",
    "events": f"{ADMIN}authevent/",
    "throttles": f"{ADMIN}loginthrottle/",
}


@pytest.fixture
def session(make_user: Callable[..., Any], settings: Any) -> Any:
    settings.SESSIONAUTH_ON_FAILURE = "anonymous"
    alice, now = make_user("alice"), timezone.now()
    for day in range(14):
        moment = now - timedelta(days=day)
        for event, number in (("login_succeeded", 40 - day * 2), ("login_failed", (day * 7) % 11)):
            AuthEvent.objects.bulk_create(
                AuthEvent(
                    **{"event": event, "outcome": "success" if event == "login_succeeded" else "failure"},
                    **{"created_at": moment, "user": alice, "user_name": "alice", "ip_address": "192.0.2.7"},
                    user_agent=FIREFOX,
                )
                for _ in range(number)
            )
    LoginThrottle.objects.create(key="x", rule="lockout", count=1000, user=alice)
    LoginThrottle.objects.create(key="y", rule="lockout", count=1000)
    APIKey.objects.issue(user=alice, name="Nightly export", expires_at=now + timedelta(days=3))
    APIKey.objects.issue(user=alice, name="Metrics")
    APIKey.objects.filter(name="Metrics").update(created_at=now - timedelta(days=100))
    return LoginSession.objects.create(user=alice, sid="x" * 32, ip_address="192.0.2.7", user_agent=FIREFOX)


@pytest.fixture
def opened(watched: Any, make_user: Callable[..., Any], settings: Any, live_server: Any, session: Any) -> Any:
    root = make_user("root", is_staff=True, is_superuser=True)

    def open_page(name: str, **options: Any) -> Page:
        page: Page = watched(**options)
        client = AuthClient(headers={"user-agent": page.evaluate("navigator.userAgent")})
        client.force_login(root)
        cookie = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": cookie, "value": client.cookies[cookie].value, "url": live_server.url}])
        page.goto(PAGES[name].format(pk=session.pk))
        return page

    return open_page


def test_overview__is_drawn_under_a_strict_policy(opened, settings):
    settings.MIDDLEWARE = ["tests.browser.policy.strict", *settings.MIDDLEWARE]
    page = opened("overview")
    expect(page.get_by_role("img")).to_be_visible()
    bar, other = page.locator("rect.succeeded").last, page.locator("rect.failed").last
    colours = {one.evaluate("one => getComputedStyle(one).fill") for one in (bar, other)}
    assert len(colours) == 2
    assert "rgb(0, 0, 0)" not in colours
    assert bar.bounding_box()["height"] > 50
    page.get_by_role("link", name="Failed logins").click()
    expect(page.get_by_text("Credentials to sign in were wrong.").first).to_be_visible()


@pytest.mark.parametrize("name", PAGES)
def test_page__has_no_barrier_in_light_and_dark(opened, accessible, name):
    page = opened(name, bypass_csp=True, reduced_motion="reduce")
    page.evaluate(DJANGOS_OWN)
    page.evaluate(DESCRIBED)
    page.add_style_tag(content=STILL)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        accessible(page)


@pytest.mark.parametrize("name", PAGES)
def test_page__fits_a_phone(opened, name):
    assert opened(name, viewport=PHONE).locator("html").evaluate("one => one.scrollWidth") == PHONE["width"]


@pytest.mark.shots
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_shot__of_each_page(opened, shot, name, kind):
    desk = {"color_scheme": kind, "viewport": {"width": 1100, "height": 760}}
    page = opened(name, **{"viewport": PHONE} if kind == "phone" else desk)
    shot(page, f"admin-records-{name}-{kind}")
