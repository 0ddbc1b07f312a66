"""Keys and tokens in the admin: issued, shown once, limited, rotated, revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessionauth.admin import CredentialAdmin
from sessionauth.models import AccessToken, APIKey
from tests.admin.asking import browser_of, form_of, grant, parsed, secrets_in
from tests.project.organisations.models import DeviceKey, Organisation, OrganisationKey

pytestmark = pytest.mark.django_db

KEYS, TOKENS = "/admin/sessionauth/apikey/", "/admin/sessionauth/accesstoken/"


@pytest.fixture(autouse=True)
def _scopes(settings):
    settings.SESSIONAUTH_SCOPES = {"read": ("Read all there is.", []), "write": ("Write.", ["auth.change_user"])}


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def root(make_user):
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def browser(root):
    return browser_of(root)


def who(secret):
    answer = Client().get("/whoami/", headers={"authorization": f"Bearer {secret}"})
    return answer.json()["user"] if answer.status_code == 200 else answer.status_code


@pytest.mark.every_project
@pytest.mark.parametrize(("path", "model"), [(KEYS, APIKey), (TOKENS, AccessToken)])
def test_add__shows_the_secret_in_its_own_answer_and_nowhere_after(path, model, browser, alice):
    data = form_of(browser, f"{path}add/", user=alice.pk, name="CI", extent="all")
    answer = browser.post(f"{path}add/", data)
    assert answer.status_code == 200
    (secret,) = secrets_in(answer)
    assert parsed(secret).kind == model.kind
    assert who(secret) == alice.get_username()
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies.get("messages")
    row = model.objects.get()
    places = [path, f"{path}?q=CI", f"{path}{row.pk}/change/", f"{path}{row.pk}/history/", "/admin/"]
    for place in places:
        page = browser.get(place).content.decode()
        assert secret not in page
        assert row.digest not in page
    told = "".join(f"{entry.object_repr}{entry.change_message}{entry.object_id}" for entry in LogEntry.objects.all())
    assert row.hint in told
    assert secret not in told
    assert row.digest not in told
    assert secret not in str(dict(browser.session))


def test_add__takes_every_limit(browser, alice):
    data = form_of(
        *(browser, f"{KEYS}add/"),
        **{"user": alice.pk, "name": "CI", "extent": "only", "scopes": ["read"], "permissions": "auth.view_user"},
        **{"methods": ["GET", "HEAD"], "networks": "192.0.2.0/24\n2001:db8::/32 ", "rate": "100/d"},
        **{"origins": "https://app.example.org", "expires_at_0": "2099-12-31", "expires_at_1": "12:00:00"},
    )
    assert secrets_in(browser.post(f"{KEYS}add/", data))
    row = APIKey.objects.get()
    assert (row.user, row.name, row.scopes) == (alice, "CI", ["auth.view_user", "read"])
    assert (row.methods, row.networks) == (["GET", "HEAD"], ["192.0.2.0/24", "2001:db8::/32"])
    assert (row.origins, row.rate, row.expires_at.year) == (["https://app.example.org"], "100/d", 2099)


def test_add__offers_scopes_by_what_they_mean(browser):
    page = browser.get(f"{KEYS}add/").content.decode()
    assert "Read all there is." in page
    assert 'name="digest"' not in page


def test_add__grants_nothing_that_is_not_ticked(browser, alice, settings):
    browser.post(f"{KEYS}add/", form_of(browser, f"{KEYS}add/", user=alice.pk))
    assert APIKey.objects.get().scopes == []
    settings.SESSIONAUTH_SCOPES = {}  # where there is nothing to tick
    browser.post(f"{KEYS}add/", form_of(browser, f"{KEYS}add/", user=alice.pk))
    assert APIKey.objects.latest("pk").scopes is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"user": "4711"},
        {"user": "x"},
        {"user": "9" * 30},
        {"networks": "nonsense"},
        {"origins": "nonsense"},
        {"rate": "nonsense"},
        {"name": "x" * 101},
        {"extent": "all", "scopes": ["read"]},
        {"extent": "nonsense"},
        {"scopes": ["nonsense"]},
        {"permissions": "nonsense"},
        {"methods": ["nonsense"]},
        {"expires_at_0": "x"},
        {"expires_at_0": "0001-01-01", "expires_at_1": "00:00:00"},
        {"expires_at_0": "9999-12-31", "expires_at_1": "23:59:59"},
    ],
    ids=str,
)
def test_add__says_what_is_wrong_and_issues_nothing(wrong, browser, alice, settings):
    settings.TIME_ZONE = "Asia/Tokyo"  # where the first day is no day in UTC, and the last one none here
    answer = browser.post(f"{KEYS}add/", form_of(browser, f"{KEYS}add/", **{"user": alice.pk} | wrong))
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert not secrets_in(answer)
    assert not APIKey.objects.exists()


def test_add__sent_again_does_not_issue_a_second_one(browser, alice):
    data = form_of(browser, f"{KEYS}add/", user=alice.pk)
    browser.post(f"{KEYS}add/", data)
    answer = browser.post(f"{KEYS}add/", data)
    assert answer.status_code == 200
    assert "was sent before" in answer.content.decode()
    assert not secrets_in(answer)
    assert APIKey.objects.count() == 1
    browser.post(f"{KEYS}add/", data | {"_ticket": answer.context["ticket"]})  # sent once more on purpose
    assert APIKey.objects.count() == 2


def test_add__keeps_to_the_limit_and_says_so_on_the_form(browser, alice, settings):
    settings.SESSIONAUTH_MAX_KEYS = 1
    APIKey.objects.issue(user=alice)
    answer = browser.post(f"{KEYS}add/", form_of(browser, f"{KEYS}add/", user=alice.pk))
    assert "as many of these as they may have" in answer.content.decode()
    assert APIKey.objects.count() == 1
    assert not LogEntry.objects.exists()


def test_search__by_the_owner_and_where_nobody_is_called_so_by_a_part_of_the_name(browser, alice, make_user):
    bob = make_user("bob")
    for owner, name in ((alice, "Nightly export"), (bob, "of alice"), (None, "Metrics")):
        APIKey.objects.issue(user=owner, name=name)

    def found(term, **own):
        shown = type("Own", (CredentialAdmin,), own)(APIKey, admin.site)
        request = RequestFactory().get("/")
        rows, _ = shown.get_search_results(request, shown.get_queryset(request), term)
        return {row.name for row in rows}

    assert found("ali") == {"Nightly export"}
    assert found("alice", search_fields=["name"]) == {"of alice"}
    assert found("xport") == {"Nightly export"}
    assert found(" ") == {"Nightly export", "of alice", "Metrics"}
    assert found("%") == set()


@pytest.mark.parametrize("button", ["_save", "_addanother", "_continue", "_popup"])
def test_add__shows_the_secret_whatever_button_was_pressed(button, browser, alice):
    data = form_of(browser, f"{KEYS}add/", user=alice.pk, **{button: "1"})
    assert len(secrets_in(browser.post(f"{KEYS}add/", data))) == 1


def test_own_models__are_issued_too(browser, alice):
    desk = Organisation.objects.create(name="desk", service_user=alice)
    path = "/admin/organisations/organisationkey/"
    answer = browser.post(f"{path}add/", form_of(browser, f"{path}add/", organisation=desk.pk, extent="all"))
    assert who(secrets_in(answer)[0]) == "alice"
    row = OrganisationKey.objects.get()
    data = form_of(browser, f"{path}{row.pk}/change/", name="renamed")
    assert browser.post(f"{path}{row.pk}/change/", data).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.organisation) == ("renamed", desk)
    assert "alice" in browser.get(f"{path}?q=alice").content.decode()
    path = "/admin/organisations/devicekey/"
    assert secrets_in(browser.post(f"{path}add/", form_of(browser, f"{path}add/")))
    assert "nobody" in browser.get(path).content.decode()
    assert DeviceKey.objects.count() == 1


def test_change__writes_limits_and_nothing_else(browser, alice):
    row, secret = APIKey.objects.issue(user=alice, scopes=["read"])
    path = f"{KEYS}{row.pk}/change/"
    data = form_of(browser, path, name="renamed", scopes=["write"], networks="192.0.2.0/24", methods=["GET"])
    with CaptureQueriesContext(connection) as queries:
        assert browser.post(path, data | {"user": "4711", "digest": "x", "hint": "x"}).status_code == 302
    (update,) = (query["sql"] for query in queries if query["sql"].startswith('UPDATE "sessionauth_apikey"'))
    assert "rate" not in update  # which somebody else may have changed meanwhile
    row.refresh_from_db()
    assert (row.name, row.scopes, row.networks, row.methods) == ("renamed", ["write"], ["192.0.2.0/24"], ["GET"])
    assert row.user == alice
    assert APIKey.objects.lookup(parsed(secret)) == row


def test_change__of_nothing_changes_nothing(browser, alice):
    """A row that no form would make is not widened by saving it."""
    row, _ = APIKey.objects.issue(user=alice, scopes=["auth.view_user"])
    APIKey.objects.update(methods=["GET"], networks=["192.0.2.0/24"], origins=["https://a.example"])
    path = f"{KEYS}{row.pk}/change/"
    assert browser.post(path, form_of(browser, path)).status_code == 302
    row.refresh_from_db()
    assert (row.scopes, row.methods, row.networks) == (["auth.view_user"], ["GET"], ["192.0.2.0/24"])
    assert row.origins == ["https://a.example"]
    APIKey.objects.update(methods=[])  # good for nothing, which is not "for everything"
    assert browser.post(path, form_of(browser, path)).status_code == 200
    row.refresh_from_db()
    assert row.methods == []
    APIKey.objects.update(methods=["TRACE"], scopes=None)
    assert browser.post(path, form_of(browser, path)).status_code == 302
    row.refresh_from_db()
    assert (row.methods, row.scopes) == (["TRACE"], None)


@pytest.mark.parametrize(
    "ended",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(days=1)},
        {"rotated_at": timezone.now(), "expires_at": timezone.now() + timedelta(days=1)},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_change__of_what_has_ended_is_refused(ended, browser, alice):
    row, _ = APIKey.objects.issue(user=alice, name="old")
    APIKey.objects.update(**ended)
    path = f"{KEYS}{row.pk}/change/"
    page = browser.get(path)
    assert page.status_code == 200
    assert 'name="name"' not in page.content.decode()
    assert "rotate/" not in page.content.decode()
    later = {"name": "new", "expires_at_0": "2099-12-31", "expires_at_1": "12:00:00"}
    assert browser.post(path, later).status_code == 403
    row.refresh_from_db()
    assert row.name == "old"


def test_delete__is_not_done_by_hand_but_with_the_user(browser, alice):
    row, _ = APIKey.objects.issue(user=alice)
    assert browser.post(f"{KEYS}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    browser.post(KEYS, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert APIKey.objects.exists()
    assert browser.post(f"/admin/auth/user/{alice.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not APIKey.objects.exists()


@pytest.mark.every_project
def test_rotate__shows_the_new_secret_once(browser, alice):
    row, old = APIKey.objects.issue(user=alice, name="CI")
    path = f"{KEYS}{row.pk}/rotate/"
    page = browser.get(path)
    assert (page.status_code, APIKey.objects.count()) == (200, 1)
    answer = browser.post(path, {"overlap": "0"})
    (new,) = secrets_in(answer)
    assert "no-store" in answer["Cache-Control"]
    assert (who(old), who(new)) == (401, alice.get_username())
    again = browser.post(path, {"overlap": "0"}, follow=True)
    assert "rotated before" in again.content.decode()
    assert not secrets_in(again)
    assert APIKey.objects.count() == 2
    assert [entry.change_message for entry in LogEntry.objects.order_by("pk")][0] == "Rotated."
    assert new not in str(list(LogEntry.objects.values()))


def test_rotate__says_an_overlap_of_less_than_an_hour_in_seconds(browser, alice, settings):
    settings.SESSIONAUTH_ROTATION_OVERLAP = 90
    row, _ = APIKey.objects.issue(user=alice)
    assert "90 seconds" in browser.get(f"{KEYS}{row.pk}/rotate/").text


def test_rotate__keeps_the_old_secret_for_as_long_as_chosen(browser, alice, settings):
    settings.SESSIONAUTH_ROTATION_OVERLAP = timedelta(hours=36)
    row, old = APIKey.objects.issue(user=alice)
    path = f"{KEYS}{row.pk}/rotate/"
    form = browser.get(path).context["form"]
    assert [value for value, _ in form.fields["overlap"].choices] == [0, 3600, 86_400, 129_600, 604_800]
    assert form["overlap"].initial == 129_600
    assert not secrets_in(browser.post(path, {"overlap": "17"}))
    assert secrets_in(browser.post(path, {"overlap": "3600"}))
    assert who(old) == "alice"
    row.refresh_from_db()
    assert row.expires_at < timezone.now() + timedelta(hours=1, minutes=1)


def test_rotate__from_the_list_takes_one(browser, alice):
    first, second = (APIKey.objects.issue(user=alice)[0] for _ in range(2))
    chosen = {"action": "rotate_chosen", "_selected_action": [first.pk]}
    assert browser.post(KEYS, chosen).url == f"{KEYS}{first.pk}/rotate/"
    answer = browser.post(KEYS, chosen | {"_selected_action": [first.pk, second.pk]}, follow=True)
    assert "Choose one" in answer.content.decode()


def test_revoke__asks_keeps_the_reason_and_is_final(browser, alice):
    rows = [APIKey.objects.issue(user=alice) for _ in range(3)]
    chosen = {"action": "revoke_chosen", "_selected_action": [row.pk for row, _ in rows[:2]]}
    page = browser.post(KEYS, chosen)
    assert "Revoking these 2 is final" in page.content.decode()
    assert not APIKey.objects.exclude(revoked_at=None).exists()
    answer = browser.post(KEYS, chosen | {"confirmed": "yes", "reason": "leaked"}, follow=True)
    assert "2 were revoked." in answer.content.decode()
    assert [who(secret) for _, secret in rows] == [401, 401, "alice"]
    assert APIKey.objects.get(pk=rows[0][0].pk).revoked_reason == "leaked"
    assert LogEntry.objects.filter(change_message="Revoked.").count() == 2


def test_revoke__of_all_pages_keeps_to_the_filter(browser, alice):
    for name in ("one", "one", "two"):
        APIKey.objects.issue(user=alice, name=name)
    some = APIKey.objects.filter(name="one").first()
    chosen = {"action": "revoke_chosen", "_selected_action": [some.pk], "select_across": "1"}
    page = browser.post(f"{KEYS}?q=one", chosen)
    assert dict(page.context["carried"])["select_across"] == "1"
    browser.post(f"{KEYS}?q=one", chosen | {"confirmed": "yes"})
    assert set(APIKey.objects.filter(revoked_at=None).values_list("name", flat=True)) == {"two"}


def test_revoke__from_the_page_of_one(browser, alice):
    row, secret = AccessToken.objects.issue(user=alice)
    path = f"{TOKENS}{row.pk}/revoke/"
    assert path in browser.get(f"{TOKENS}{row.pk}/change/").content.decode()
    assert browser.get(path).status_code == 200
    assert who(secret) == "alice"
    assert browser.post(path, {"reason": ""}).url == f"{TOKENS}{row.pk}/change/"
    assert who(secret) == 401
    row.refresh_from_db()
    assert row.revoked_reason == "admin"
    assert browser.post(path, {"reason": "x" * 101}).status_code == 200


@pytest.mark.parametrize("act", ["rotate", "revoke", "change"])
@pytest.mark.parametrize("key", ["4711", "x", "9" * 30])
def test_pages__of_no_row(act, key, browser):
    assert browser.get(f"{KEYS}{key}/{act}/").status_code in (302, 404)
    assert browser.post(f"{KEYS}{key}/{act}/").status_code in (302, 404)


def test_acts__need_a_csrf_token(root, alice):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    row, _ = APIKey.objects.issue(user=alice)
    for path in (f"{KEYS}add/", f"{KEYS}{row.pk}/rotate/", f"{KEYS}{row.pk}/revoke/", KEYS):
        assert browser.post(path, {"overlap": "0", "user": alice.pk}).status_code == 403
    assert APIKey.objects.filter(revoked_at=None, rotated_at=None).count() == 1


def test_fixtures__and_checks_are_content():
    call_command("check")


def test_permissions__are_made_for_each_model(make_user):
    grant(make_user("bob"), "rotate_apikey", "rotate_accesstoken", "rotate_organisationkey", "issue_for_others_apikey")
