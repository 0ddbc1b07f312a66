"""The banner that the middleware puts into pages, in a browser: in every light, on a phone, under a strict policy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from playwright.sync_api import Page, expect

from sessionauth.models import Impersonation
from sessionauth.testing import AuthClient
from tests.browser.policy import POLICY
from tests.impersonation.conftest import AUTHENTICATION, IMPERSONATION

pytestmark = [pytest.mark.urls("tests.browser.shop"), pytest.mark.django_db(transaction=True)]

PHONE = {"width": 360, "height": 740}
MARK = ".sessionauth-impersonation"


def strict(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A policy as strict as one can be that lets the site's own scripts run."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Content-Security-Policy"] = f"{POLICY}; script-src 'self'"
        return response

    return middleware


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    place = settings.MIDDLEWARE.index(AUTHENTICATION) + 1
    ours = [*settings.MIDDLEWARE[:place], IMPERSONATION, *settings.MIDDLEWARE[place:]]
    settings.MIDDLEWARE = [f"{__name__}.strict", *ours]
    settings.SESSIONAUTH_IMPERSONATION_BANNER = "inject"
    settings.LOGIN_REDIRECT_URL = "/shop/"


@pytest.fixture
def acting(watched: Any, make_user: Callable[..., Any], settings: Any, live_server: Any) -> Callable[..., Page]:
    """Open a browser in which Rosa acts as Alice."""
    rosa = make_user("rosa", is_staff=True, is_superuser=True, first_name="Rosa", last_name="Root")
    alice = make_user("alice", first_name="Alice", last_name="Aster")

    def begin(path: str, **options: Any) -> Page:
        page: Page = watched(**options)
        client = AuthClient(headers={"user-agent": page.evaluate("navigator.userAgent")})
        client.force_login(rosa)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page.goto(f"/account/impersonate/{alice.pk}/?next=/long/")
        page.get_by_label("Reason").fill("She called")
        page.get_by_role("button", name="Begin").click()
        page.goto(path)
        return page

    return begin


def test_banner__counts_down_and_cannot_be_scrolled_away(acting):
    page = acting("/long/", viewport=PHONE)
    left = page.locator(f"{MARK} time")
    expect(left).to_have_text(re.compile(r"^(29|30):[0-5]\d$"))
    expect(left).not_to_have_text(str(left.text_content()))
    for line in (0, 100_000):
        page.evaluate(f"scrollTo(0, {line})")
        expect(page.get_by_role("button", name="Stop")).to_be_in_viewport()
    assert page.locator("html").evaluate("one => one.scrollWidth") == PHONE["width"]
    assert page.evaluate("getComputedStyle(document.querySelector('.sessionauth-impersonation')).position") == "sticky"


def test_banner__stops_it_without_javascript(acting):
    page = acting("/long/", java_script_enabled=False)
    banner = page.get_by_role("region", name="Acting as somebody else")
    expect(banner).to_contain_text("Rosa Root, you are acting as Alice Aster.")
    expect(banner).to_contain_text("Time left: 30 minutes")
    expect(banner.get_by_role("link", name="More time")).to_be_visible()
    banner.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("rosa's list")
    assert page.url.endswith("/long/")
    expect(banner).to_have_count(0)
    assert Impersonation.objects.get().end_reason == "released"


def test_banner__stands_once_where_the_page_has_it(acting):
    page = acting("/tagged/")
    expect(page.locator(MARK)).to_have_count(1)
    page.goto("/shop/")
    expect(page.locator(MARK)).to_have_count(1)


@pytest.mark.parametrize("path", ["/long/", "/tagged/"])
def test_banner__has_no_barrier_in_light_and_dark(acting, accessible, path):
    page = acting(path, bypass_csp=True, reduced_motion="reduce")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        accessible(page)


@pytest.mark.shots
@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_shot(acting, shot, kind):
    desk = {"color_scheme": kind, "viewport": {"width": 1100, "height": 760}}
    page = acting("/long/", **{"viewport": PHONE} if kind == "phone" else desk)
    page.wait_for_timeout(1100)
    shot(page, f"banner-injected-{kind}", full_page=False)
