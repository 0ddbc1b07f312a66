"""Acts in the admin that need a fresh login: where a project says so, and ours by a setting."""

from __future__ import annotations

import re
import time
from urllib.parse import unquote

import pytest
from asgiref.sync import async_to_sync
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.test import AsyncClient, Client
from django.urls import include, path

from sessionauth.admin import FreshAdminMixin, fresh_admin_action, user_acts
from sessionauth.models import LoginSession, LoginThrottle
from sessionauth.sessions import kept
from tests.admin.asking import MODEL_BACKEND, browser_of
from tests.project.urls import urlpatterns as others

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.admin.test_freshness")]

NEW = "correct horse battery staple 9"
CONFIRM = "/account/confirm/?next="
office = admin.AdminSite(name="back_office")
done: list[str] = []


@fresh_admin_action
@admin.action(description="Wave", permissions=["view"])
def wave(model_admin, request, rows):
    done.append("wave")


@admin.register(Group, site=office)
class GroupAdmin(admin.ModelAdmin):
    actions = (wave, "nod")

    @admin.action(description="Nod")
    @fresh_admin_action(max_age=3600)
    def nod(self, request, rows):
        done.append("nod")


@admin.register(User, site=office)  # not where it is swapped out
class FreshUserAdmin(FreshAdminMixin, UserAdmin):
    pass


urlpatterns = [path("office/", office.urls), path("account/", include("sessionauth.urls")), *others]


@pytest.fixture(autouse=True)
def _nothing_done():
    done.clear()
    user_acts.extend()


@pytest.fixture
def root(make_user):
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def browser(root):
    return browser_of(root)


def wait(browser, minutes):
    """Have signed in so many minutes ago."""
    session = browser.session
    session[kept.KEY] = kept.own(session) | {"auth_at": int(time.time()) - minutes * 60, "proofs": {}}
    session.save()


def asks(answer, back):
    return answer.status_code == 302 and unquote(answer["Location"]) == f"{CONFIRM}{back}"


def choose(browser, url, action, row, **more):
    referer = {"referer": f"http://testserver{url}"}
    return browser.post(url, {"action": action, "_selected_action": [row.pk], **more}, headers=referer)


def test_action__is_done_by_who_has_just_proved_who_they_are(browser):
    groups, row = "/office/auth/group/", Group.objects.create(name="some")
    choose(browser, groups, "wave", row)
    wait(browser, 30)
    assert asks(choose(browser, groups, "wave", row), groups)
    choose(browser, groups, "nod", row)
    wait(browser, 61)
    assert asks(choose(browser, groups, "nod", row), groups)
    assert done == ["wave", "nod"]
    offered = browser.get(groups).context["action_form"].fields["action"].choices
    assert {("wave", "Wave"), ("nod", "Nod")} <= set(offered)


def test_mixin__asks_before_a_form_is_filled_in_and_for_whatever_is_sent(browser, root, make_user):
    users = "/office/auth/user/"
    row = make_user("alice")
    pages = [f"{users}add/", f"{users}{row.pk}/change/", f"{users}{row.pk}/delete/", f"{users}{row.pk}/password/"]
    for page in pages:
        assert browser.get(page).status_code == 200, page
    wait(browser, 30)
    for page in pages:
        assert asks(browser.get(page), page), page
        assert browser.post(page, {"post": "yes"})["Location"].startswith(CONFIRM), page
    assert browser.get(users).status_code == 200
    assert browser.get(f"{users}{row.pk}/history/").status_code == 200
    assert choose(browser, users, "delete_selected", row, post="yes")["Location"].startswith(CONFIRM)
    assert get_user_model().objects.filter(pk=row.pk).exists()


EVIL = [
    "https://evil.example/admin/",
    "http://testserver.evil.example/office/",
    "http://testserver@evil.example/office/",
    "http://testserver:8000/office/",
    "//evil.example/",
    "\\\\evil.example",
    "javascript:alert(1)",
    "http:///evil.example",
    "http://testserver\\@evil.example/",
    "",
]


@pytest.mark.parametrize("referer", EVIL)
def test_back__never_to_where_another_site_sent_it_from(browser, make_user, settings, referer):
    """After the proof of who they are people come back to the page of the form, as the Referer names it."""
    row = make_user("alice")
    wait(browser, 30)
    for page in ("/office/auth/group/", f"/office/auth/user/{row.pk}/change/"):
        choice = {"action": "wave", "_selected_action": [Group.objects.create(name=page).pk]}
        answer = browser.post(page, choice, headers={"referer": referer})
        assert asks(answer, settings.LOGIN_REDIRECT_URL)


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/"])
def test_back__stays_on_this_site_whatever_the_path(browser, make_user, password, path):
    row = make_user("alice")
    wait(browser, 30)
    referer = {"referer": f"http://testserver{path}"}
    answer = browser.post(f"/office/auth/user/{row.pk}/change/", {}, headers=referer)
    proved = browser.post(answer["Location"], {"password": password})
    assert proved.status_code in (302, 303)
    assert re.match(r"/(?![/\\])", proved["Location"]), proved["Location"]


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_password__of_oneself_and_of_others_by_the_setting(root, password, make_user, settings, is_async):
    alice, browser = make_user("alice"), (AsyncClient if is_async else Client)()
    browser.force_login(root, MODEL_BACKEND)
    pages = ["/admin/password_change/", "/office/password_change/", f"/office/auth/user/{alice.pk}/password/"]
    new = {"old_password": password, "new_password1": NEW, "new_password2": NEW, "password1": NEW, "password2": NEW}

    def ask(method, page, data=None):
        asked = getattr(browser, method)
        referer = {"referer": f"http://testserver{page}"}
        return async_to_sync(asked)(page, data, headers=referer) if is_async else asked(page, data, headers=referer)

    settings.SESSIONAUTH_ADMIN_FRESH = True
    assert [ask("get", page).status_code for page in pages] == [200] * 3
    wait(browser, 30)
    for page in pages:
        assert asks(ask("get", page), page)
        assert asks(ask("post", page, new), page)
    for user in (root, alice):
        user.refresh_from_db()
        assert user.check_password(password)
    settings.SESSIONAUTH_ADMIN_FRESH = False
    assert ask("get", pages[0]).status_code == 200


def test_password__of_nobody_leads_to_the_admin_s_login(client, settings):
    settings.SESSIONAUTH_ADMIN_FRESH = True
    assert client.get("/office/password_change/")["Location"].startswith("/office/login/")


def test_mixin__leaves_who_has_no_business_there_to_the_admin(client, make_user):
    for visitor in (client, browser_of(make_user("alice"))):
        assert visitor.get("/office/auth/user/add/")["Location"].startswith("/office/login/")


@pytest.mark.parametrize("is_on", [True, False])
def test_ours__ask_by_a_setting(is_on, browser, make_user, settings):
    settings.SESSIONAUTH_ADMIN_FRESH = is_on
    alice = make_user("alice")
    browser_of(alice)
    theirs = LoginSession.objects.get(user=alice)
    lock = LoginThrottle.objects.create(key="x", rule="lockout", count=5, user=alice)
    wait(browser, 30)
    sessions, throttles = "/admin/sessionauth/loginsession/", "/admin/sessionauth/loginthrottle/"
    users = "/admin/auth/user/"
    answers = [
        browser.post(f"{sessions}{theirs.pk}/revoke/"),
        choose(browser, sessions, "sign_out", theirs, confirmed="yes"),
        choose(browser, throttles, "unlock", lock),
        choose(browser, users, "sessionauth_sign_out", alice, confirmed="yes"),
        choose(browser, users, "sessionauth_unlock", alice),
    ]
    assert [answer["Location"].startswith(CONFIRM) for answer in answers] == [is_on] * 5
    theirs.refresh_from_db()
    assert (theirs.revoked_at is None) is is_on
    assert LoginThrottle.objects.filter(pk=lock.pk, count=5).exists() is is_on
