"""imia's tests of impersonation (I39 to I47), and what no upstream tests of it (4.4, items 14 to 18)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory

from sessionauth.impersonation import service
from sessionauth.models import APIKey, Impersonation
from tests.impersonation import site
from tests.impersonation.conftest import Browser
from tests.impersonation.conftest import _site as _site

BACKEND = "django.contrib.auth.backends.ModelBackend"


def yes(request, *, actor, target):
    return True


def no(request, *, actor, target):
    return False


async def ano(request, *, actor, target):
    return False


def guards(settings, *names):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = [
        name if "." in name else f"tests.conformance.test_impersonation.{name}" for name in names
    ]


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def helper(make_user):
    user = make_user("helper", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="impersonate"))
    return user


def signed_in(user, is_async=False):
    browser = Browser(is_async)
    browser.client.force_login(user, BACKEND)
    return browser


@pytest.fixture(params=["sync", "async"])
def browser(request, helper):
    return signed_in(helper, request.param == "async")


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_I39_stateless(settings, helper, alice, is_async):
    settings.SESSIONAUTH_IMPERSONATION_HEADER = "X-Impersonate-User"
    settings.ROOT_URLCONF = "tests.impersonation.header_site"
    _, secret = APIKey.objects.issue(user=helper, scopes=["sessionauth:impersonate"])
    bearer = {"authorization": f"Bearer {secret}"}
    browser, path = Browser(is_async), "/awho/" if is_async else "/who/"
    told = browser.get(path, **bearer, **{"X-Impersonate-User": str(alice.pk)}).json()
    assert (told["user"], told["original"]) == ("alice", "helper")
    told = browser.get(path, **bearer).json()
    assert (told["user"], told["original"]) == ("helper", None)


def test_I40_stateful(browser, alice):
    browser.begin(alice)
    assert [browser.who()["user"] for _ in range(2)] == ["alice", "alice"]
    browser.post("/impersonate/stop/")
    assert [browser.who()["user"] for _ in range(2)] == ["helper", "helper"]


@pytest.mark.parametrize("start", [service.start, async_to_sync(service.astart)], ids=["sync", "async"])
def test_I41_without_the_middleware(alice, start):
    with pytest.raises(ImproperlyConfigured, match="AuthenticationMiddleware"):
        start(RequestFactory().get("/"), alice, reason="a ticket")


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_I42_a_guard_allows(settings, make_user, alice, is_async):
    guards(settings, "yes")
    browser = signed_in(make_user("anybody"), is_async)
    browser.begin(alice)
    assert browser.who()["user"] == "alice"


def test_I43_a_guard_denies(settings, browser, alice):
    guards(settings, "no")
    assert browser.start(alice).status_code == 403
    assert browser.who()["user"] == "helper"


def test_I44_the_permission_allows(browser, alice):
    assert browser.start(alice).status_code == 200
    assert browser.who()["user"] == "alice"


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_I45_without_the_permission(make_user, alice, is_async):
    browser = signed_in(make_user("anybody", is_staff=True), is_async)
    assert browser.start(alice).status_code == 403
    assert browser.who()["user"] == "anybody"


@pytest.mark.parametrize("guard", ["no", "ano"])
def test_I46_a_guards_no_beats_the_permission(settings, browser, alice, guard):
    guards(settings, "sessionauth.impersonation.rules.has_permission", guard)
    assert browser.start(alice).status_code == 403
    assert browser.who()["user"] == "helper"


def test_I47_who_is_it_really(browser, alice):
    told = browser.who()
    assert (told["user"], told["original"], told["actor"], told["impersonation"]) == ("helper", None, "helper", None)
    row = browser.begin(alice)
    told = browser.who()
    assert (told["user"], told["original"], told["actor"]) == ("alice", "helper", "helper")
    assert told["impersonation"] == told["current"] == str(row.pk)


def test_4_4_14_a_get_changes_nothing(browser, alice):
    for name in ("impersonate/", f"impersonate/{alice.pk}/", "impersonation/"):
        browser.get(f"/account/{name}")
    assert (Impersonation.objects.count(), browser.who()["user"]) == (0, "helper")
    browser.begin(alice)
    for name in ("", "stop/", "extend/", "upgrade/"):
        browser.get(f"/account/impersonation/{name}")
    row = Impersonation.objects.get()
    assert (row.ended_at, row.mode, browser.who()["user"]) == (None, "read", "alice")


def test_4_4_14_a_post_without_csrf_token(browser, alice):
    assert browser.ask("post", f"/account/impersonate/{alice.pk}/", {"reason": "a ticket"}).status_code == 403
    assert browser.ask("post", "/impersonate/start/", {"target": alice.pk}).status_code == 403
    assert not Impersonation.objects.exists()


def test_4_4_15_who_is_no_target(browser, helper, alice, make_user):
    targets = [
        make_user("root", is_superuser=True, is_staff=True),
        make_user("gone", is_active=False),
        make_user("colleague", is_staff=True),
        helper,
    ]
    assert [browser.start(target).status_code for target in targets] == [403] * 4
    browser.begin(alice)
    browser.start(make_user("nested"))
    assert browser.who()["user"] == "alice"
    assert Impersonation.objects.count() == 1


@pytest.mark.parametrize("what", ["permission", "deactivated", "password", "time"])
def test_4_4_16_it_ends_and_stays_ended(browser, helper, alice, what):
    row = browser.begin(alice)
    if what == "permission":
        helper.user_permissions.clear()
    elif what == "deactivated":
        helper.is_active = False
        helper.save()
    elif what == "password":
        helper.set_password("another password")
        helper.save()
    else:
        Impersonation.objects.update(expires_at=row.started_at - timedelta(seconds=1))
    browser.get("/who/")
    assert browser.get("/awho/" if browser.is_async else "/who/").json()["user"] != "alice"
    row.refresh_from_db()
    assert row.ended_at is not None


def test_4_4_16_stop_needs_no_permission(browser, alice):
    browser.begin(alice)
    form = browser.form()
    Permission.objects.filter(codename="impersonate").delete()
    browser.post("/impersonate/stop/", token=form)
    assert browser.who()["user"] == "helper"


def test_4_4_17_another_identity_is_not_the_target(browser, alice, make_user):
    other = make_user("other")
    browser.begin(alice)
    _, secret = APIKey.objects.issue(user=other)
    told = browser.get("/awho/" if browser.is_async else "/who/", authorization=f"Bearer {secret}").json()
    assert (told["user"], told["original"]) == ("other", None)
    assert browser.who()["user"] == "alice"


def test_4_4_17_another_login_is_not_the_target(browser, helper, alice, make_user):
    guest = make_user("guest")
    row = browser.begin(alice)
    browser.client.force_login(guest, BACKEND)
    assert browser.who()["user"] == "guest"
    browser.client.force_login(helper, BACKEND)
    assert browser.who()["user"] == "helper"
    assert Impersonation.objects.get(pk=row.pk).actor_id == helper.pk


def test_4_4_18_logout_leads_back(browser, alice):
    row = browser.begin(alice)
    browser.post("/logout/")
    assert browser.who()["user"] == "helper"
    row.refresh_from_db()
    assert row.end_reason == "logout"
    assert site.done == []
