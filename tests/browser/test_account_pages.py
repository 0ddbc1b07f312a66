"""The pages of sessionauth in a browser, in the frame of the app itself: usable by all, in every light, on a phone."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Error, Page, expect

from sessionauth.credentials.issuing import issue_login_token
from sessionauth.credentials.rotating import rotate
from sessionauth.models import AccessToken, APIKey
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
    "keys": "keys/",
    "keys-all": "keys/all/revoke/",
    "key-new": "keys/new/",
    "key-rename": "keys/key/{key}/rename/",
    "key-revoke": "keys/key/{key}/revoke/",
    "key-rotate": "keys/key/{key}/rotate/",
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


@pytest.fixture
def key(alice: Any, settings: Any) -> int:
    """Issue Alice a few keys and tokens, and return the number of one."""
    settings.SESSIONAUTH_SCOPES = {"read": ("Read invoices", []), "write": ("Create and change invoices", [])}
    now = timezone.now()
    row, _ = APIKey.objects.issue(
        user=alice,
        name="Nightly export to the bookkeeping",
        scopes=["read", "write"],
        networks=["192.0.2.0/24", "2001:db8:1234:5678::/64"],
        methods=["GET", "HEAD", "OPTIONS"],
        rate="100/m",
        expires_at=now + timedelta(days=30),
    )
    APIKey.objects.filter(pk=row.pk).update(last_used_at=now - timedelta(hours=3))
    AccessToken.objects.issue(user=alice, name="Command line")
    issue_login_token(alice, name="Invoices for Android 4.1")
    rotated, _ = APIKey.objects.issue(user=alice, name="Website", scopes=["read"])
    rotate(rotated)
    over, _ = AccessToken.objects.issue(user=alice, name="Old laptop")
    over.revoke("revoked by its owner")
    return int(row.pk)


@pytest.fixture
def address(key: int) -> Callable[[str], str]:
    """Return where a page is."""
    return lambda name: "/account/" + PAGES[name].format(key=key)


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
def test_page__has_no_barrier_in_light_and_dark(watched, accessible, signed_in, address, name):
    page = watched(bypass_csp=True, reduced_motion="reduce")
    if name in OWN:
        signed_in(page)
    page.goto(address(name))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        accessible(page)


@pytest.mark.parametrize("name", PAGES)
def test_page__fits_a_phone_under_a_strict_policy_without_javascript(watched, signed_in, address, name):
    page = watched(viewport=PHONE)
    if name in OWN:
        signed_in(page)
    page.goto(address(name))
    assert page.evaluate("getComputedStyle(document.querySelector('.sessionauth-card')).display") == "grid"
    assert page.locator("html").evaluate("one => one.scrollWidth") == PHONE["width"]
    page.evaluate("document.querySelector('.sessionauth').style.setProperty('--sa-font', 'monospace')")
    assert page.locator("html").evaluate("one => one.scrollWidth") == PHONE["width"]
    assert page.evaluate("document.querySelectorAll('script, style, [onclick]').length") == 0


@pytest.mark.parametrize("path", ["login/", "password/", "keys/new/"])
def test_wrong_forms__have_no_barrier_either(watched, accessible, signed_in, key, path):
    page = watched(bypass_csp=True)
    if path != "login/":
        signed_in(page)
    page.goto(f"/account/{path}")
    page.locator("form[method=post]").evaluate("form => form.noValidate = true")
    page.get_by_role("button").click()
    expect(page.get_by_text("This field is required.").first).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        accessible(page)


def issue_a_key(page: Page, name: str) -> str:
    page.goto("/account/keys/")
    page.get_by_role("link", name="New key or token").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("API key: for a service or a script").check()
    page.get_by_label("Read invoices").check()
    page.get_by_role("button", name="Issue").click()
    return secret_on(page)


def secret_on(page: Page) -> str:
    expect(page.get_by_role("status")).to_contain_text("It will not be shown again")
    return page.get_by_role("textbox", name="Secret").input_value()


def status_of(live_server: Any, secret: str) -> int:
    """Return what a program with `secret` is answered, over HTTP and without a browser."""
    url = f"{live_server.url}/api/auth/token/"
    request = urllib.request.Request(url, headers={"X-Api-Key": secret})  # noqa: S310 - our own server
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_a_key__issued_without_javascript_used_rotated_and_revoked(watched, signed_in, key, live_server):
    page = watched(java_script_enabled=False)
    signed_in(page)
    old = issue_a_key(page, "From a browser")
    assert status_of(live_server, old) == 200

    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("this form was sent before")
    assert APIKey.objects.filter(name="From a browser").count() == 1

    page.goto("/account/keys/")
    expect(page.get_by_role("listitem").first).to_contain_text("Read invoices")
    assert old not in page.content()
    page.get_by_role("link", name="Rotate From a browser").click()
    page.get_by_label("The old secret stays good for").select_option("1 hour")
    page.get_by_role("button", name="Rotate").click()
    new = secret_on(page)
    assert [status_of(live_server, secret) for secret in (old, new)] == [200, 200]

    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("link", name="Revoke From a browser").first.click()
    page.get_by_role("button", name="Revoke").click()
    assert [status_of(live_server, secret) for secret in (old, new)] == [200, 401]
    page.get_by_role("link", name="Revoke all").click()
    page.get_by_role("button", name="Revoke all").click()
    assert [status_of(live_server, secret) for secret in (old, new)] == [401, 401]
    expect(page.get_by_role("main")).to_contain_text("None yet.")


def test_a_secret__has_no_barrier_fits_a_phone_and_is_not_put_back(watched, accessible, signed_in, key):
    page = watched(bypass_csp=True, viewport=PHONE)
    signed_in(page)
    secret = issue_a_key(page, "From a phone")
    assert page.locator("html").evaluate("one => one.scrollWidth") == PHONE["width"]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        accessible(page)
    page.goto("/account/keys/")
    with pytest.raises(Error, match="ERR_CACHE_MISS"):  # Chromium asks whether to send the form once more
        page.go_back()
    expect(page.get_by_text(secret)).to_have_count(0)
    expect(page.get_by_role("textbox")).to_have_count(0)


@pytest.mark.shots
@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_shot__of_a_secret(watched, shot, signed_in, key, kind):
    desk = {"color_scheme": kind, "viewport": {"width": 1100, "height": 760}}
    page = watched(**{"viewport": PHONE} if kind == "phone" else desk)
    signed_in(page)
    issue_a_key(page, "Nightly export")
    shot(page, f"account-key-secret-{kind}")
    page.goto("/account/keys/new/")
    page.locator("form[method=post]").evaluate("form => form.noValidate = true")
    page.get_by_label("Only from these addresses").fill("everywhere")
    page.get_by_role("button", name="Issue").click()
    shot(page, f"account-key-wrong-{kind}")


@pytest.mark.shots
@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_shot__of_refusals(watched, shot, alice, password, settings, kind):
    desk = {"color_scheme": kind, "viewport": {"width": 1100, "height": 760}}
    # Django's own page below has a script, which our policy would refuse.
    page = watched(bypass_csp=True, **{"viewport": PHONE} if kind == "phone" else desk)
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
def test_shot__of_each_page(watched, shot, signed_in, address, name, kind):
    desk = {"color_scheme": kind, "viewport": {"width": 1100, "height": 760}}
    page = watched(**{"viewport": PHONE} if kind == "phone" else desk)
    if name in OWN:
        signed_in(page)
    page.goto(address(name))
    shot(page, f"account-{name}-{kind}")
