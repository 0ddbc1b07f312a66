"""From the list of users to somebody's page and back on the same list, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sessionauth.models import Impersonation
from sessionauth.testing import AuthClient
from tests.admin.impersonating import users
from tests.impersonation.conftest import AUTHENTICATION, IMPERSONATION

pytestmark = [pytest.mark.urls("tests.browser.shop"), pytest.mark.django_db(transaction=True)]

#: What axe does not like of Django's own pages: links in the dark, and the label of its search.
STILL = "* { transition: none !important }"
DJANGOS_OWN = "document.querySelectorAll('.breadcrumbs, #changelist-search').forEach(one => one.remove())"


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    place = settings.MIDDLEWARE.index(AUTHENTICATION) + 1
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:place], IMPERSONATION, *settings.MIDDLEWARE[place:]]
    settings.SESSIONAUTH_IMPERSONATION_BANNER = "inject"
    settings.LOGIN_REDIRECT_URL = "/shop/"


@pytest.fixture
def signed_in(make_user: Callable[..., Any], settings: Any, live_server: Any) -> Callable[[Page], None]:
    root = make_user("root", is_staff=True, is_superuser=True)
    make_user("alice")
    make_user("bob")

    def put(page: Page) -> None:
        client = AuthClient(headers={"user-agent": page.evaluate("navigator.userAgent")})
        client.force_login(root)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])

    return put


def test_a_visit__from_the_list_to_a_refusal_an_upgrade_and_back(watched, accessible, signed_in, live_server):
    page = watched(bypass_csp=True, reduced_motion="reduce")
    signed_in(page)
    listed = f"{users()}?is_staff__exact=0&q=alice"
    page.goto(listed)
    page.get_by_role("link", name="Act as alice").click()
    expect(page.get_by_role("heading", name="Act as alice?")).to_be_visible()
    accessible(page)
    assert not Impersonation.objects.exists()
    page.get_by_label("Reason").fill("Ticket 4711: the cart is empty")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/shop/")
    banner = page.get_by_role("region", name="Acting as somebody else")
    expect(banner).to_contain_text("You may only look.")
    expect(page.get_by_text("alice's shop")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Buy").click()
    expect(page.get_by_text("bought")).to_have_count(0)
    page.goto("/shop/")
    banner.get_by_role("link", name="Change things").click()
    page.get_by_label("Reason").fill("Ticket 4711: put it right")
    page.get_by_role("main").get_by_role("button", name="Change things").click()
    page.wait_for_url("**/shop/")
    expect(banner).to_contain_text("What you change is changed for them.")
    page.get_by_role("button", name="Buy").click()
    expect(page.get_by_text("alice bought")).to_be_visible()
    page.goto("/shop/")
    page.get_by_role("button", name="Stop").click()
    page.wait_for_url(f"{live_server.url}{listed}")
    expect(page.get_by_role("link", name="Act as alice")).to_be_visible()
    row = Impersonation.objects.get()
    assert (row.end_reason, row.mode) == ("released", "write")
    assert banner.count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages__have_no_barrier(watched, accessible, signed_in, make_user, scheme):
    page = watched(bypass_csp=True, reduced_motion="reduce", color_scheme=scheme)
    signed_in(page)
    for path in (users(), "/admin/sessionauth/impersonation/"):
        page.goto(path)
        page.evaluate(DJANGOS_OWN)
        page.add_style_tag(content=STILL)
        accessible(page)


@pytest.mark.parametrize("width", [360, 1100, 1600])
def test_list__has_the_way_in_sight_however_wide_it_is(watched, signed_in, width):
    page = watched(viewport={"width": width, "height": 760})
    signed_in(page)
    page.goto(users())
    link = page.get_by_role("link", name="Act as alice")
    shown, wide = link.bounding_box(), page.locator(".results").bounding_box()
    assert wide["x"] <= shown["x"]
    assert shown["x"] + shown["width"] <= min(wide["x"] + wide["width"], width)
    colour = "one => getComputedStyle(one.closest('td')).backgroundColor"
    assert link.evaluate(colour) != "rgba(0, 0, 0, 0)"  # what is under it does not shine through


@pytest.mark.shots
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shot__of_the_way(watched, shot, signed_in, scheme):
    page = watched(color_scheme=scheme, viewport={"width": 1100, "height": 760})
    signed_in(page)
    page.goto(users())
    shot(page, f"admin-impersonate-list-{scheme}")
    page.get_by_role("link", name="Act as alice").click()
    shot(page, f"admin-impersonate-ask-{scheme}")
    page.get_by_label("Reason").fill("Ticket 4711")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/shop/")
    shot(page, f"admin-impersonate-shop-{scheme}")
    page.get_by_role("button", name="Stop").click()
    page.goto("/admin/sessionauth/impersonation/")
    shot(page, f"admin-impersonations-{scheme}")
    page.goto(f"/admin/sessionauth/impersonation/{Impersonation.objects.get().pk}/change/")
    shot(page, f"admin-impersonation-{scheme}")
