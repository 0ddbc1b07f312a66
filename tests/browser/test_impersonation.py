"""Acting as somebody else in a browser: from a list to the customer's page, further, and back to the list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import Page, expect

from sessionauth.models import Impersonation
from sessionauth.testing import AuthClient

pytestmark = [pytest.mark.urls("tests.browser.impersonation_urls"), pytest.mark.django_db(transaction=True)]

AUTHENTICATION = "sessionauth.middleware.AuthenticationMiddleware"
IMPERSONATION = "sessionauth.impersonation.middleware.ImpersonationMiddleware"
PHONE = {"width": 360, "height": 740}
#: The pages, and whether one acts as somebody else there.
PAGES = {
    "impersonate": ("impersonate/{alice}/?next=/customers/", False),
    "impersonate-start": ("impersonate/", False),
    "impersonation": ("impersonation/", True),
    "impersonation-stop": ("impersonation/stop/", True),
    "impersonation-extend": ("impersonation/extend/", True),
    "impersonation-upgrade": ("impersonation/upgrade/", True),
    "impersonation-closed": ("keys/", True),
    "impersonation-nested": ("impersonate/", True),
    "impersonation-ended": ("impersonation/ended/", False),
}


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    place = settings.MIDDLEWARE.index(AUTHENTICATION) + 1
    ours = [*settings.MIDDLEWARE[:place], IMPERSONATION, *settings.MIDDLEWARE[place:]]
    settings.MIDDLEWARE = ["tests.browser.policy.strict", *ours]
    settings.LOGIN_URL = "sessionauth:login"
    settings.SESSIONAUTH_IMPERSONATION_START_URL = "note"


@pytest.fixture
def alice(make_user: Callable[..., Any]) -> Any:
    return make_user("alice", first_name="Alice", last_name="Aster")


@pytest.fixture
def signed_in(make_user: Callable[..., Any], settings: Any, live_server: Any) -> Callable[..., None]:
    """Put a session of Sue's into a browser, who may act as customers."""
    sue = make_user("sue", first_name="Sue", last_name="Sage", is_staff=True)
    permissions = Permission.objects.filter(codename__in=["impersonate", "impersonate_write"])
    sue.user_permissions.add(*permissions)

    def put(page: Page, *, fresh: bool = True) -> None:
        client = AuthClient(headers={"user-agent": page.evaluate("navigator.userAgent")})
        client.force_login(sue, fresh=fresh)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])

    return put


@pytest.fixture
def opened(signed_in: Callable[..., None], alice: Any) -> Callable[[Page, str], None]:
    """Open one of PAGES as Sue, or as Sue who acts as Alice."""

    def go(page: Page, name: str) -> None:
        path, is_acting = PAGES[name]
        signed_in(page)
        if is_acting:
            begin(page, alice.pk)
        page.goto("/account/" + path.format(alice=alice.pk))

    return go


def begin(page: Page, pk: int) -> None:
    page.goto(f"/account/impersonate/{pk}/?next=/customers/%3Fq%3Dal")
    page.get_by_label("Reason").fill("She called: her note is gone")
    page.get_by_label("Ticket").fill("T-7")
    page.get_by_role("button", name="Begin").click()


def test_a_visit__from_the_list_to_the_customer_s_page_further_and_back(watched, signed_in, alice, password):
    page = watched(java_script_enabled=False)
    signed_in(page, fresh=False)
    page.goto("/customers/?q=al")
    page.get_by_role("link", name="See as alice").click()
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Act as Alice Aster?")
    page.get_by_label("Reason").fill("She called: her note is gone")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Note of alice")

    page.get_by_label("Note").fill("hello")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text("Nothing was done.")
    page.get_by_role("link", name="Change things").click()
    page.get_by_label("Reason").fill("She asked me to")
    page.get_by_role("button", name="Change things").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Note of alice")
    page.get_by_label("Note").fill("hello")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("paragraph")).to_have_text("hello")

    page.get_by_role("link", name="Who am I?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are acting as Alice Aster")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers")
    assert page.url.endswith("/customers/?q=al")
    page.goto("/note/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Note of sue")
    expect(page.get_by_role("paragraph")).to_have_text("none")
    row = Impersonation.objects.get()
    assert (row.end_reason, row.mode, row.target) == ("released", "write", alice)


def test_two_tabs__what_was_open_as_the_customer_does_nothing_afterwards(watched, signed_in, alice):
    page = watched()
    signed_in(page)
    begin(page, alice.pk)
    tab = page.context.new_page()
    tab.goto("/note/")
    page.goto("/account/impersonation/stop/")
    page.get_by_role("button", name="Stop").click()
    tab.get_by_label("Note").fill("hello")
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_role("main")).to_contain_text("Nothing was done.")
    tab.get_by_role("link", name="Who am I now?").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("You are yourself again")


@pytest.mark.parametrize("name", PAGES)
def test_page__has_no_barrier_in_light_and_dark(watched, accessible, opened, name):
    page = watched(bypass_csp=True, reduced_motion="reduce")
    opened(page, name)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        accessible(page)


@pytest.mark.parametrize("name", PAGES)
def test_page__fits_a_phone_under_a_strict_policy_without_javascript(watched, opened, name):
    page = watched(viewport=PHONE)
    opened(page, name)
    assert page.evaluate("getComputedStyle(document.querySelector('.sessionauth-card')).display") == "grid"
    assert page.locator("html").evaluate("one => one.scrollWidth") == PHONE["width"]
    page.evaluate("document.querySelector('.sessionauth').style.setProperty('--sa-font', 'monospace')")
    assert page.locator("html").evaluate("one => one.scrollWidth") == PHONE["width"]
    assert page.evaluate("document.querySelectorAll('script, style, [onclick]').length") == 0


def test_reasons_to_choose_from__have_no_barrier_right_and_wrong(watched, accessible, opened, settings):
    settings.SESSIONAUTH_IMPERSONATION_REASON_CHOICES = ["A call", "A mail", "A mistake of ours"]
    page = watched(bypass_csp=True, viewport=PHONE)
    opened(page, "impersonate")
    for _ in range(2):
        accessible(page)
        page.locator("form[method=post]").evaluate("form => form.noValidate = true")
        page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("This field is required.").first).to_be_visible()
    assert page.locator("html").evaluate("one => one.scrollWidth") == PHONE["width"]


@pytest.mark.shots
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_shot__of_each_page(watched, shot, opened, name, kind):
    desk = {"color_scheme": kind, "viewport": {"width": 1100, "height": 760}}
    page = watched(**{"viewport": PHONE} if kind == "phone" else desk)
    opened(page, name)
    shot(page, f"account-{name}-{kind}")
