"""The admin of keys and tokens in a browser: as the admin looks, in every light, on a phone, usable by all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Error, Page, expect

from sessionauth.models import APIKey
from sessionauth.testing import AuthClient

pytestmark = [pytest.mark.urls("tests.admin.second_site"), pytest.mark.django_db(transaction=True)]

PHONE = {"width": 360, "height": 740}
KEYS = "/admin/sessionauth/apikey/"
PAGES = {
    "list": KEYS,
    "issue": f"{KEYS}add/",
    "change": f"{KEYS}{{pk}}/change/",
    "rotate": f"{KEYS}{{pk}}/rotate/",
    "revoke": f"{KEYS}{{pk}}/revoke/",
}
#: What axe does not like of Django's own pages: links in the dark, and the name of its search for a user.
STILL = "* { transition: none !important }"  # a colour on its way to another is none
DJANGOS_OWN = (
    "document.querySelectorAll('.breadcrumbs, .select2').forEach(one => one.remove());"
    "document.querySelector('#searchbar')?.removeAttribute('aria-describedby')"
)


@pytest.fixture(autouse=True)
def _scopes(settings: Any) -> None:
    settings.SESSIONAUTH_SCOPES = {
        "invoices:read": ("See invoices and who owes what.", []),
        "invoices:write": ("Write and send invoices.", []),
    }
    settings.SESSIONAUTH_ON_FAILURE = "anonymous"


@pytest.fixture
def key(make_user: Callable[..., Any]) -> Any:
    alice = make_user("alice")
    for name in ("Nightly export", "Old export", "Metrics", "Leaked"):
        APIKey.objects.issue(user=None if name == "Metrics" else alice, name=name, scopes=["invoices:read"])
    now = timezone.now()
    APIKey.objects.filter(name="Old export").update(expires_at=now, last_used_at=now - timedelta(days=3))
    APIKey.objects.get(name="Leaked").revoke("found in a repository")
    return APIKey.objects.get(name="Nightly export")


@pytest.fixture
def signed_in(make_user: Callable[..., Any], settings: Any, live_server: Any) -> Callable[[Page], None]:
    root = make_user("root", is_staff=True, is_superuser=True)

    def put(page: Page) -> None:
        client = AuthClient(headers={"user-agent": page.evaluate("navigator.userAgent")})
        client.force_login(root)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])

    return put


def issue(page: Page) -> None:
    page.goto(f"{KEYS}add/")
    page.get_by_label("Name").fill("From a browser")
    page.get_by_label("See invoices").check()
    page.get_by_role("button", name="Issue").click()
    page.get_by_label("Secret").wait_for()


def test_a_visit__issues_copies_rotates_and_revokes(watched, signed_in, live_server):
    page = watched(permissions=["clipboard-read", "clipboard-write"])
    signed_in(page)
    issue(page)
    field = page.get_by_label("Secret")
    secret = field.input_value()
    assert AuthClient(headers={"x-api-key": secret}).get("/whoami/").status_code == 403  # restricted, and known
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.get_by_role("link", name="Continue").click()
    expect(page.get_by_role("main")).not_to_contain_text(secret)
    page.get_by_role("link", name="Rotate").click()
    page.get_by_label("no time: it ends at once").check()
    page.get_by_role("button", name="Rotate").click()
    second = page.get_by_label("Secret").input_value()
    assert AuthClient(headers={"x-api-key": secret}).get("/whoami/").status_code == 401
    page.go_back()
    expect(page.get_by_label("Secret")).to_have_count(0)
    with pytest.raises(Error, match="ERR_CACHE_MISS"):  # not kept: Chromium would have to send the form again
        page.go_forward()
    page = page.context.new_page()  # the other one is on its way to Chromium's page of errors
    page.goto(KEYS)
    page.get_by_role("row", name="From a browser").first.get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option("Revoke")
    page.get_by_role("button", name="Run").or_(page.get_by_role("button", name="Go")).click()
    page.get_by_label("Reason").fill("over")
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("1 was revoked.")).to_be_visible()
    assert AuthClient(headers={"x-api-key": second}).get("/whoami/").status_code == 401


def test_reload__of_the_secret_issues_no_second_one(watched, signed_in):
    page = watched()
    signed_in(page)
    issue(page)
    expect(page.get_by_label("Secret")).to_be_visible()
    page.wait_for_load_state()
    page.reload()
    expect(page.get_by_text("this form was sent before")).to_be_visible()
    assert APIKey.objects.count() == 1


@pytest.mark.parametrize("name", [*PAGES, "secret"])
def test_page__has_no_barrier_in_light_and_dark(watched, accessible, signed_in, key, name):
    page = watched(bypass_csp=True, reduced_motion="reduce")
    signed_in(page)
    if name == "secret":
        issue(page)
    else:
        page.goto(PAGES[name].format(pk=key.pk))
    page.evaluate(DJANGOS_OWN)
    page.add_style_tag(content=STILL)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        accessible(page)


@pytest.mark.parametrize("name", [*PAGES, "secret"])
def test_page__fits_a_phone(watched, signed_in, key, name):
    page = watched(viewport=PHONE)
    signed_in(page)
    if name == "secret":
        issue(page)
    else:
        page.goto(PAGES[name].format(pk=key.pk))
    assert page.locator("html").evaluate("one => one.scrollWidth") == PHONE["width"]


@pytest.mark.shots
@pytest.mark.parametrize("name", [*PAGES, "secret"])
@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_shot__of_each_page(watched, shot, signed_in, key, name, kind):
    desk = {"color_scheme": kind, "viewport": {"width": 1100, "height": 760}}
    page = watched(**{"viewport": PHONE} if kind == "phone" else desk)
    signed_in(page)
    if name == "secret":
        issue(page)
    else:
        page.goto(PAGES[name].format(pk=key.pk))
    shot(page, f"admin-keys-{name}-{kind}")
