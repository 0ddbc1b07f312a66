"""Impersonations that begin and end at one moment: one is open, each ends once, and nobody gets the other's cart."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.http import HttpRequest, SimpleCookie
from django.test import Client, RequestFactory

from sessionauth import scopes, signals
from sessionauth.impersonation import service, windows
from sessionauth.models import APIKey, AuthEvent, Impersonation, ImpersonationToken
from tests.attacks.test_credentials_parallel import at_once
from tests.impersonation.conftest import Browser
from tests.impersonation.conftest import _site as _site

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def _row_locks():
    if not connection.features.has_select_for_update:
        pytest.skip("takes a database in which two may write at once")


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def root(make_user):
    return make_user("root", is_superuser=True, is_staff=True)


def browser_of(user) -> Browser:
    browser = Browser()
    browser.client.force_login(user, BACKEND)
    return browser


@pytest.mark.usefixtures("_row_locks")
def test_start__of_two_at_once_one_stays(root, make_user):
    browsers, targets = [browser_of(root) for _ in range(4)], [make_user(f"target{n}") for n in range(4)]
    forms = [browser.form() for browser in browsers]

    def start(n):
        return lambda: browsers[n].post("/impersonate/start/", {"target": targets[n].pk, "reason": "x"}, token=forms[n])

    answers = at_once(*[start(n) for n in range(4)])
    assert [answer.status_code for answer in answers] == [200] * 4
    assert Impersonation.objects.filter(ended_at=None).count() == 1
    assert {row.end_reason for row in Impersonation.objects.exclude(ended_at=None)} == {"superseded"}
    # Whoever was superseded is told so once, and is themself again.
    assert sorted(browser.get("/who/").status_code for browser in browsers) == [200, 409, 409, 409]
    assert sorted(browser.who()["user"] == "root" for browser in browsers) == [False, True, True, True]


@pytest.mark.usefixtures("_row_locks")
def test_end__of_many_at_once_is_one_and_told_once(root, alice):
    browser_of(root).begin(alice)
    rows = [Impersonation.objects.get() for _ in range(6)]
    heard = []
    signals.impersonation_ended.connect(receiver := lambda **facts: heard.append(facts["reason"]))
    try:
        ended = at_once(*[lambda row=row: row.end("released") for row in rows])
    finally:
        signals.impersonation_ended.disconnect(receiver)
    assert (sorted(ended), heard) == ([False] * 5 + [True], ["released"])


@pytest.mark.usefixtures("_row_locks")
@pytest.mark.parametrize("path", ["extend", "upgrade", "stop", "sign-out"])
def test_end__by_an_administrator_at_the_moment_of_another_act(root, alice, path):
    """It ends once, with one reason and one event, and nothing brings it back."""
    browser = browser_of(root)
    row = browser.begin(alice, write=path in ("stop", "sign-out"))
    address = "/sign-out/" if path == "sign-out" else f"/impersonate/{path}/"
    form, other = browser.form(), Impersonation.objects.get(pk=row.pk)
    answer, _ = at_once(lambda: browser.post(address, {"reason": "x"}, token=form), lambda: other.end("revoked"))
    assert answer.status_code in (200, 403, 409), answer.content
    row.refresh_from_db()
    assert row.ended_at is not None
    assert row.end_reason in ("revoked", "released", "logout")
    ended = AuthEvent.objects.filter(event="impersonation_ended", subject=f"impersonation:{row.pk}")
    assert list(ended.values_list("reason", flat=True)) == [row.end_reason]
    assert browser.get("/who/").status_code in (200, 409)
    assert browser.who()["user"] == "root"


@pytest.mark.usefixtures("_row_locks")
def test_start__at_the_moment_of_a_logout_leaves_nobody_acting(root, alice):
    browser = browser_of(root)
    form, gone = browser.form(), browser_of(root)
    gone.client.cookies = SimpleCookie({name: one.value for name, one in browser.cookies.items()})
    at_once(
        lambda: browser.post("/impersonate/start/", {"target": alice.pk, "reason": "x"}, token=form),
        lambda: gone.post("/sign-out/", token=form),
    )
    assert browser.get("/who/").json()["user"] is None
    assert gone.get("/who/").json()["user"] is None


@pytest.mark.usefixtures("_row_locks")
@pytest.mark.parametrize("who", ["actor", "target"])
def test_start__at_the_moment_somebody_is_deactivated_leaves_nobody_acting(root, alice, who):
    browser = browser_of(root)
    form, user = browser.form(), root if who == "actor" else alice

    def deactivate():
        type(user).objects.filter(pk=user.pk).update(is_active=False)

    at_once(lambda: browser.post("/impersonate/start/", {"target": alice.pk, "reason": "x"}, token=form), deactivate)
    browser.get("/who/")  # 409 where it has begun
    assert browser.who()["user"] == ("root" if who == "target" else None)
    assert not Impersonation.objects.filter(ended_at=None).exists()


@pytest.mark.usefixtures("_row_locks")
def test_window__that_many_begin_at_once_is_one_row(root, alice):
    row, _ = APIKey.objects.issue(user=root, scopes=[scopes.IMPERSONATE])
    request: HttpRequest = RequestFactory().get("/")
    found = at_once(*[lambda: windows.enter(request, row, root, alice, "read") for _ in range(6)])
    assert {type(one) for one in found} == {Impersonation}
    assert len({one.pk for one in found}) == Impersonation.objects.count() == 1


def test_end__while_a_request_is_under_way_writes_nothing_back(root, alice):
    """The target's session of that request is not kept: the row has ended."""
    browser = browser_of(root)
    row = browser.begin(alice)

    def ends(*, request, auth, **facts):
        if auth.is_impersonating:
            Impersonation.objects.get(pk=row.pk).end("revoked")

    signals.user_loaded.connect(ends)
    try:
        assert browser.get("/cart/?put=melon").json() == {"cart": "melon"}
    finally:
        signals.user_loaded.disconnect(ends)
    row.refresh_from_db()
    assert (row.end_reason, row.session_data) == ("revoked", "")
    assert browser.get("/who/").status_code in (200, 409)
    assert browser.who()["user"] == "root"
    assert browser.get("/cart/").json() == {"cart": None}


def test_two_tabs__that_stop_one_after_the_other(root, alice):
    """The second was made as the target: it does nothing, and does not stop anything else."""
    browser = browser_of(root)
    row = browser.begin(alice)
    tabs = [browser.form(), browser.form()]
    assert browser.post("/impersonate/stop/", token=tabs[0]).status_code == 200
    assert browser.post("/act/", token=tabs[1]).status_code == 409
    row.refresh_from_db()
    assert row.end_reason == "released"
    assert service.open_rows().count() == 0


def test_key__that_loses_its_permission_meanwhile_begins_nothing(settings, make_user, alice):
    settings.SESSIONAUTH_IMPERSONATION_HEADER = "X-Impersonate-User"
    settings.ROOT_URLCONF = "tests.impersonation.header_site"
    helper = make_user("helper")
    helper.user_permissions.add(Permission.objects.get(codename="impersonate"))
    _, secret = APIKey.objects.issue(user=helper, scopes=[scopes.IMPERSONATE])
    headers = {"authorization": f"Bearer {secret}", "X-Impersonate-User": str(alice.pk)}
    assert Client().get("/who/", headers=headers).status_code == 200
    helper.user_permissions.clear()
    assert Client().get("/who/", headers=headers).status_code == 403
    assert service.open_rows().count() == 0


@pytest.mark.usefixtures("_row_locks")
def test_issuing__at_the_moment_of_the_end_leaves_nothing_that_lasts(settings, root, alice):
    settings.ROOT_URLCONF = "tests.impersonation.issuing_site"
    settings.SESSIONAUTH_IMPERSONATION_CREDENTIALS = True
    for _ in range(5):
        browser = browser_of(root)
        row = browser.begin(alice, write=True)
        form, other = browser.form(), Impersonation.objects.get(pk=row.pk)
        at_once(lambda: browser.post("/do/issue/", token=form), lambda: other.end("revoked"))  # noqa: B023
        assert not APIKey.objects.filter(impersonation=row, revoked_at=None).exists()


@pytest.mark.usefixtures("_row_locks")
def test_tokens__of_one_person_at_once_are_one(settings, root, alice):
    settings.ROOT_URLCONF = "tests.impersonation.tokens_site"
    settings.SESSIONAUTH_IMPERSONATION_TOKENS = True
    browsers = [browser_of(root) for _ in range(4)]
    headers = [{"accept": "application/json", "x-csrftoken": browser.form()} for browser in browsers]
    wanted = {"user": str(alice.pk), "reason": "x"}

    def obtain(n):
        post, kind = browsers[n].client.post, "application/json"
        return lambda: post("/api/impersonation/", wanted, content_type=kind, headers=headers[n])

    answers = at_once(*[obtain(n) for n in range(4)])
    assert [answer.status_code for answer in answers] == [201] * 4
    assert Impersonation.objects.filter(ended_at=None).count() == 1
    assert ImpersonationToken.objects.filter(revoked_at=None).count() == 1
