"""The example project in a browser: people click through it, in light and dark, on a phone, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.example_site import PASSWORDS, Site

pytest_plugins = ["tests.example_fixtures"]
pytestmark = pytest.mark.once

PHONE = {"width": 360, "height": 740}
PAGES = [
    ("/", None),
    ("/account/login/", None),
    ("/account/login/staff/", None),
    ("/account/sign-up/", None),
    ("/account/link/", None),
    ("/account/unlock/sent/", None),
    ("/mails/", None),
    ("/account/who-am-i/", None),
    ("/reports/help/", None),
    ("/api-lines/", None),
    ("/account/who-am-i/", "sam"),
    ("/account/devices/", "sam"),
    ("/account/devices/all/end/", "sam"),
    ("/account/password/", "sam"),
    ("/account/confirm/", "sam"),
    ("/account/bank-details/", "sam"),
    ("/account/keys/", "sam"),
    ("/account/keys/new/", "sam"),
    ("/invoices/", "sam"),
    ("/invoices/2/", "sam"),
    ("/invoices/new/", "sam"),
    ("/staff/", "sam"),
    ("/staff/customers/", "sam"),
    ("/reports/", "sam"),
    ("/reports/live/", "sam"),
    ("/staff/", "alice"),
]


@pytest.fixture
def new_context(browser: Browser, site: Site) -> Iterator[Callable[..., BrowserContext]]:
    """Open profiles on the running example instead of the test project's server."""
    contexts = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(base_url=site.url, locale="en-GB", **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


def sign_in(page: Page, name: str, path: str = "/account/login/") -> None:
    page.goto(path)
    page.get_by_label("E-mail address").fill(f"{name}@desk.example")
    page.get_by_label("Password").fill(PASSWORDS[name])
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


@pytest.fixture(scope="module")
def cookies(browser: Browser, site: Site) -> dict[str | None, Any]:
    """The cookies of a signed-in Sam and Alice: one login each, whatever the number of pages."""
    found: dict[str | None, Any] = {None: []}
    for name in ("sam", "alice"):
        context = browser.new_context(base_url=site.url)
        sign_in(context.new_page(), name)
        found[name] = context.cookies()
        context.close()
    return found


def test_a_visit__signs_in_sees_who_they_are_and_signs_out(page):
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="Sign in", exact=True).click()
    page.get_by_label("E-mail address").fill("alice@desk.example")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Please enter a correct e-mail address and password")
    page.get_by_label("Password").fill(PASSWORDS["alice"])
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page).to_have_title("Who am I? · Invoice Desk")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alice Aster")
    expect(page.get_by_role("row", name="method ")).to_contain_text("session")
    expect(page.get_by_role("row", name="is_authenticated ")).to_contain_text("True")
    page.get_by_role("link", name="Invoices").click()
    expect(page.get_by_role("main")).not_to_contain_text("Briar Bakery")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/account/who-am-i/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nobody yet")


def test_a_visit__works_without_javascript_and_by_keyboard(watched):
    page = watched(java_script_enabled=False)
    page.goto("/staff/")
    expect(page.get_by_role("status")).to_have_text("Please sign in to see this page.")
    page.keyboard.type("sam@desk.example")  # the first field has the focus
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORDS["sam"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What has to be done")
    page.get_by_role("link", name="New invoice").click()
    page.get_by_label("Customer").select_option("Clover Cycles")
    page.get_by_label("Due on").fill("2030-01-31")
    page.get_by_role("group", name="Line 1").get_by_label("Description").fill("Bells")
    page.get_by_role("group", name="Line 1").get_by_label("Price each").fill("2.50")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_role("main")).to_contain_text("€ 2.50")
    page.get_by_role("button", name="Send to the customer").click()
    expect(page.get_by_role("region", name="Sent")).to_contain_text("Clover Cycles")


def test_keys__issued_in_the_browser_and_revoked(page, site):
    sign_in(page, "sam")
    page.get_by_role("link", name="Keys").click()
    page.get_by_role("link", name="New key or token").click()
    page.get_by_label("Name").fill("From a browser")
    page.get_by_label("Read invoices").check()
    page.get_by_role("button", name="Issue").click()
    secret = page.get_by_role("textbox", name="Secret").input_value()
    assert site.ask("/api/invoices", headers={"Authorization": f"Bearer {secret}"}).status == 200
    page.goto("/account/keys/")
    page.get_by_role("link", name="Revoke From a browser").click()
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("listitem").filter(has_text="From a browser")).to_contain_text("Revoked")
    assert site.ask("/api/invoices", headers={"Authorization": f"Bearer {secret}"}).status == 401


@pytest.mark.parametrize(("path", "who"), PAGES)
def test_pages__have_no_barrier_in_light_and_dark(watched, accessible, cookies, path, who):
    # axe is a script of the tester's own, which the policy of the page rightly refuses.
    page = watched(bypass_csp=True, reduced_motion="reduce")
    page.context.add_cookies(cookies[who])
    page.goto(path)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        accessible(page)


@pytest.mark.parametrize(("path", "who"), PAGES)
def test_pages__fit_a_phone_and_keep_the_policy(watched, cookies, path, who):
    page = watched(viewport=PHONE)
    page.context.add_cookies(cookies[who])
    page.goto(path)
    assert page.locator("html").evaluate("one => one.scrollWidth") == PHONE["width"]
    # Other machines have other fonts: with the widest of letters it fits as well.
    page.evaluate("document.documentElement.style.setProperty('--sans', 'monospace')")
    assert page.locator("html").evaluate("one => one.scrollWidth") == PHONE["width"]
    assert page.evaluate("document.querySelectorAll('script, style, body [style], [onclick]').length") == 0
    loaded = page.evaluate("performance.getEntriesByType('resource').map(entry => new URL(entry.name).origin)")
    assert set(loaded) == {page.evaluate("location.origin")}


def test_wrong_forms__have_no_barrier_either(watched, accessible):
    page = watched(bypass_csp=True, reduced_motion="reduce")
    page.goto("/account/sign-up/")
    page.locator("form[method=post]").last.evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Open the account").click()
    expect(page.get_by_text("This field is required.").first).to_be_visible()
    accessible(page)


def test_admin__opens_for_staff_under_the_policy(watched):
    page = watched()
    sign_in(page, "sam")
    page.get_by_role("link", name="Admin").click()
    expect(page).to_have_title("Site administration | Django site admin")
    page.goto("/admin/invoices/invoice/")
    page.get_by_role("link", name="INV-0001").click()
    expect(page.get_by_label("Status")).to_have_value("paid")


@pytest.mark.shots
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("path", "who"), [pair for pair in PAGES if pair[0].startswith(("/account/", "/mails/"))])
def test_shot__of_the_pages_in_the_frame_of_the_example(watched, shot, cookies, path, who, scheme):
    page = watched(color_scheme=scheme, viewport={"width": 1100, "height": 800})
    page.context.add_cookies(cookies[who])
    page.goto(path)
    shot(page, f"desk{path.replace('/', '-')}{who or 'nobody'}-{scheme}")


@pytest.mark.shots
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shot__for_the_readme(watched, shot, cookies, scheme):
    page = watched(color_scheme=scheme, viewport={"width": 1200, "height": 800})
    page.context.add_cookies(cookies["sam"])
    page.goto("/account/who-am-i/")
    shot(page, f"demo-{scheme}")


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_acting__as_a_customer_and_back_to_the_search(watched, accessible, shot, kind):
    page = watched(bypass_csp=True, **{"viewport": PHONE} if kind == "phone" else {"color_scheme": kind})
    sign_in(page, "sue")
    page.goto("/staff/customers/?q=Aster")
    page.get_by_role("link", name="See as").click()
    accessible(page)
    shot(page, f"example-impersonate-{kind}")
    page.get_by_label("A call").check()
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("region", name="Acting as somebody else")).to_contain_text("you are acting as Alice Aster")
    accessible(page)
    assert page.url.endswith("/invoices/")
    shot(page, f"example-acting-{kind}")
    page.get_by_role("button", name="Stop").click()
    assert page.url.endswith("/staff/customers/?q=Aster")
