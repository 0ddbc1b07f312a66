"""What the list of users gains, on every site, whoever registered it."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.core.signals import request_started
from django.test import Client

from sessionauth.admin import user_acts
from sessionauth.audit import Event
from sessionauth.guards import unlock
from sessionauth.models import AuthEvent, LoginThrottle
from tests.admin.asking import browser_of, grant

pytestmark = pytest.mark.django_db

SIGN_OUT, UNLOCK = "sessionauth_sign_out", "sessionauth_unlock"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def root(make_user):
    return make_user("root", is_staff=True, is_superuser=True)


def users():
    opts = get_user_model()._meta
    return f"/admin/{opts.app_label}/{opts.model_name}/"


def choose(browser, action, *chosen, **more):
    return browser.post(users(), {"action": action, "_selected_action": [user.pk for user in chosen], **more})


def offered(browser, question=""):
    answer = browser.get(f"{users()}{question}")
    assert answer.status_code == 200
    form = answer.context["action_form"]
    return [] if form is None else [name for name, _ in form.fields["action"].choices]


def test_sign_out_everywhere__asks_then_does(root, alice):
    browser, theirs, more = browser_of(root), browser_of(alice), browser_of(alice)
    assert {SIGN_OUT, UNLOCK} <= set(offered(browser))
    asked = choose(browser, SIGN_OUT, alice)
    assert "signed out of every browser" in asked.content.decode()
    assert theirs.get("/whoami/").json()["user"] == str(alice)
    choose(browser, SIGN_OUT, alice, confirmed="yes")
    for one in (theirs, more):
        assert one.get("/whoami/").json()["user"] != str(alice)
    assert browser.get(users()).status_code == 200
    assert LogEntry.objects.get().get_change_message() == "Signed out everywhere."
    event = AuthEvent.objects.get(event=Event.LOGGED_OUT_EVERYWHERE.value)
    assert (event.user_name, event.actor_name) == (str(alice), str(root))


def test_unlock__lets_them_try_again(root, alice, settings):
    settings.SESSIONAUTH_LOCKOUT_LIMIT = 2
    LoginThrottle.objects.create(key="x", rule="lockout", count=5, user=alice)
    assert unlock.is_locked(alice)
    choose(browser_of(root), UNLOCK, alice)
    assert not unlock.is_locked(alice)


def test_acts__are_for_those_who_may(alice, make_user, settings):
    settings.SESSIONAUTH_LOCKOUT_LIMIT = 2
    LoginThrottle.objects.create(key="x", rule="lockout", count=5, user=alice)
    theirs = browser_of(alice)
    helper = browser_of(grant(make_user("helper", is_staff=True), "view_user", "change_user"))
    assert not {SIGN_OUT, UNLOCK} & set(offered(helper))
    choose(helper, SIGN_OUT, alice, confirmed="yes")
    choose(helper, UNLOCK, alice)
    assert theirs.get("/whoami/").json()["user"] == "alice"
    assert unlock.is_locked(alice)
    opener = browser_of(grant(make_user("opener", is_staff=True), "view_user", "change_loginthrottle"))
    assert set(offered(opener)) & {SIGN_OUT, UNLOCK} == {UNLOCK}
    choose(opener, UNLOCK, alice)
    assert not unlock.is_locked(alice)


def test_acts__need_a_csrf_token(root, alice):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(root, "django.contrib.auth.backends.ModelBackend")
    assert choose(strict, SIGN_OUT, alice, confirmed="yes").status_code == 403


def test_acts__are_not_in_popups(root):
    assert SIGN_OUT not in offered(browser_of(root), "?_popup=1")


class Sober(admin.ModelAdmin):
    """Of a project that wants no actions, or its own."""

    actions = None


class Own(admin.ModelAdmin):
    actions = ("wave",)

    def wave(self, request, rows):
        """Say hello."""


@pytest.mark.parametrize(("cls", "expected"), [(Sober, []), (Own, ["delete_selected", SIGN_OUT, UNLOCK, "wave"])])
def test_extend__keeps_what_is_registered(cls, expected, root, rf):
    site = admin.AdminSite(name="other")
    site.register(get_user_model(), cls)
    shown = site._registry[get_user_model()]
    user_acts.extend([site])
    user_acts.extend([site])
    assert site._registry[get_user_model()] is shown
    assert isinstance(shown, cls)
    assert type(shown).__mro__.count(user_acts.UserActs) == 1
    assert (type(shown).__name__, type(shown).__module__) == (cls.__name__, cls.__module__)
    assert shown.check() == []
    request = rf.get("/")
    request.user = root
    assert sorted(shown.get_actions(request)) == expected
    assert not issubclass(cls, user_acts.UserActs)


def test_extend__without_an_admin_of_users():
    user_acts.extend([admin.AdminSite(name="empty")])


@pytest.mark.parametrize("urls", ["tests.admin.second_site", "tests.admin.no_such_module"])
def test_first_request__finds_sites_that_were_made_late_and_is_the_only_one(urls, settings, root):
    site = admin.AdminSite(name="late")
    site.register(get_user_model(), Own)
    user_acts.connect()
    settings.ROOT_URLCONF = urls
    request_started.send(sender=None)
    assert isinstance(site._registry[get_user_model()], user_acts.UserActs)
    other = admin.AdminSite(name="later")
    other.register(get_user_model(), Own)
    request_started.send(sender=None)
    assert not isinstance(other._registry[get_user_model()], user_acts.UserActs)
