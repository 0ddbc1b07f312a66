"""What leads from the admin to acting as somebody: to whom it is shown, where it goes and what it costs."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group

from sessionauth.admin import ImpersonateAdminMixin, user_acts
from sessionauth.admin.impersonate_links import ACTION
from sessionauth.impersonation.stage import Stage
from sessionauth.models import Impersonation
from sessionauth.request_state import state_of
from tests.admin.asking import browser_of, grant
from tests.admin.impersonating import links, put_up, users
from tests.asking import counted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _site(settings):
    put_up(settings)
    user_acts.extend()


@pytest.fixture
def root(make_user):
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def support(make_user):
    return grant(make_user("support", is_staff=True), "view_user", "impersonate")


def back_of(link):
    return parse_qs(urlsplit(link).query)["next"][0]


def page_of(user):
    return f"{users()}{user.pk}/change/"


def choose(browser, *chosen, question=""):
    data = {"action": ACTION, "_selected_action": [user.pk for user in chosen]}
    return browser.post(f"{users()}{question}", data)


def test_list__leads_there_and_back_with_its_filters(root, alice):
    browser = browser_of(root)
    (link,) = links(browser.get(f"{users()}?q=alice&is_staff__exact=0"))
    assert urlsplit(link).path == f"/account/impersonate/{alice.pk}/"
    assert back_of(link) == f"{users()}?q=alice&is_staff__exact=0"
    assert browser.get(link).status_code == 200
    assert not Impersonation.objects.exists()


def test_list__leads_only_to_those_who_may_be_impersonated(root, support, alice, make_user):
    make_user("gone", is_active=False)
    assert len(links(browser_of(root).get(users()))) == 2  # alice and support: not root, not who is gone
    (link,) = links(browser_of(support).get(users()))
    assert f"/{alice.pk}/" in link


def test_list__has_no_column_for_those_who_may_impersonate_nobody(alice, make_user):
    viewer = browser_of(grant(make_user("viewer", is_staff=True), "view_user"))
    answer = viewer.get(users())
    assert links(answer) == []
    assert "sessionauth_impersonate" not in answer.content.decode()
    assert links(viewer.get(page_of(alice))) == []


def test_list__of_a_hundred_costs_as_much_as_of_one(support, make_user):
    browser = browser_of(support)
    browser.get(users())
    make_user("alice")
    with counted() as few:
        assert len(links(browser.get(users()))) == 1
    get_user_model().objects.bulk_create(get_user_model()(username=f"user{number}") for number in range(98))
    with counted() as many:
        assert len(links(browser.get(users()))) == 99
    assert len(many) == len(few), "\n".join(many)


def test_list__does_not_ask_for_each_row_what_would_cost(support, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = [
        "sessionauth.impersonation.rules.has_permission",
        "sessionauth.impersonation.rules.no_privilege_gain",
    ]
    alice = grant(alice, "delete_user")
    browser = browser_of(support)
    (link,) = links(browser.get(users()))  # the page decides
    assert browser.get(link).status_code == 404
    assert links(browser.get(page_of(alice))) == []


def test_list__asks_the_guards_of_the_project(root, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = ["tests.admin.test_impersonate_links.nobody"]
    assert links(browser_of(root).get(users())) == []


def nobody(request, *, actor, target):
    return False


def test_list__names_each_link_and_escapes(root, make_user):
    make_user('"><i>')
    page = browser_of(root).get(users()).content.decode()
    assert 'aria-label="Act as &quot;&gt;&lt;i&gt;"' in page


@pytest.mark.parametrize("missing", ["middleware", "urls", "setting", "switch"])
def test_nothing__leads_there_where_it_would_not_work(missing, root, alice, settings):
    if missing == "middleware":
        settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if "impersonation" not in path]
    elif missing == "urls":
        settings.ROOT_URLCONF = "tests.project.urls"
    elif missing == "setting":
        settings.SESSIONAUTH_IMPERSONATION_ADMIN = False
    else:
        settings.SESSIONAUTH_IMPERSONATION_ENABLED = False
    browser = browser_of(root)
    page = browser.get(users())
    assert "impersonate" not in page.content.decode()
    assert "account/impersonate" not in browser.get(page_of(alice)).content.decode()


def test_popup__has_none(root, alice):
    browser = browser_of(root)
    assert links(browser.get(f"{users()}?_popup=1")) == []
    assert links(browser.get(f"{page_of(alice)}?_popup=1")) == []


def test_change_form__leads_there_outside_of_its_form(root, alice):
    answer = browser_of(root).get(page_of(alice))
    (link,) = links(answer)
    assert back_of(link) == page_of(alice)
    page = answer.content.decode()
    assert page.index("/account/impersonate/") < page.index('id="user_form"')


def test_change_form__of_who_may_not_be_and_the_add_form_have_none(root):
    browser = browser_of(root)
    assert links(browser.get(page_of(root))) == []
    assert links(browser.get(f"{users()}add/")) == []


def test_change_form__stays_what_it_was_where_it_is_shown_again(root, alice):
    answer = browser_of(root).post(page_of(alice), {"username": "", "is_active": "on"})
    assert len(links(answer)) == 1
    assert "This field is required." in answer.content.decode()


def test_action__goes_to_the_page_for_exactly_one(root, alice, support):
    browser = browser_of(root)
    answer = choose(browser, alice, question="?q=alice")
    assert answer.status_code == 302
    assert urlsplit(answer["Location"]).path == f"/account/impersonate/{alice.pk}/"
    assert back_of(answer["Location"]) == f"{users()}?q=alice"
    for chosen in ((alice, support), (root,)):
        answer = choose(browser, *chosen)
        assert answer["Location"] == users()
    shown = browser.get(users()).content.decode()
    assert "Choose one user" in shown
    assert "You may not act as this user." in shown
    assert not Impersonation.objects.exists()


def test_action__is_not_for_those_who_may_not(alice, make_user):
    viewer = browser_of(grant(make_user("viewer", is_staff=True), "view_user", "change_user"))
    answer = choose(viewer, alice)
    assert "/account/" not in answer.get("Location", "") + answer.content.decode()


class Own(UserAdmin):
    """Of a project: its own columns, however they are said, and its own template."""

    list_display = ("email",)
    change_form_template = "admin/auth/user/add_form.html"

    def get_list_display(self, request):
        return ("username", "email")


class Explicit(ImpersonateAdminMixin, UserAdmin):
    pass


class Owned(ImpersonateAdminMixin, admin.ModelAdmin):
    """Of a model that is about a user."""

    actions = None

    def get_impersonation_target(self, obj):
        return obj.user_set.first()


def ask(rf, user):
    request = rf.get("/office/?q=x")
    request.user = user
    state_of(request).overlay = Stage(request)
    return request


def test_admin__of_a_project_keeps_its_columns(rf, root, alice):
    site = admin.AdminSite(name="other")
    site.register(get_user_model(), Own)
    user_acts.extend([site])
    shown = site._registry[get_user_model()]
    *own, column = shown.get_list_display(ask(rf, root))
    assert own == ["username", "email"]
    assert f"/account/impersonate/{alice.pk}/?next=%2Foffice%2F%3Fq%3Dx" in column(alice)
    answer = shown.change_view(ask(rf, root), str(alice.pk))
    assert answer.template_name == "sessionauth/admin/impersonate_link.html"
    assert answer.context_data["sessionauth_parent_template"].template.name == Own.change_form_template


def test_admin__that_has_the_mixin_already_has_it_once(rf, root):
    site = admin.AdminSite(name="other")
    site.register(get_user_model(), Explicit)
    user_acts.extend([site])
    shown = site._registry[get_user_model()]
    columns = shown.get_list_display(ask(rf, root))
    assert len([column for column in columns if callable(column)]) == 1
    assert shown.check() == []


def test_admin__of_what_is_about_a_user(rf, root, alice):
    site = admin.AdminSite(name="other")
    site.register(Group, Owned)
    group, empty = Group.objects.create(name="some"), Group.objects.create(name="none")
    alice.groups.add(group)
    shown = site._registry[Group]
    column = shown.get_list_display(ask(rf, root))[-1]
    assert f"/account/impersonate/{alice.pk}/" in column(group)
    assert column(empty) == ""
    assert ACTION not in shown.get_actions(ask(rf, root))
    Owned.actions = ()
    try:
        assert ACTION in shown.get_actions(ask(rf, root))
    finally:
        Owned.actions = None
