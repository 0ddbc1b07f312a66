"""The pages of sessionauth in a browser, in the frame of the app itself: usable by all, in every light, on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sessionauth.testing import AuthClient

pytestmark = [pytest.mark.urls("tests.account_urls"), pytest.mark.django_db(transaction=True)]

PHONE = {"width": 360, "height": 740}
OPEN = {
    "login": "login/",
    "password-reset": "password/reset/",
    "password-reset-sent": "password/reset/sent/",
    "password-reset-done": "password/reset/done/",
    "password-reset-bad": "password/reset/x/y/",
    "unlock": "unlock/",
    "unlock-sent": "unlock/sent/",
    "unlock-link": "unlock/no-token/",
    "unlock-done": "unlock/done/",
}
OWN = {
    "confirm": "confirm/",
    "logout": "logout/",
    "devices": "devices/",
    "devices-others": "devices/others/end/",
    "devices-all": "devices/all/end/",
    "password": "password/",
    "password-done": "password/done/",
}
PAGES = {**OPEN, **OWN}
AGENTS = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
]


@pytest.fixture(autouse=True)
def _strict_policy(settings: Any) -> None:
    settings.MIDDLEWARE = ["tests.browser.policy.strict", *settings.MIDDLEWARE]
    settings.LOGIN_URL = "sessionauth:login"
    settings.LOGIN_REDIRECT_URL = "sessionauth:devices"


@pytest.fixture
def alice(make_user: Callable[..., Any]) -> Any:
    return make_user("alice", first_name="Alice", last_name="Aster")


@pytest.fixture
def signed_in(alice: Any, settings: Any, live_server: Any) -> Callable[[Page], None]:
    """Put a session of Alice's into a browser, without the way through the form; others of hers are open elsewhere."""

    def put(page: Page) -> None:
        for agent in AGENTS:
            AuthClient(headers={"user-agent": agent}, REMOTE_ADDR="203.0.113.7").force_login(alice)
        agent = page.evaluate("navigator.userAgent")
        client = AuthClient(headers={"user-agent": agent})
        client.force_login(alice)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])

    return put


def sign_in(page: Page, password: str, *, remember: bool = False) -> None:
    page.goto("/account/login/")
    page.get_by_label(re.compile("username", re.I)).fill("alice")
    page.get_by_label("Password").fill(password)
    if remember:
        page.get_by_label("Keep me signed in").check()
    page.get_by_role("button", name="Sign in").click()


def drop_session(page: Page, settings: Any) -> None:
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)


def test_a_visit__signs_in_is_remembered_confirms_and_revokes_a_device(watched, alice, password, settings):
    phone = watched(user_agent=AGENTS[0], viewport=PHONE)
    sign_in(phone, password)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Your devices")
    page = watched(java_script_enabled=False)
    sign_in(page, "not my password")
    expect(page.get_by_role("alert")).to_contain_text("Please enter a correct username")
    sign_in(page, password, remember=True)
    expect(page.get_by_role("listitem").first).to_contain_text("This one")

    drop_session(page, settings)
    page.goto("/account/devices/")
    expect(page.get_by_role("listitem").first).to_contain_text("Kept signed in")

    page.goto("/account/confirm/?next=/account/devices/")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("link", name="Sign out Safari on iOS").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign out “Safari on iOS”?")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("main")).not_to_contain_text("iOS")
    phone.reload()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_remembered__ends_all_others_with_the_password_in_the_same_form(watched, alice, password, settings):
    other, page = watched(user_agent=AGENTS[1]), watched()
    sign_in(other, password, remember=True)
    sign_in(page, password, remember=True)
    drop_session(page, settings)
    page.goto("/account/devices/")
    page.get_by_role("link", name="Sign out all others").click()
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("listitem")).to_have_count(1)
    drop_session(other, settings)
    other.goto("/account/devices/")
    expect(other.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_logout__forgets_the_browser(watched, alice, password, settings):
    page = watched()
    sign_in(page, password, remember=True)
    page.goto("/account/devices/")
    page.get_by_role("link", name=re.compile("^Sign out (?!every|all)")).click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/account/devices/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert [cookie["name"] for cookie in page.context.cookies() if "remember" in cookie["name"]] == []


@pytest.mark.parametrize("name", PAGES)
def test_page__has_no_barrier_in_light_and_dark(watched, accessible, signed_in, name):
    page = watched(bypass_csp=True, reduced_motion="reduce")
    if name in OWN:
        signed_in(page)
    page.goto(f"/account/{PAGES[name]}")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        accessible(page)


@pytest.mark.parametrize("name", PAGES)
def test_page__fits_a_phone_under_a_strict_policy_without_javascript(watched, signed_in, name):
    page = watched(viewport=PHONE)
    if name in OWN:
        signed_in(page)
    page.goto(f"/account/{PAGES[name]}")
    assert page.evaluate("getComputedStyle(document.querySelector('.sessionauth-card')).display") == "grid"
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.evaluate("document.querySelector('.sessionauth').style.setProperty('--sa-font', 'monospace')")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.evaluate("document.querySelectorAll('script, style, [onclick]').length") == 0


@pytest.mark.parametrize("path", ["login/", "password/"])
def test_wrong_forms__have_no_barrier_either(watched, accessible, signed_in, path):
    page = watched(bypass_csp=True)
    if path == "password/":
        signed_in(page)
    page.goto(f"/account/{path}")
    page.locator("form[method=post]").evaluate("form => form.noValidate = true")
    page.get_by_role("button").click()
    expect(page.get_by_text("This field is required.").first).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        accessible(page)


@pytest.mark.shots
@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_shot__of_refusals(watched, shot, alice, password, settings, kind):
    desk = {"color_scheme": kind, "viewport": {"width": 1100, "height": 760}}
    page = watched(**{"viewport": PHONE} if kind == "phone" else desk)
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    sign_in(page, "wrong")
    shot(page, f"account-wrong-{kind}")
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 2
    sign_in(page, "wrong")
    sign_in(page, password)
    shot(page, f"account-locked-{kind}")
    page.goto("/login/")  # Django's own page: the middleware answers in its place
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill(password)
    page.locator("input[type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Signing in was refused")
    shot(page, f"account-denied-{kind}")


@pytest.mark.shots
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_shot__of_each_page(watched, shot, signed_in, name, kind):
    desk = {"color_scheme": kind, "viewport": {"width": 1100, "height": 760}}
    page = watched(**{"viewport": PHONE} if kind == "phone" else desk)
    if name in OWN:
        signed_in(page)
    page.goto(f"/account/{PAGES[name]}")
    shot(page, f"account-{name}-{kind}")
