"""The admin in another look, django-unfold's: the way of somebody who acts as another, and our own pages of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser import themed

#: What is ours on its pages; of the rest of them axe has a few things to say.
OURS = {"include": [["#content-main"]]}
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 800}
USERS, ALICE, APP = "/admin/auth/user/", "/admin/auth/user/2/change/", "/admin/sessionauth/"
SESSION, OVERVIEW, ROTATE = f"{APP}loginsession/1/", f"{APP}authevent/overview/", f"{APP}apikey/1/rotate/"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with themed.served() as address:
        yield address


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Sign root in."""
    contexts = []

    def sign_in(**options: Any) -> Page:
        context = browser.new_context(base_url=address, locale="en-GB", **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.goto("/admin/login/?next=/admin/auth/user/")
        page.locator("[name=username]").fill("root")
        page.locator("[name=password]").fill("password")
        page.locator("[name=password]").press("Enter")
        page.wait_for_url("**/admin/auth/user/")
        return page

    yield sign_in
    for context in contexts:
        context.close()


def begin(page: Page) -> None:
    page.get_by_label("Reason").fill("Ticket 4711")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/shop/")


def test_a_visit__from_the_list_to_a_refusal_an_upgrade_and_back(opened, address):
    page = opened(viewport=DESK)
    listed = f"{USERS}?q=alice"
    page.goto(listed)
    page.get_by_role("link", name="Act as alice").click()
    begin(page)
    banner = page.get_by_role("region", name="Acting as somebody else")
    expect(banner).to_contain_text("You may only look.")
    page.get_by_role("button", name="Buy").click()
    expect(page.get_by_role("main")).to_contain_text("Nothing was done.")
    page.goto("/shop/")
    banner.get_by_role("link", name="Change things").click()
    page.get_by_label("Reason").fill("Ticket 4711: put it right")
    page.get_by_role("main").get_by_role("button", name="Change things").click()
    page.wait_for_url("**/shop/")
    page.get_by_role("button", name="Buy").click()
    expect(page.get_by_text("alice bought")).to_be_visible()
    page.goto("/shop/")
    banner.get_by_role("button", name="Stop").click()
    page.wait_for_url(f"{address}{listed}")
    expect(page.get_by_role("link", name="Act as alice")).to_be_visible()


def test_change_form__leads_there_and_back(opened, address):
    page = opened(viewport=DESK)
    page.goto(ALICE)
    page.get_by_role("link", name="Act as this user").click()
    begin(page)
    page.get_by_role("button", name="Stop").click()
    page.wait_for_url(f"{address}{ALICE}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_our_pages__have_fields_and_buttons_to_be_seen_and_no_barrier(opened, scheme):
    page = opened(viewport=DESK, color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{SESSION}change/")
    page.get_by_role("link", name="Sign out", exact=True).click()
    page.wait_for_url("**/revoke/")
    look = "one => [getComputedStyle(one).borderTopWidth, getComputedStyle(one).backgroundColor]"
    assert page.get_by_label("Reason").evaluate(look)[0] == "1px"
    assert page.get_by_role("button", name="Sign out").evaluate(look)[1] not in ("rgba(0, 0, 0, 0)", "transparent")
    for path in (f"{SESSION}revoke/", OVERVIEW, ROTATE):
        page.goto(path)
        report = Axe().run(page, context=OURS)
        assert report.violations_count == 0, report.generate_report()


def test_our_pages__fit_a_phone(opened):
    page = opened(viewport=PHONE)
    for path in (f"{SESSION}revoke/", OVERVIEW, ROTATE, USERS, f"{APP}impersonation/"):
        page.goto(path)
        assert page.locator("html").evaluate("one => one.scrollWidth") == PHONE["width"], path


@pytest.mark.shots
@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_shot__of_each_page(opened, shot, kind):
    desk = {"color_scheme": kind, "viewport": DESK}
    page = opened(**{"viewport": PHONE} if kind == "phone" else desk)
    shot(page, f"unfold-users-{kind}")
    page.get_by_role("link", name="Act as alice").click()
    shot(page, f"unfold-ask-{kind}")
    begin(page)
    shot(page, f"unfold-shop-{kind}")
    page.get_by_role("button", name="Stop").click()
    page.wait_for_url(f"**{USERS}")
    pages = {"change": ALICE, "overview": OVERVIEW, "impersonations": f"{APP}impersonation/", "rotate": ROTATE}
    pages |= {"issue": f"{APP}apikey/add/", "events": f"{APP}authevent/", "sign-out": f"{SESSION}revoke/"}
    for name, path in pages.items():
        page.goto(path)
        shot(page, f"unfold-{name}-{kind}")
