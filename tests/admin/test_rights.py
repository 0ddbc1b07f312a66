"""Who may hand out what: never more than they hold themselves."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission

from sessionauth.admin import rights
from sessionauth.models import APIKey
from tests.admin.asking import browser_of, form_of, grant, secrets_in

pytestmark = pytest.mark.django_db

KEYS = "/admin/sessionauth/apikey/"
ISSUER = ("add_apikey", "view_apikey", "issue_for_others_apikey")
EDITOR = ("change_apikey", "view_apikey")


@pytest.fixture
def staff(make_user):
    return make_user("staff", is_staff=True)


@pytest.fixture
def root(make_user):
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def customer(make_user):
    return make_user("customer")


def issue(admin, **fields):
    browser = browser_of(admin)
    return browser.post(f"{KEYS}add/", form_of(browser, f"{KEYS}add/", **{"extent": "all"} | fields))


def test_add__without_the_permission_is_refused(staff):
    browser = browser_of(grant(staff, "view_apikey", "change_apikey", "rotate_apikey", "issue_for_others_apikey"))
    assert browser.get(f"{KEYS}add/").status_code == 403
    assert browser.post(f"{KEYS}add/", {"extent": "all", "user": staff.pk}).status_code == 403
    assert not APIKey.objects.exists()


def test_add__is_for_oneself_unless_one_may_issue_for_others(staff, customer):
    staff = grant(staff, "add_apikey", "view_apikey")
    assert len(secrets_in(issue(staff, user=staff.pk))) == 1
    answer = issue(staff, user=customer.pk)
    assert (answer.status_code, secrets_in(answer)) == (200, [])
    staff = grant(staff, *ISSUER)
    assert len(secrets_in(issue(staff, user=customer.pk))) == 1
    assert [row.user for row in APIKey.objects.order_by("pk")] == [staff, customer]


def test_add__offers_nobody_else_where_one_may_issue_for_oneself_alone(staff, customer):
    form = browser_of(grant(staff, "add_apikey")).get(f"{KEYS}add/").context["adminform"].form
    assert list(form.fields["user"].queryset) == [staff]


@pytest.mark.parametrize("of", ["a superuser", "a permission", "a group", "an own scope", "nobody knows"])
def test_add__for_who_may_more_is_for_superusers(of, staff, root, customer, monkeypatch):
    staff, owner = grant(staff, *ISSUER), customer
    if of == "a superuser":
        owner = root
    elif of == "a permission":
        grant(customer, "delete_user")
    elif of == "a group":
        group = Group.objects.create(name="editors")
        group.permissions.add(Permission.objects.get(codename="delete_user"))
        customer.groups.add(group)
    elif of == "an own scope":
        monkeypatch.setattr(type(staff), "get_scopes", _scopes_of_customer, raising=False)
    else:
        type(staff)._default_manager.filter(pk=customer.pk).update(is_active=False)
    answer = issue(staff, user=owner.pk)
    assert "may do more than you" in answer.content.decode()
    assert not APIKey.objects.exists()
    assert len(secrets_in(issue(root, user=owner.pk))) == 1


def _scopes_of_customer(self):
    return ["secret:things"] if self.get_username() == "customer" else []


def test_add__for_a_superuser_who_is_inactive_is_refused_too(staff, root):
    type(root)._default_manager.update(is_active=False)
    type(root)._default_manager.filter(pk=staff.pk).update(is_active=True)
    issue(grant(staff, *ISSUER), user=root.pk)
    assert not APIKey.objects.exists()


def test_add__for_nobody_lends_only_what_one_holds(staff, root, settings):
    settings.SESSIONAUTH_SCOPES = {"users": ("Users.", ["auth.delete_user"]), "all": ("All.", [])}
    staff = grant(staff, *ISSUER)
    answer = issue(staff, extent="only", scopes=["users"])
    assert "You do not hold: users." in answer.content.decode()
    answer = issue(staff, extent="only", permissions="auth.delete_user")
    assert "You do not hold: auth.delete_user." in answer.content.decode()
    assert not APIKey.objects.exists()
    assert secrets_in(issue(staff, extent="only", scopes=["all"]))
    assert secrets_in(issue(root, extent="only", scopes=["users"]))


def test_saveasnew__does_not_go_past_what_is_asked(staff, customer):
    row, _ = APIKey.objects.issue(user=customer)
    browser = browser_of(grant(staff, *ISSUER, *EDITOR))
    data = form_of(browser, f"{KEYS}{row.pk}/change/") | {"_saveasnew": "1", "user": customer.pk}
    assert browser.post(f"{KEYS}{row.pk}/change/", data).status_code == 403
    assert APIKey.objects.count() == 1


def test_rotate__needs_its_permission_and_no_less_than_the_owner_holds(staff, root, customer):
    rows = {name: APIKey.objects.issue(user=user)[0] for name, user in (("root", root), ("customer", customer))}
    browser = browser_of(grant(staff, *EDITOR, *ISSUER))
    for row in rows.values():
        assert browser.get(f"{KEYS}{row.pk}/rotate/").status_code == 403
        assert browser.post(f"{KEYS}{row.pk}/rotate/", {"overlap": "0"}).status_code == 403
    grant(staff, "rotate_apikey")
    answer = browser.post(f"{KEYS}{rows['root'].pk}/rotate/", {"overlap": "0"}, follow=True)
    assert "may do more than you" in answer.content.decode()
    assert not secrets_in(answer)
    assert "rotate/" not in browser.get(f"{KEYS}{rows['root'].pk}/change/").content.decode()
    assert not APIKey.objects.exclude(rotated_at=None).exists()
    assert len(secrets_in(browser.post(f"{KEYS}{rows['customer'].pk}/rotate/", {"overlap": "0"}))) == 1


def test_rotate__of_nobodys_takes_who_holds_its_scopes(staff):
    row, _ = APIKey.objects.issue(scopes=["auth.delete_user"])
    staff = grant(staff, "view_apikey", "rotate_apikey")
    assert not secrets_in(browser_of(staff).post(f"{KEYS}{row.pk}/rotate/", {"overlap": "0"}))
    grant(staff, "delete_user")
    assert secrets_in(browser_of(staff).post(f"{KEYS}{row.pk}/rotate/", {"overlap": "0"}))


def test_change__widens_nothing_of_who_may_more(staff, root):
    row, _ = APIKey.objects.issue(user=root, scopes=[], networks=["192.0.2.1"], name="old")
    browser = browser_of(grant(staff, *EDITOR))
    path = f"{KEYS}{row.pk}/change/"
    wide = {"name": "new", "extent": "all", "networks": "", "scopes": ["auth.delete_user"], "rate": ""}
    assert browser.post(path, wide).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.scopes, row.networks) == ("new", [], ["192.0.2.1"])


def test_change__lends_nobodys_key_only_what_one_holds(staff):
    row, _ = APIKey.objects.issue(scopes=[])
    browser = browser_of(grant(staff, *EDITOR))
    path = f"{KEYS}{row.pk}/change/"
    answer = browser.post(path, form_of(browser, path, permissions="auth.delete_user"))
    assert "You do not hold: auth.delete_user." in answer.content.decode()
    row.refresh_from_db()
    assert row.scopes == []
    grant(staff, "delete_user")
    assert browser.post(path, form_of(browser, path, permissions="auth.delete_user")).status_code == 302


def test_change__of_others_needs_the_right_to_issue_for_them_before_it_widens(staff, customer):
    """Whoever holds a restricted key of somebody could else make it a key to everything of theirs."""
    row, _ = APIKey.objects.issue(user=customer, scopes=[])
    path = f"{KEYS}{row.pk}/change/"
    staff = grant(staff, *EDITOR)
    browser_of(staff).post(path, {"name": "", "extent": "all"})
    row.refresh_from_db()
    assert row.scopes == []
    browser = browser_of(grant(staff, "issue_for_others_apikey"))
    assert browser.post(path, form_of(browser, path, extent="all")).status_code == 302
    row.refresh_from_db()
    assert row.scopes is None


def test_view__alone_shows_and_does_nothing(staff, customer):
    row, _ = APIKey.objects.issue(user=customer, scopes=["auth.view_user"])
    browser = browser_of(grant(staff, "view_apikey"))
    page = browser.get(f"{KEYS}{row.pk}/change/").content.decode()
    assert "auth.view_user" in page
    assert "revoke/" not in page
    for path in ("change/", "revoke/", "rotate/"):
        assert browser.post(f"{KEYS}{row.pk}/{path}", {"overlap": "0"}).status_code == 403
    for action in ("revoke_chosen", "rotate_chosen"):
        browser.post(KEYS, {"action": action, "_selected_action": [row.pk], "confirmed": "yes"})
    row.refresh_from_db()
    assert not row.is_revoked


def test_nothing__is_shown_to_staff_without_permissions(staff, customer):
    row, _ = APIKey.objects.issue(user=customer)
    browser = browser_of(staff)
    for path in ("", "add/", f"{row.pk}/change/", f"{row.pk}/history/", f"{row.pk}/rotate/", f"{row.pk}/revoke/"):
        assert browser.get(f"{KEYS}{path}").status_code == 403
    assert "API keys" not in browser.get("/admin/").content.decode()


@pytest.mark.once
def test_may_act_as__of_user_models_that_list_no_permissions():
    class Person:
        def __init__(self, pk, is_superuser=False):
            self.pk, self.is_superuser = pk, is_superuser

    assert not rights.may_act_as(Person(1), Person(2))
    assert rights.may_act_as(Person(1), Person(1))
    assert rights.may_act_as(Person(1, is_superuser=True), Person(2))
