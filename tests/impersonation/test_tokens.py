"""Tokens with which a client of somebody's acts as another: how they are got, how far they go, and what ends them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.test import AsyncClient, Client, RequestFactory
from django.utils import timezone

from sessionauth import crypto, scopes, signals
from sessionauth.audit.events import Event
from sessionauth.authenticators.base import PresentedSecret
from sessionauth.authenticators.token import BearerAuthenticator
from sessionauth.credentials.refreshing import refresh
from sessionauth.credentials.rotating import rotate
from sessionauth.exceptions import InvalidCredential, NotToBeRotated
from sessionauth.models import AuthEvent, Impersonation, ImpersonationToken, LoginSession
from tests.impersonation import site
from tests.impersonation.conftest import Browser

sync_only = pytest.mark.parametrize("browser", ["sync"], indirect=True)
pytestmark = sync_only


@pytest.fixture(autouse=True)
def _tokens(settings, _site):
    settings.ROOT_URLCONF = "tests.impersonation.tokens_site"
    settings.SESSIONAUTH_IMPERSONATION_TOKENS = True


def obtain(browser, target, where="/api/", **more):
    """Ask for a token as somebody who is signed in."""
    data = {"user": str(getattr(target, "pk", target)), "reason": "a ticket", **more}
    headers = {"accept": "application/json", "x-csrftoken": browser.form()}
    return browser.client.post(f"{where}impersonation/", data, content_type="application/json", headers=headers)


def secret_of(browser, target, **more):
    answer = obtain(browser, target, **more)
    assert answer.status_code == 201, answer.content
    return answer.json()["access_token"]


def ask(secret, path="/who/", method="get", *, is_async=False, client=None, **headers):
    client = client or (AsyncClient if is_async else Client)(enforce_csrf_checks=True)
    asked = async_to_sync(getattr(client, method)) if is_async else getattr(client, method)
    return asked(path, headers={"authorization": f"Bearer {secret}", "accept": "application/json", **headers})


def allow(user, *codenames):
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return user


def signed_in(user):
    browser = Browser()
    browser.client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return browser


# ---- how it is got


@pytest.mark.parametrize("where", ["/api/", "/drf/", "/ninja/auth/"])
def test_obtain__once_shown_kept_as_a_digest_and_recorded(browser, root, alice, where):
    answer = obtain(browser, alice, where)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    secret, row, running = told["access_token"], ImpersonationToken.objects.get(), Impersonation.objects.get()
    assert secret.startswith("sa_imp_")
    assert (row.digest, row.user, row.impersonation) == (crypto.digest(secret), alice, running)
    assert row.end == running.expires_at <= timezone.now() + timedelta(minutes=30)
    assert row.refresh_digest is None
    assert (running.actor, running.target, running.transport, running.mode) == (root, alice, "token", "read")
    assert (running.reason, told["expires_in"] <= 1800, "refresh_token" in told) == ("a ticket", True, False)
    assert told["impersonation"]["target"] == {"id": str(alice.pk), "display_name": alice.get_username()}
    assert answer["Cache-Control"] == "no-store"
    event = AuthEvent.objects.get(event=Event.IMPERSONATION_STARTED)
    assert (event.user_id, event.actor_id, event.subject) == (alice.pk, root.pk, f"impersonation:{running.pk}")
    assert not any(secret in str(vars(one)) for one in AuthEvent.objects.all())


def test_obtain__off_by_default(settings, browser, alice):
    settings.SESSIONAUTH_IMPERSONATION_TOKENS = False
    assert obtain(browser, alice).status_code == 404
    assert not Impersonation.objects.exists()


def test_obtain__one_answer_for_whoever_is_nobody_or_not_for_you(browser, make_user, root):
    missing = obtain(browser, 0)
    for target in (make_user("boss", is_superuser=True), make_user("gone", is_active=False), root, "", "é" * 200):
        answer = obtain(browser, target)
        assert (answer.status_code, answer.content) == (404, missing.content)
    nobody = signed_in(make_user("nobody"))
    assert obtain(nobody, make_user("bob")).content == missing.content
    assert not Impersonation.objects.exists()


WRONG = [
    ({"reason": ""}, 400, "invalid"),
    ({"user": 7}, 400, "invalid"),
    ({"user": None}, 404, "not_found"),
    ({"write": "yes"}, 400, "invalid"),
    ({"scopes": "all"}, 400, "invalid"),
    ({"scopes": ["nonsense"]}, 400, "invalid"),
    ({"name": "x" * 101}, 400, "invalid"),
    ({"scope": ["auth.view_user"]}, 400, "invalid"),
    ({"reason": "\0"}, 400, "invalid_request"),
]


def test_obtain__nonsense_is_a_clear_answer(browser, alice):
    for more, status, code in WRONG:
        answer = obtain(browser, alice, **more)
        assert (answer.status_code, answer.json()["code"]) == (status, code), more
    assert not ImpersonationToken.objects.exists()


def test_obtain__by_nobody_else_than_a_person_who_has_just_signed_in(settings, browser, root, alice):
    token = browser.form()
    headers = {"accept": "application/json"}
    data = {"user": str(alice.pk), "reason": "a ticket"}
    forged = browser.client.post("/api/impersonation/", data, content_type="application/json", headers=headers)
    assert (forged.status_code, forged.json()["code"]) == (403, "csrf_failed")
    assert Client().post("/api/impersonation/", data, headers=headers).status_code == 401
    settings.SESSIONAUTH_FRESH_AGE = 0
    assert obtain(browser, alice).json()["code"] == "fresh_login_required"
    settings.SESSIONAUTH_FRESH_AGE = timedelta(minutes=15)
    secret = secret_of(browser, alice)
    for path in ("/api/", "/drf/", "/ninja/auth/"):
        client = Client(headers={"authorization": f"Bearer {secret}", **headers})
        assert client.post(f"{path}impersonation/", data, content_type="application/json").status_code == 403
    browser.post("/impersonate/start/", {"target": alice.pk, "reason": "a ticket"}, token=token)
    assert obtain(browser, alice).status_code == 403
    assert ImpersonationToken.objects.count() == 1


def test_obtain__receivers_may_be_against_it_and_are_told(browser, alice):
    def against(**facts):
        raise PermissionDenied("not now")

    signals.impersonation_starting.connect(against)
    try:
        answer = obtain(browser, alice)
    finally:
        signals.impersonation_starting.disconnect(against)
    assert (answer.status_code, answer.json()["detail"]) == (403, "not now")
    assert AuthEvent.objects.filter(event=Event.IMPERSONATION_DENIED).count() == 1


# ---- what it is good for


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_used__the_request_is_the_target_s_and_the_actor_is_known(browser, root, alice, is_async):
    secret = secret_of(browser, alice)
    sessions = Session.objects.count()
    answer = ask(secret, "/awho/" if is_async else "/who/", is_async=is_async)
    running = str(Impersonation.objects.get().pk)
    assert answer.json() == {
        "user": alice.get_username(),
        "auth": alice.get_username(),
        "actor": root.get_username(),
        "original": root.get_username(),
        "state": "impersonator",
        "fresh": False,
        "impersonation": running,
        "current": running,
    }
    assert answer["X-Impersonated-User"] == str(alice.pk)
    assert "Authorization" in answer["Vary"]
    assert {"private", "no-store"} <= {part.strip() for part in answer["Cache-Control"].split(",")}
    assert not answer.cookies
    assert Session.objects.count() == sessions
    assert ask(secret, "/act/", "post", is_async=is_async).json()["code"] == "impersonation_read_only"
    assert ask(secret, "/search/", "post", is_async=is_async).content == alice.get_username().encode()


@pytest.mark.parametrize("path", ["/rest/who/", "/ninja/who/"])
def test_used__in_rest_framework_and_ninja(browser, root, alice, path):
    secret = secret_of(browser, alice)
    assert ask(secret, path).json() == {"user": alice.get_username(), "actor": root.get_username()}
    assert ask(secret, path.replace("who", "act"), "post").status_code == 403
    assert site.done == []
    assert ask(secret, path.replace("who", "search"), "post").json() == alice.get_username()


class InCookie(BearerAuthenticator):
    """A project's own, which is asked when somebody looks at the user."""

    name, ambient, lazy, carriers = "cookie", True, True, ("Cookie",)

    def extract(self, request):
        return PresentedSecret(request.COOKIES["token"]) if "token" in request.COOKIES else None


@pytest.mark.parametrize("way", ["lazy", "lazy async", "rest"])
def test_used__no_further_where_nobody_has_asked_before_the_view(settings, browser, alice, way):
    secret, client = secret_of(browser, alice), (AsyncClient if way == "lazy async" else Client)()
    if way == "rest":
        settings.SESSIONAUTH_AUTHENTICATORS = ["sessionauth.authenticators.session.SessionAuthenticator"]
    else:
        settings.SESSIONAUTH_AUTHENTICATORS = [f"{__name__}.InCookie"]
        client.cookies["token"] = secret
    pages = {"lazy": ("/who/", "/act/"), "lazy async": ("/awho/", "/awaited/"), "rest": ("/rest/who/", "/rest/act/")}
    see, do = pages[way]
    told = {"secret": secret, "is_async": way == "lazy async", "client": client}
    if way != "rest":
        told["authorization"] = ""
    assert ask(path=see, **told).json()["user"] == alice.get_username()
    ask(path=do, method="post", **told)
    assert alice.get_username() not in site.done
    if way == "lazy":
        assert ask(path="/mine/", **told).content != alice.get_username().encode()


def test_used__nowhere_that_is_closed(settings, browser, alice):
    settings.SESSIONAUTH_IMPERSONATION_READ_ONLY = False
    secret = secret_of(browser, alice)
    for path in ("/mine/", "/mine-too/", "/admin/", "/account/keys/", "/api/tokens/", "/drf/tokens/", "/api/token/"):
        assert ask(secret, path).status_code == 403, path
    assert ask(secret, "/ninja/auth/tokens/").status_code == 403
    assert ask(secret, "/api/token/rotate/", "post").status_code == 403
    assert ask(secret, "/who/", **{"x-impersonate-user": "1"}).json()["user"] == alice.get_username()
    settings.SESSIONAUTH_IMPERSONATION_HEADER = "X-Impersonate-User"
    assert ask(secret, "/who/", **{"x-impersonate-user": "1"}).json()["code"] == "impersonation_carrier"


def test_write__for_those_who_may(browser, make_user, alice):
    helper = allow(make_user("helper"), "impersonate")
    desk = signed_in(helper)
    assert obtain(desk, alice, write=True).json()["code"] == "write"
    allow(helper, "impersonate_write")
    secret = secret_of(desk, alice, write=True)
    assert ask(secret, "/act/", "post").status_code == 200
    assert ask(secret, "/awaited/", "post", is_async=True).status_code == 200
    assert site.done == [alice.get_username()] * 2
    helper.user_permissions.remove(Permission.objects.get(codename="impersonate_write"))
    assert ask(secret, "/act/", "post").status_code == 401
    assert Impersonation.objects.get().end_reason == "permission_lost"


def test_scopes__confine_it_and_give_nothing(browser, make_user, alice):
    allow(alice, "view_group")
    bob = make_user("bob")
    wanted = ["auth.view_group", scopes.ISSUE, scopes.IMPERSONATE]
    secret = secret_of(browser, bob, scopes=wanted)
    assert ask(secret, "/groups/").status_code == 403  # the token may, the target may not
    secret = secret_of(browser, alice, scopes=wanted)
    assert ask(secret, "/groups/").status_code == 200
    assert ask(secret, "/who/").status_code == 403  # states no scope
    assert ask(secret_of(browser, alice, scopes=["auth.view_user"]), "/groups/").status_code == 403


def test_cost__of_a_request(browser, make_user, alice, django_assert_num_queries):
    secret = secret_of(signed_in(allow(make_user("helper"), "impersonate")), alice)
    ask(secret)
    with django_assert_num_queries(3):  # the token and the target, the row and the actor, what the actor holds
        ask(secret)


def test_guards__find_the_actor_on_the_request(settings, browser, alice):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = ["tests.impersonation.test_tokens.actor_is_there"]
    secret = secret_of(browser, alice)
    assert ask(secret).json()["user"] == alice.get_username()
    assert ask(secret, "/awho/", is_async=True).json()["user"] == alice.get_username()


def actor_is_there(request, *, actor, target):
    from sessionauth.authenticators import get_auth

    return request.user == actor == get_auth(request).user and actor.is_superuser


def test_session__of_the_actor_beside_it_is_not_looked_at(browser, root, alice):
    secret = secret_of(browser, alice)
    assert ask(secret, client=browser.client).json()["user"] == alice.get_username()
    assert browser.who()["user"] == root.get_username()


# ---- what ends it

ENDS = {
    "actor_changed": lambda root, alice: _new_password(root),
    "target_changed": lambda root, alice: _new_password(alice),
    "permission_lost": lambda root, alice: _update(root, is_superuser=False),
    "revoked": lambda root, alice: Impersonation.objects.get().end("revoked"),
    "idle": lambda root, alice: Impersonation.objects.update(last_seen_at=timezone.now() - timedelta(minutes=16)),
    "expired": lambda root, alice: Impersonation.objects.update(expires_at=timezone.now()),
}


def _new_password(user):
    user.set_password("another password")
    user.save()


def _update(user, **values):
    get_user_model().objects.filter(pk=user.pk).update(**values)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("reason", ENDS)
def test_end__holds_from_the_next_request_on(browser, root, alice, reason, is_async):
    secret = secret_of(browser, alice)
    assert ask(secret).status_code == 200
    ENDS[reason](root, alice)
    answers = [ask(secret, is_async=is_async) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401, 401]
    row, running = ImpersonationToken.objects.get(), Impersonation.objects.get()
    assert (running.end_reason, row.revoked_at is not None) == (reason, True)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("end", ["logout", "revoked", "gone"])
def test_end__with_the_session_that_asked_for_it(browser, root, alice, end, is_async):
    secret = secret_of(browser, alice)
    assert ask(secret).status_code == 200
    if end == "logout":
        browser.client.logout()
    elif end == "revoked":
        LoginSession.objects.get(user=root).revoke()
    else:
        LoginSession.objects.filter(user=root).delete()
    assert ask(secret, is_async=is_async).status_code == 401
    assert (Impersonation.objects.get().end_reason, ImpersonationToken.objects.get().revoked_at is None) == (
        "actor_changed",
        False,
    )


@pytest.mark.parametrize("who", ["root", "alice"])
@pytest.mark.parametrize("end", ["inactive", "inactive unseen", "gone", "everywhere"])
def test_end__with_either_of_the_two(browser, root, alice, who, end):
    secret, user = secret_of(browser, alice), {"root": root, "alice": alice}[who]
    if end == "inactive":
        user.is_active = False
        user.save()
    elif end == "inactive unseen":
        _update(user, is_active=False)
    elif end == "gone":
        user.delete()
    else:
        signals.logged_out_everywhere.send(type(user), user=user, reason="lost", credentials=False)
    assert ask(secret).status_code == 401
    row = Impersonation.objects.get()
    assert row.target_name == alice.get_username()


def test_end__by_settings_and_missing_middleware(settings, browser, alice):
    secret = secret_of(browser, alice)
    with_it = settings.MIDDLEWARE
    settings.MIDDLEWARE = [one for one in with_it if "impersonation" not in one]
    assert ask(secret).status_code == 401
    settings.MIDDLEWARE = with_it
    settings.SESSIONAUTH_IMPERSONATION_TOKENS = False
    assert ask(secret).status_code == 401
    settings.SESSIONAUTH_IMPERSONATION_TOKENS = True
    assert ask(secret).status_code == 200
    settings.SESSIONAUTH_IMPERSONATION_ENABLED = False
    assert ask(secret).status_code == 401
    settings.SESSIONAUTH_IMPERSONATION_ENABLED = True
    assert ask(secret).status_code == 401


def test_end__by_a_consent_that_is_taken_back(settings, browser, alice, monkeypatch):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = ["sessionauth.impersonation.guards.target_consented"]
    monkeypatch.setattr(get_user_model(), "allows_impersonation", True, raising=False)
    secret = secret_of(browser, alice)
    assert ask(secret).status_code == 200
    monkeypatch.setattr(get_user_model(), "allows_impersonation", False)
    assert ask(secret).status_code == 401
    assert Impersonation.objects.get().end_reason == "permission_lost"


@pytest.mark.parametrize("where", ["/api/", "/drf/", "/ninja/auth/"])
def test_end__by_whoever_has_it_and_by_whoever_asked_for_it(browser, alice, where):
    secret = secret_of(browser, alice)
    assert ask(secret, f"{where}impersonation/").json()["target"]["display_name"] == alice.get_username()
    assert ask(secret, f"{where}impersonation/", "delete").status_code == 204
    assert ask(secret).status_code == 401
    secret = secret_of(browser, alice)
    headers = {"accept": "application/json", "x-csrftoken": browser.form()}
    assert browser.client.get("/api/impersonation/", headers=headers).json()["active"] is True
    assert browser.client.delete("/api/impersonation/", headers=headers).status_code == 204
    assert browser.client.get("/api/impersonation/", headers=headers).json() == {"active": False}
    assert ask(secret).status_code == 401
    assert set(Impersonation.objects.values_list("end_reason", flat=True)) == {"released"}


def test_end__by_another_one_of_the_same_person(browser, make_user, alice):
    first = secret_of(browser, alice)
    second = secret_of(browser, make_user("bob"))
    assert [ask(first).status_code, ask(second).status_code] == [401, 200]
    browser.start(alice)
    assert ask(second).status_code == 200  # a session is another way, and ends nothing


def test_end__of_the_token_is_that_of_its_row(browser, alice):
    secret_of(browser, alice)
    ImpersonationToken.objects.get().revoke("found in a log")
    assert Impersonation.objects.get().end_reason == "revoked"


def test_nothing_comes_in_its_place(browser, alice):
    secret = secret_of(browser, alice)
    with pytest.raises(NotToBeRotated):
        rotate(ImpersonationToken.objects.get())
    with pytest.raises(InvalidCredential):
        refresh(secret, model=ImpersonationToken)
    assert authenticate(RequestFactory().get("/"), token=secret) is None
    assert ask(secret).status_code == 200


def test_row__without_an_impersonation_is_good_for_nothing(browser, alice):
    row, secret = ImpersonationToken.objects.issue(user=alice)
    assert row.failure() == "unknown"
    assert ask(secret).status_code == 401
