"""The remember cookie in a real browser, over plain HTTP and over HTTPS: it is taken, sent, changed and given back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from sessionauth.models import RememberToken
from tests.browser.tls import in_front_of, self_signed

pytestmark = [pytest.mark.urls("tests.account_urls"), pytest.mark.django_db(transaction=True)]

PLAIN, HOST = "sessionauth_remember", "__Host-sessionauth_remember"


@pytest.fixture(params=["http", "https"])
def scheme(request: Any) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def https_url(live_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the server is reached by HTTPS; one port for all, because Django reads its trusted origins once."""
    server = urlsplit(live_server.url)
    context = self_signed(tmp_path_factory.mktemp("tls"))
    with in_front_of(str(server.hostname), int(server.port or 0), context) as port:
        yield f"https://localhost:{port}"


@pytest.fixture
def base_url(scheme: str, live_server: Any, https_url: str, settings: Any) -> str:
    settings.LOGIN_URL = "sessionauth:login"
    settings.LOGIN_REDIRECT_URL = "sessionauth:devices"
    settings.CSRF_TRUSTED_ORIGINS = [https_url]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = scheme == "https"
    return https_url if scheme == "https" else str(live_server.url)


@pytest.fixture
def page(new_context: Callable[..., BrowserContext], base_url: str) -> Page:
    context = new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(f"{base_url}/account/login/")
    return page


def cookie(page: Page, name: str) -> Any:
    """Return the cookie `name` as the browser keeps it, None if it keeps none."""
    return next((one for one in page.context.cookies() if one["name"] == name), None)


def sign_in(page: Page, password: str) -> None:
    page.get_by_label(re.compile("username", re.I)).fill("alice")
    page.get_by_label("Password").fill(password)
    page.get_by_label("Keep me signed in").check()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your devices")


#: What the button of a site's own frame does.
SIGN_OUT = """() => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = "/account/logout/";
    const token = document.createElement("input");
    token.name = "csrfmiddlewaretoken";
    token.value = document.cookie.match(/csrftoken=([^;]+)/)[1];
    form.append(token);
    document.body.append(form);
    form.submit();
}"""


def sign_out(page: Page) -> None:
    with page.expect_navigation():
        page.evaluate(SIGN_OUT)


def test_cookie__is_kept_by_its_right_name_and_works(page, scheme, base_url, make_user, password):
    make_user("alice")
    sign_in(page, password)
    name, other = (HOST, PLAIN) if scheme == "https" else (PLAIN, HOST)
    kept = cookie(page, name)
    assert cookie(page, other) is None
    assert (kept["secure"], kept["httpOnly"], kept["sameSite"], kept["path"]) == (scheme == "https", True, "Lax", "/")

    for _ in range(2):
        before = cookie(page, name)["value"]
        page.context.clear_cookies(name="sessionid")
        page.goto(f"{base_url}/account/devices/")
        expect(page.get_by_role("listitem").first).to_contain_text("Kept signed in")
        assert cookie(page, name)["value"] != before
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your devices")
    assert RememberToken.objects.get().confirmed

    used = cookie(page, name)
    sign_out(page)
    assert cookie(page, name) is None
    page.goto(f"{base_url}/account/devices/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert cookie(page, name) is None

    page.context.add_cookies([used])  # a copy is worth nothing after that, and is taken back
    page.goto(f"{base_url}/account/devices/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert cookie(page, name) is None


def test_cookie_of_a_thief__ends_both(page, scheme, base_url, make_user, password, new_context, settings):
    settings.SESSIONAUTH_REMEMBER_GRACE = 0  # the minute in which the owner's might be a tab that is late has passed
    make_user("alice")
    sign_in(page, password)
    name = HOST if scheme == "https" else PLAIN
    thief = new_context(ignore_https_errors=True).new_page()
    thief.context.add_cookies([cookie(page, name)])
    for _ in range(2):
        thief.goto(f"{base_url}/account/devices/")
        expect(thief.get_by_role("heading", level=1)).to_have_text("Your devices")
    for browser in (page, thief):
        browser.goto(f"{base_url}/account/devices/")
        expect(browser.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert cookie(browser, name) is None
    assert RememberToken.objects.get().revoked_reason == "theft"
