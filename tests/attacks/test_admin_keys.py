"""Attacks on the admin of keys and tokens: what a URL may ask, what a stale login may do, what a page gives away."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessionauth.admin import lists
from sessionauth.models import AccessToken, APIKey
from sessionauth.testing import AuthClient
from tests.admin.asking import browser_of, form_of, grant, secrets_in
from tests.project.organisations.models import Organisation, OrganisationKey

pytestmark = pytest.mark.django_db

KEYS, TOKENS = "/admin/sessionauth/apikey/", "/admin/sessionauth/accesstoken/"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def root(make_user):
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def browser(root):
    return browser_of(root)


@pytest.mark.parametrize(
    "question",
    [
        "digest__startswith",
        "digest__gt",
        "digest",
        "imported_digest__startswith",
        "rotated_from__digest__startswith",
        "user__sessionauth_apikey__digest__startswith",
        "user__password__startswith",
    ],
)
def test_lookup__by_a_digest_is_refused(question, browser, alice):
    row, _ = APIKey.objects.issue(user=alice)
    answer = browser.get(KEYS, {question: row.digest[:2]}, follow=True)
    assert answer.status_code == 400 or row.hint not in answer.content.decode()
    assert answer.status_code == 400


@pytest.mark.parametrize("question", ["refresh_digest__startswith", "session_digest__startswith"])
def test_lookup__by_a_digest_of_tokens_is_refused(question, browser, alice):
    AccessToken.objects.issue(user=alice)
    assert browser.get(TOKENS, {question: "a"}).status_code == 400


@pytest.mark.parametrize("path", ["/admin/auth/user/", "/admin/organisations/organisation/"])
def test_lookup__by_a_digest_from_elsewhere_is_refused(path, browser, alice):
    names = {"/admin/auth/user/": "sessionauth_apikey__digest", "/admin/organisations/organisation/": "organisationkey"}
    name = names[path] if path.endswith("user/") else f"{names[path]}__digest"
    assert browser.get(path, {f"{name}__startswith": "a"}).status_code == 400


@pytest.mark.parametrize("path", [KEYS, TOKENS])
def test_search__does_not_find_by_digest_or_secret(path, browser, alice):
    model = APIKey if path == KEYS else AccessToken
    row, secret = model.objects.issue(user=alice, name="desk")
    for asked in (row.digest, row.digest[:8], secret, secret[:-4]):
        page = browser.get(path, {"q": asked})
        assert page.context["cl"].result_count == 0
    for asked in (row.hint, row.hint[-4:], "desk", "alice"):
        assert browser.get(path, {"q": asked}).context["cl"].result_count == 1
    assert browser.get(path, {"q": "a\0b"}).status_code in (200, 302)


def test_to_field__by_a_digest_is_refused(browser, alice):
    row, _ = APIKey.objects.issue(user=alice)
    assert browser.get(f"{KEYS}{row.digest}/change/", {"_to_field": "digest"}).status_code == 400


@pytest.mark.parametrize("query", ["o=x", "p=x", "p=999999", "state=x", "all=", "e=1", "is_personal__exact=x"])
def test_list__survives_any_query(query, browser, alice):
    AccessToken.objects.issue(user=alice)
    assert browser.get(f"{TOKENS}?{query}", follow=True).status_code == 200


@pytest.mark.parametrize("path", ["", "{pk}/change/", "{pk}/history/", "{pk}/rotate/", "{pk}/revoke/", "autocomplete"])
def test_pages__hold_no_digest(path, browser, alice):
    row, secret = APIKey.objects.issue(user=alice, scopes=["auth.view_user"])
    url = f"{KEYS}{path.format(pk=row.pk)}"
    if path == "autocomplete":
        url = "/admin/autocomplete/?app_label=sessionauth&model_name=apikey&field_name=rotated_from"
    page = browser.get(url)
    assert row.digest not in page.content.decode()
    assert secret not in page.content.decode()
    assert row.digest not in str(page.headers)


def test_list__of_many_takes_few_queries_and_counts_no_further_than_it_shows(browser, alice, monkeypatch):
    monkeypatch.setattr(lists, "MOST", 150)
    APIKey.objects.bulk_create(APIKey(user=alice, digest=f"{number:064}", hint=f"h{number}") for number in range(200))
    OrganisationKey.objects.issue(organisation=Organisation.objects.create(name="desk", service_user=alice))
    for url in (KEYS, f"{KEYS}?state=active", f"{KEYS}?q=alice", "/admin/organisations/organisationkey/"):
        with CaptureQueriesContext(connection) as asked:
            page = browser.get(url)
        assert page.status_code == 200
        real = [query["sql"] for query in asked if "SAVEPOINT" not in query["sql"]]
        assert len(real) <= 6, "\n".join(real)
        counts = [sql for sql in real if "COUNT(" in sql]
        assert counts
        assert all("LIMIT 150" in sql for sql in counts)
        if url.startswith(KEYS):
            assert "The list ends after 150" in page.content.decode()


def test_list__shows_those_in_a_state_and_those_whose_owner_is_gone(browser, alice, make_user):
    for name in ("good", "replaced", "over", "ended"):
        APIKey.objects.issue(user=alice, name=name)
    now = timezone.now()
    APIKey.objects.filter(name="replaced").update(rotated_at=now)
    APIKey.objects.filter(name="over").update(ends_at=now)
    APIKey.objects.filter(name="ended").update(revoked_at=now)
    for state, name in (("active", "good"), ("rotated", "replaced"), ("expired", "over"), ("revoked", "ended")):
        assert [row.name for row in browser.get(KEYS, {"state": state}).context["cl"].result_list] == [name]
    AccessToken.objects.issue(user=alice)
    AccessToken.objects.update(user_id=4711)
    assert "gone" in browser.get(TOKENS).content.decode()


@pytest.mark.urls("tests.admin.second_site")
@pytest.mark.parametrize("act", ["add", "rotate"])
def test_stale_login__confirms_before_it_sees_a_secret(act, root, alice):
    row, _ = APIKey.objects.issue(user=alice)
    path = f"{KEYS}add/" if act == "add" else f"{KEYS}{row.pk}/rotate/"
    browser = AuthClient()
    browser.force_login(root, fresh=False)
    page = browser.get(path, headers={"accept": "text/html"})
    assert (page.status_code, page.url) == (302, f"/account/confirm/?next={path}")
    answer = browser.post(path, {"user": alice.pk, "extent": "all", "overlap": "0"}, headers={"accept": "text/html"})
    assert answer.status_code == 302
    assert answer.url.startswith("/account/confirm/")
    assert APIKey.objects.filter(rotated_at=None).count() == 1
    browser.force_login(root)
    assert browser.get(path).status_code == 200


@pytest.mark.parametrize("act", ["add", "rotate"])
def test_stale_login__goes_on_where_there_is_no_page_to_confirm_it(act, root, alice):
    row, _ = APIKey.objects.issue(user=alice)
    browser = AuthClient()
    browser.force_login(root, fresh=False)
    assert browser.get(f"{KEYS}add/" if act == "add" else f"{KEYS}{row.pk}/rotate/").status_code == 200


@pytest.mark.urls("tests.admin.second_site")
def test_second_site__stays_on_its_own_pages(browser, alice):
    keys = "/office/sessionauth/apikey/"
    answer = browser.post(f"{keys}add/", form_of(browser, f"{keys}add/", user=alice.pk, extent="all"))
    assert len(secrets_in(answer)) == 1
    assert "/office/" in answer.content.decode()
    assert "/admin/" not in answer.content.decode().replace("/static/admin/", "").replace("sessionauth/admin/", "")
    row = APIKey.objects.get()
    assert browser.post(f"{keys}{row.pk}/revoke/", {"reason": ""}).url == f"{keys}{row.pk}/change/"
    row, _ = APIKey.objects.issue(user=alice)
    answer = browser.post(f"{keys}{row.pk}/rotate/", {"overlap": "0"})
    assert len(secrets_in(answer)) == 1
    assert browser.post(keys, {"action": "rotate_chosen", "_selected_action": [row.pk]}).url.startswith("/office/")


def test_programs__see_none_of_it(root, alice):
    """A token of a superuser, even one that may do all: the admin is for people."""
    _, secret = AccessToken.objects.issue(user=root)
    row, _ = APIKey.objects.issue(user=alice)
    program = Client(headers={"authorization": f"Bearer {secret}"})
    for path in (KEYS, f"{KEYS}add/", f"{KEYS}{row.pk}/rotate/"):
        assert program.get(path).status_code in (401, 403)
        answer = program.post(path, {"user": alice.pk, "extent": "all", "overlap": "0"})
        assert answer.status_code in (401, 403)
    assert APIKey.objects.count() == 1


def test_secret__is_in_no_traceback_of_a_page_that_fails(root, alice, settings, monkeypatch):
    settings.DEBUG_PROPAGATE_EXCEPTIONS = False
    settings.DEBUG = True
    issued = []

    def fail(*args, **kwargs):
        issued.append(APIKey.objects.get())
        raise RuntimeError("the log is full")

    monkeypatch.setattr("django.contrib.admin.options.ModelAdmin.log_addition", fail)
    browser = browser_of(root)
    browser.raise_request_exception = False
    answer = browser.post(f"{KEYS}add/", form_of(browser, f"{KEYS}add/", user=alice.pk, extent="all"))
    assert answer.status_code == 500
    assert issued
    assert secrets_in(answer) == []
    assert not APIKey.objects.exists()  # nobody has seen the secret, so there is no row of it
    assert not LogEntry.objects.exists()


def test_stranger__with_one_permission_too_few_gets_no_oracle(make_user, alice):
    """An editor of users alone learns nothing of keys through the user's pages."""
    staff = grant(make_user("staff", is_staff=True), "view_user", "delete_user")
    row, _ = APIKey.objects.issue(user=alice, name="hidden name")
    page = browser_of(staff).get(f"/admin/auth/user/{alice.pk}/delete/")
    assert page.status_code == 200
    assert row.digest not in page.content.decode()
