"""No credential is issued while somebody acts as a user, by whichever road; where that is allowed it ends with that."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.utils import timezone

from sessionauth import crypto, scopes
from sessionauth.credentials import refreshing
from sessionauth.credentials.issuing import issue_login_token
from sessionauth.credentials.rotating import rotate
from sessionauth.exceptions import NotToBeRotated
from sessionauth.models import AccessToken, APIKey, AuthEvent, Impersonation, LoginSession, tagging
from sessionauth.secret_backends import APIKeyAuthBackend
from sessionauth.sessions import registry
from tests.impersonation import issuing_site
from tests.impersonation.issuing_site import ACTS, ASYNC, kept

ROADS = ("do", "ado", "rest", "ninja")
sync_only = pytest.mark.parametrize("browser", ["sync"], indirect=True)


@pytest.fixture(autouse=True)
def _issuing(settings, _site):
    settings.ROOT_URLCONF = "tests.impersonation.issuing_site"
    settings.SESSIONAUTH_REFRESH_AGE = timedelta(days=1)


@pytest.fixture
def own(alice):
    """What alice has: a key, and a login that can be refreshed."""
    key, _ = APIKey.objects.issue(user=alice, name="own")
    _, _, kept["refresh"] = issue_login_token(alice)
    return key


@pytest.fixture
def allowed(settings):
    settings.SESSIONAUTH_IMPERSONATION_CREDENTIALS = True


def everything():
    return sorted([*APIKey.objects.values_list("hint", flat=True), *AccessToken.objects.values_list("hint", flat=True)])


def are_untouched(own):
    """Say whether alice's own are as good as before."""
    own.refresh_from_db()
    refreshing.refresh(kept["refresh"])
    return own.is_usable and own.rotated_at is None


def acts_of(road):
    """Return what can be done by `road`; a thread sees nothing of what a test has not committed."""
    if road == "thread":
        return [act for act in ACTS if "rotate" not in act and act != "refresh"]
    return list(ASYNC if road == "ado" else ACTS)


@pytest.mark.parametrize("road", [*ROADS, "thread"])
def test_refused__by_every_road(browser, alice, own, road):
    browser.begin(alice, write=True)
    before = everything()
    for act in acts_of(road):
        answer = browser.post(f"/{road}/{act}/", **{"x-csrftoken": browser.form()})
        assert answer.status_code == 403, (act, answer.content)
    assert everything() == before
    assert are_untouched(own)


@sync_only
def test_refused__not_to_those_who_are_themselves(browser, root):
    """Else the test above would prove nothing."""
    for road in ROADS:
        for act in acts_of(road):
            APIKey.objects.filter(name="own").delete()
            APIKey.objects.issue(user=root, name="own")
            _, _, kept["refresh"] = issue_login_token(root)
            answer = browser.post(f"/{road}/{act}/", **{"x-csrftoken": browser.form()})
            assert answer.status_code == 200, (road, act, answer.content)


@sync_only
def test_refused__nothing_that_no_request_is_behind(browser, alice, own):
    """A task, or a thread without the request's context, is nobody's."""
    browser.begin(alice, write=True)
    thread = threading.Thread(target=lambda: kept.update(refused=str(tagging._impersonator())))
    thread.start()
    thread.join()
    assert kept["refused"] == "None"


def test_refused__the_pages_of_the_account(browser, alice):
    browser.begin(alice, write=True)
    for path in ("password/", "keys/new/", "devices/", "devices/all/end/", "password/reset/"):
        for answer in (browser.get(f"/account/{path}"), browser.post(f"/account/{path}", {"name": "x"})):
            assert (answer.status_code, answer.json()["code"]) == (403, "impersonating"), path


# ---- allowed


@pytest.fixture
def issued(browser, alice, allowed):
    """A key that root has issued while acting as alice, in its row and as its secret."""
    browser.begin(alice, write=True)
    answer = browser.post("/do/issue/")
    assert answer.status_code == 200, answer.content
    return APIKey.objects.get(), answer.content.decode()


def ask(secret, path="/who/", method="get", *, is_async=False):
    client = (AsyncClient if is_async else Client)(enforce_csrf_checks=True)
    asked = async_to_sync(getattr(client, method)) if is_async else getattr(client, method)
    return asked(path, headers={"authorization": f"Bearer {secret}", "accept": "application/json"})


@pytest.mark.parametrize("road", ROADS)
def test_allowed__is_tied_to_it(browser, alice, root, allowed, road):
    running = browser.begin(alice, write=True)
    for act in ("issue", "issue function", "login token"):
        answer = browser.post(f"/{road}/{act}/", **{"x-csrftoken": browser.form()})
        assert answer.status_code == 200, answer.content
    rows = [*APIKey.objects.all(), *AccessToken.objects.all()]
    assert len(rows) == 3
    for row in rows:
        assert (row.user, row.impersonation_id) == (alice, running.pk)
        assert row.end is not None
        assert row.end <= running.expires_at
        assert getattr(row, "refresh_digest", None) is None
    for event in AuthEvent.objects.filter(event="credential_issued"):
        assert (event.user_id, event.actor_id, event.data["impersonation"]) == (alice.pk, root.pk, str(running.pk))


@sync_only
def test_allowed__nothing_that_was_there_before_is_changed(browser, alice, own, allowed):
    browser.begin(alice, write=True)
    for act in ("rotate", "refresh", "import"):
        assert browser.post(f"/do/{act}/").status_code == 403
    assert are_untouched(own)


@sync_only
def test_allowed__not_while_one_may_only_look(settings, browser, alice, allowed):
    browser.begin(alice)
    assert browser.post("/do/issue/").json()["code"] == "impersonation_read_only"
    settings.SESSIONAUTH_IMPERSONATION_READ_ONLY = False
    assert browser.post("/do/issue/").status_code == 403
    assert not APIKey.objects.exists()


@sync_only
def test_allowed__for_nobody_but_the_target(browser, alice, root, allowed, monkeypatch):
    browser.begin(alice, write=True)
    for owner in (root, None):
        monkeypatch.setitem(ACTS, "issue", lambda user, owner=owner: APIKey.objects.issue(user=owner)[1])
        assert browser.post("/do/issue/").status_code == 403
    assert not APIKey.objects.exists()


@sync_only
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_used__acts_as_the_target_for_the_actor(issued, root, alice, is_async):
    row, secret = issued
    told = ask(secret, "/awho/" if is_async else "/who/", is_async=is_async).json()
    names = (alice.get_username(), alice.get_username(), root.get_username())
    assert (told["user"], told["auth"], told["actor"], told["state"]) == (*names, "impersonator")
    assert told["impersonation"] == told["current"] == str(row.impersonation_id)
    answer = ask(secret)
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Impersonated-User"] == str(alice.pk)
    assert ask(secret, "/act/", "post").status_code == 200


@sync_only
def test_used__issues_nothing_and_reaches_nothing_that_is_closed(issued):
    _, secret = issued
    assert ask(secret, "/for-programs/issue/", "post").status_code == 403
    for path in ("/mine/", "/admin/", "/account/keys/"):
        assert ask(secret, path).status_code == 403, path
    assert APIKey.objects.count() == 1


@sync_only
def test_used__is_never_rotated(issued):
    row, _ = issued
    with pytest.raises(NotToBeRotated):
        rotate(row)
    row.refresh_from_db()
    assert row.is_usable


@sync_only
@pytest.mark.parametrize("names", [[scopes.ISSUE], [scopes.IMPERSONATE, scopes.IMPERSONATE_WRITE]])
def test_used__has_no_scope_of_this_app(settings, browser, alice, make_user, allowed, names, monkeypatch):
    settings.SESSIONAUTH_IMPERSONATION_HEADER = "X-Impersonate-User"
    browser.begin(alice, write=True)
    monkeypatch.setitem(ACTS, "issue", lambda user: APIKey.objects.issue(user=user, scopes=names)[1])
    secret = browser.post("/do/issue/").content.decode()
    client = Client(headers={"authorization": f"Bearer {secret}", "x-impersonate-user": str(make_user("bob").pk)})
    assert client.get("/who/").status_code == 403
    assert ask(secret, "/for-programs/issue/", "post").status_code == 403


ENDS = {
    "released": lambda browser, root, alice: browser.post("/impersonate/stop/"),
    "logout": lambda browser, root, alice: browser.post("/sign-out/"),
    "login": lambda browser, root, alice: browser.post("/sign-in/", {"user": root.pk}),
    "revoked": lambda browser, root, alice: Impersonation.objects.get().end("revoked"),
    "actor_changed": lambda browser, root, alice: _new_password(root),
    "target_changed": lambda browser, root, alice: _new_password(alice),
    "permission_lost": lambda browser, root, alice: type(root).objects.filter(pk=root.pk).update(is_superuser=False),
    "idle": lambda browser, root, alice: Impersonation.objects.update(
        last_seen_at=timezone.now() - timedelta(minutes=16)
    ),
    "expired": lambda browser, root, alice: Impersonation.objects.update(expires_at=timezone.now()),
}


def _new_password(user):
    user.set_password("another password")
    user.save()


@sync_only
@pytest.mark.parametrize("reason", ENDS)
def test_end__takes_it_along(browser, issued, root, alice, reason):
    """It is refused from the next request on, whether or not the browser has come back to be told."""
    row, secret = issued
    ENDS[reason](browser, root, alice)
    answer = ask(secret)
    assert answer.status_code == 401, answer.content
    row.refresh_from_db()
    assert (Impersonation.objects.get().end_reason, row.revoked_reason) == (reason, "impersonation ended")


@sync_only
@pytest.mark.parametrize("end", ["revoked", "others revoked", "gone", "idle"])
def test_end__with_the_session_that_carries_it(settings, browser, issued, root, end):
    """That browser will not come back to be told; another one of the actor's has no say in it."""
    row, secret = issued
    settings.SESSIONAUTH_IDLE_TIMEOUT = timedelta(minutes=10)
    own = LoginSession.objects.filter(user=root)
    Client().force_login(root, "django.contrib.auth.backends.ModelBackend")
    carrier, other = own.order_by("pk")
    if end == "others revoked":
        other.revoke()
        assert ask(secret).status_code == 200
        registry.revoke_all(root, keep=other)
    elif end == "revoked":
        carrier.revoke()
    elif end == "gone":
        own.filter(pk=carrier.pk).delete()
    else:
        own.filter(pk=carrier.pk).update(last_seen_at=timezone.now() - timedelta(minutes=11))
    assert ask(secret).status_code == 401
    row.refresh_from_db()
    assert (Impersonation.objects.get().end_reason, row.revoked_reason) == ("actor_changed", "impersonation ended")


@sync_only
@pytest.mark.parametrize("end", ["off", "disabled", "row gone", "middleware gone"])
def test_end__by_what_is_set_or_missing(settings, issued, end):
    _, secret = issued
    if end == "off":
        settings.SESSIONAUTH_IMPERSONATION_CREDENTIALS = False
    elif end == "disabled":
        settings.SESSIONAUTH_IMPERSONATION_ENABLED = False
    elif end == "row gone":
        Impersonation.objects.all().delete()
    else:
        settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "impersonation" not in one]
    assert ask(secret).status_code == 401


@sync_only
def test_end__keeps_what_the_target_has(browser, issued, alice, own):
    row, _ = issued
    browser.post("/impersonate/stop/")
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert are_untouched(own)


@sync_only
def test_limit__it_drives_out_nothing_of_the_target_s(settings, browser, alice, own, allowed):
    settings.SESSIONAUTH_MAX_KEYS = 1
    browser.begin(alice, write=True)
    assert browser.post("/do/issue/").status_code == 200
    own.refresh_from_db()
    assert own.is_usable
    assert issuing_site.APIKey.objects.count() == 2


@sync_only
def test_backend__does_not_make_a_session_of_it(issued):
    _, secret = issued
    assert APIKeyAuthBackend().authenticate(None, secret) is None


@sync_only
def test_wrong__is_one_answer(issued):
    """What has ended says no more than what never was."""
    row, secret = issued
    row.revoke()
    never = crypto.new_secret("sa", "key")
    assert ask(secret).content == ask(never).content
