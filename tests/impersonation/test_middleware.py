"""Acting as somebody else, request by request."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.contrib.auth.signals import user_logged_in
from django.utils import timezone

from sessionauth.impersonation.middleware import MARKER
from sessionauth.models import APIKey, Impersonation, LoginSession, RememberToken
from tests.asking import counted
from tests.impersonation import site
from tests.impersonation.conftest import IMPERSONATION, Browser

pytestmark = pytest.mark.django_db

ENGINES = [
    "django.contrib.sessions.backends.db",
    "django.contrib.sessions.backends.cache",
    "django.contrib.sessions.backends.cached_db",
    "django.contrib.sessions.backends.signed_cookies",
]


def reason_of(row):
    return Impersonation.objects.values_list("end_reason", flat=True).get(pk=row.pk)


def test_start__the_next_request_is_the_target_s(browser, root, alice):
    row = browser.begin(alice)
    names = root.get_username(), alice.get_username()
    assert browser.who() == {
        "user": names[1],
        "auth": names[1],
        "actor": names[0],
        "original": names[0],
        "state": "impersonator",
        "fresh": False,
        "impersonation": str(row.pk),
        "current": str(row.pk),
    }


def test_start__signs_nobody_in(browser, alice):
    told = []
    user_logged_in.connect(lambda **facts: told.append(facts), weak=False, dispatch_uid="told")
    try:
        browser.begin(alice)
        browser.who()
    finally:
        user_logged_in.disconnect(dispatch_uid="told")
    alice.refresh_from_db()
    assert (told, alice.last_login) == ([], None)
    assert not LoginSession.objects.filter(user=alice).exists()


@pytest.fixture
def _writing(settings):
    settings.SESSIONAUTH_IMPERSONATION_READ_ONLY = False


@pytest.mark.usefixtures("_writing")
def test_stop(browser, root, alice):
    row = browser.begin(alice)
    assert browser.post("/impersonate/stop/").content.decode() == f"True {root.get_username()}"
    assert browser.who()["user"] == root.get_username()
    assert browser.who()["state"] == "fresh"
    assert reason_of(row) == "released"
    assert not browser.cookies[MARKER].value
    assert browser.post("/impersonate/stop/").content.decode() == f"False {root.get_username()}"


@pytest.mark.usefixtures("_writing")
def test_act__as_the_target(browser, alice):
    browser.begin(alice)
    for path in ("/act/", "/aact/", "/act-unprotected/"):
        assert browser.post(path).status_code == 200
    assert site.done == [alice.get_username()] * 3


# ---- forms of other times


@pytest.mark.usefixtures("_writing")
@pytest.mark.parametrize("path", ["/act/", "/act-unprotected/"])
@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("in_session", [False, True])
@pytest.mark.parametrize("end", ["elsewhere", "expired", "target gone", "actor demoted"])
def test_form__made_as_the_target_and_posted_after_the_end(
    browser, root, alice, settings, path, marked, in_session, end
):
    settings.CSRF_USE_SESSIONS = in_session
    row = browser.begin(alice)
    token = browser.form()
    if end == "elsewhere":
        row.end("revoked")
    elif end == "expired":
        row.change(expires_at=timezone.now())
    elif end == "target gone":
        alice.delete()
    else:
        type(root).objects.filter(pk=root.pk).update(is_superuser=False)
    if not marked:
        del browser.cookies[MARKER]
    assert browser.post(path, token=token).status_code == 409
    assert site.done == []
    assert browser.who()["user"] == root.get_username()
    assert browser.post(path, token=token).status_code in ((409,) if path == "/act/" else (409, 200))
    assert alice.get_username() not in site.done
    assert reason_of(row)


@pytest.mark.usefixtures("_writing")
@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("in_session", [False, True])
def test_form__made_as_the_target_and_posted_after_a_stop_in_another_tab(browser, alice, settings, marked, in_session):
    settings.CSRF_USE_SESSIONS = in_session
    browser.begin(alice)
    token = browser.form()
    browser.post("/impersonate/stop/")
    if marked:
        browser.cookies[MARKER] = "1"
    assert browser.post("/act/", token=token).status_code == 409
    assert site.done == []


@pytest.mark.usefixtures("_writing")
@pytest.mark.parametrize("in_session", [False, True])
def test_form__made_as_the_actor_and_posted_as_the_target(browser, alice, settings, in_session):
    settings.CSRF_USE_SESSIONS = in_session
    token = browser.form()
    browser.begin(alice)
    assert browser.post("/act/", token=token).status_code == 403
    assert site.done == []


@pytest.mark.usefixtures("_writing")
def test_form__made_as_the_actor_where_the_answer_to_the_start_was_lost(browser, alice):
    token, before = browser.form(), {name: morsel.value for name, morsel in browser.cookies.items()}
    browser.begin(alice)
    browser.cookies["csrftoken"] = before["csrftoken"]
    assert browser.post("/act/", token=token).status_code == 409
    assert site.done == []
    assert browser.post("/act/").status_code == 200


def test_form__of_one_impersonation_in_another(browser, alice, make_user, settings):
    settings.SESSIONAUTH_IMPERSONATION_READ_ONLY = False
    browser.begin(alice)
    token = browser.form()
    browser.post("/impersonate/stop/")
    browser.begin(make_user("bob"))
    assert browser.post("/act/", token=token).status_code == 409
    assert site.done == []


# ---- without the marker


def test_without_marker__the_session_says_who(browser, alice):
    row = browser.begin(alice)
    del browser.cookies[MARKER]
    assert browser.who()["user"] == alice.get_username()
    assert browser.cookies[MARKER].value == str(row.pk)


@pytest.mark.parametrize("path", ["/act/", "/aact/", "/act-unprotected/"])
def test_without_marker__nothing_is_done(browser, alice, path):
    """A curl with the session alone, and a CSRF secret of its own, neither writes as the target nor as the actor."""
    browser.begin(alice)
    del browser.cookies[MARKER]
    browser.cookies["csrftoken"] = "a" * 32
    browser.post(path, token="a" * 32)
    assert set(site.done) <= {"nobody"}


def test_without_marker__a_page_of_the_account_is_nobody_s(browser, alice):
    browser.begin(alice)
    del browser.cookies[MARKER]
    assert browser.get("/account/devices/").status_code in (302, 401, 403)


# ---- what ends it


def _password(user):
    user.set_password("another one")
    user.save()


ENDS = {
    "revoked": lambda row, root, alice: row.end("revoked"),
    "expired": lambda row, root, alice: row.change(expires_at=timezone.now()),
    "idle": lambda row, root, alice: row.change(last_seen_at=timezone.now() - timedelta(minutes=15)),
    "permission_lost": lambda row, root, alice: type(root).objects.filter(pk=root.pk).update(is_superuser=False),
    "target_changed": lambda row, root, alice: _password(alice),
}


@pytest.mark.parametrize("reason", ENDS)
def test_end__the_first_request_is_told(browser, root, alice, reason):
    row = browser.begin(alice)
    ENDS[reason](row, root, alice)
    answer = browser.get("/who/")
    assert (answer.status_code, answer.json()["code"]) == (409, "impersonation_ended")
    assert browser.who()["user"] == root.get_username()
    assert reason_of(row) == reason
    assert Impersonation.objects.filter(ended_at=None).count() == 0


@pytest.mark.parametrize("how", ["deactivated", "deleted", "everywhere"])
def test_end__of_the_target(browser, root, alice, how):
    row = browser.begin(alice)
    if how == "deactivated":
        type(alice).objects.filter(pk=alice.pk).update(is_active=False)
    elif how == "deleted":
        alice.delete()
    else:
        from sessionauth import logout_everywhere

        logout_everywhere(alice)
    assert browser.get("/who/").status_code == 409
    assert browser.who()["user"] == root.get_username()
    assert reason_of(row) == "target_changed"


@pytest.mark.parametrize("how", ["password", "password by update", "deactivated", "everywhere", "deleted"])
def test_end__of_the_actor(browser, root, alice, how):
    row = browser.begin(alice)
    if how == "password":
        _password(root)
    elif how == "password by update":
        type(root).objects.filter(pk=root.pk).update(password="!")
    elif how == "deactivated":
        type(root).objects.filter(pk=root.pk).update(is_active=False)
    elif how == "deleted":
        root.delete()
    else:
        from sessionauth import logout_everywhere

        logout_everywhere(root)
    assert browser.who()["user"] is None
    assert reason_of(row) == "actor_changed"


def test_end__the_switch(browser, root, alice, settings):
    row = browser.begin(alice)
    settings.SESSIONAUTH_IMPERSONATION_ENABLED = False
    assert browser.get("/who/").status_code == 409
    assert browser.who()["user"] == root.get_username()
    assert reason_of(row) == "revoked"


def test_end__of_a_guard_that_the_project_has_set_since(browser, root, alice, settings):
    row = browser.begin(alice)
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = ["sessionauth.impersonation.guards.allowed_networks"]
    assert browser.get("/who/").status_code == 409
    assert browser.who()["user"] == root.get_username()
    assert reason_of(row) == "permission_lost"


def test_end__of_the_time_nobody_used_it_does_nothing_of_a_form(browser, root, alice):
    row = browser.begin(alice)
    token = browser.form()
    row.change(last_seen_at=timezone.now() - timedelta(minutes=15), mode="write")
    assert browser.post("/act/", token=token).status_code == 409
    assert site.done == []
    assert browser.who()["user"] == root.get_username()
    assert reason_of(row) == "idle"


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_end__of_a_permission(make_user, alice, is_async):
    helper = make_user("helper")
    helper.user_permissions.set(Permission.objects.filter(codename__startswith="impersonate"))
    browser = Browser(is_async)
    browser.client.force_login(helper, "django.contrib.auth.backends.ModelBackend")
    row = browser.begin(alice)
    assert browser.who()["user"] == alice.get_username()
    helper.user_permissions.clear()
    assert browser.get("/who/").status_code == 409
    assert reason_of(row) == "permission_lost"
    helper.user_permissions.set(Permission.objects.filter(codename__startswith="impersonate"))
    assert browser.who()["user"] == helper.get_username()


# ---- signing out and in


def test_logout__stops(browser, root, alice):
    row = browser.begin(alice)
    assert browser.post("/logout/").status_code == 302
    assert browser.who()["user"] == root.get_username()
    assert reason_of(row) == "logout"


@pytest.mark.usefixtures("_writing")
def test_logout__by_a_view_of_one_s_own(browser, root, alice):
    row = browser.begin(alice)
    assert browser.post("/sign-out/").content == b"nobody"
    assert browser.who()["user"] == root.get_username()
    assert reason_of(row) == "logout"


@pytest.mark.usefixtures("_writing")
@pytest.mark.parametrize("who", ["alice", "bob", "root"])
def test_login__stops_and_signs_in(browser, root, alice, make_user, who):
    bob = make_user("bob")
    user = {"alice": alice, "bob": bob, "root": root}[who]
    browser.get("/cart/?put=roots")
    row = browser.begin(alice)
    browser.get("/cart/?put=alices")
    sid = LoginSession.objects.get(user=root).sid
    assert browser.post("/sign-in/", {"user": user.pk}).status_code == 200
    told = browser.who()
    assert (told["user"], told["original"], told["state"]) == (user.get_username(), None, "fresh")
    assert reason_of(row) == "login"
    assert LoginSession.objects.get(sid=sid).is_revoked
    assert browser.get("/cart/").json() == {"cart": None}


@pytest.mark.parametrize("path", ["/login/", "/account/login/"])
def test_login__by_a_form(browser, root, alice, make_user, password, path):
    bob = make_user("bob")
    browser.begin(alice)
    credentials = {"username": bob.get_username(), "password": password}
    assert browser.post(path, credentials, accept="text/html").status_code == 302
    told = browser.who()
    assert (told["user"], told["original"]) == (bob.get_username(), None)
    assert LoginSession.objects.get(user=root).is_revoked
    assert not LoginSession.objects.get(user=bob).is_revoked


# ---- sessions apart


@pytest.mark.usefixtures("_writing")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("in_session", [False, True])
def test_cart__neither_sees_the_other_s(root, alice, settings, engine, in_session):
    settings.SESSION_ENGINE, settings.CSRF_USE_SESSIONS = engine, in_session
    browser = Browser()
    browser.client.force_login(root, "django.contrib.auth.backends.ModelBackend")
    browser.get("/cart/?put=roots")
    row = browser.begin(alice)
    assert browser.get("/cart/").json() == {"cart": None}
    browser.get("/cart/?put=alices")
    assert browser.get("/cart/").json() == {"cart": "alices"}
    assert "alices" not in Impersonation.objects.get().session_data.replace("roots", "")
    browser.post("/impersonate/stop/")
    assert browser.get("/cart/").json() == {"cart": "roots"}
    row.refresh_from_db()
    assert row.session_data == ""
    browser.begin(alice)
    assert browser.get("/cart/").json() == {"cart": None}


def test_cart__of_one_row_is_nothing_to_another(browser, alice):
    row = browser.begin(alice)
    browser.get("/cart/?put=alices")
    text = Impersonation.objects.get(pk=row.pk).session_data
    assert text
    row.end("revoked")
    browser.get("/who/")
    other = browser.begin(alice)
    other.change(session_data=text)
    assert browser.get("/cart/").json() == {"cart": None}


# ---- read-only, and where nobody goes


@pytest.mark.parametrize("path", ["/act/", "/aact/", "/act-unprotected/"])
def test_read_only(browser, alice, path):
    browser.begin(alice)
    answer = browser.post(path)
    assert (answer.status_code, answer.json()["code"]) == (403, "impersonation_read_only")
    assert site.done == []


@pytest.mark.usefixtures("_writing")
@pytest.mark.parametrize("path", ["/account/devices/", "/account/password/", "/account/keys/", "/admin/"])
def test_forbidden(browser, alice, path):
    browser.begin(alice)
    answer = browser.get(path)
    assert (answer.status_code, answer.json()["code"]) == (403, "impersonating")
    assert browser.get(path, accept="text/html").status_code == 403


# ---- what it costs


def test_cost__nothing_where_nobody_impersonates(browser):
    with counted() as statements:
        answer = browser.get("/untouched/")
    assert (statements, answer.has_header("Vary"), answer.has_header("Cache-Control")) == ([], False, False)


def test_cost__three_queries_at_most(root, alice):
    browser = Browser()
    browser.client.force_login(root, "django.contrib.auth.backends.ModelBackend")
    browser.begin(alice)
    browser.who()
    with counted() as statements:
        browser.who()
    assert len(statements) <= 3, statements


def test_answers__are_private(browser, alice):
    browser.begin(alice)
    answer = browser.get("/untouched/")
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    assert "Cookie" in answer["Vary"]


def test_marker__alone_is_nothing(browser, root):
    browser.cookies[MARKER] = "1"
    assert browser.who()["user"] == root.get_username()
    assert not browser.cookies[MARKER].value


@pytest.mark.parametrize("claim", ["no-uuid", "00000000-0000-4000-8000-000000000000", 7, ["x"], {"a": 1}])
def test_claim__that_leads_nowhere(root, alice, claim):
    browser = Browser()
    browser.client.force_login(root, "django.contrib.auth.backends.ModelBackend")
    browser.put(impersonation=claim)
    browser.cookies[MARKER] = "1"
    assert browser.get("/who/").status_code == 409
    assert browser.who()["user"] == root.get_username()


def test_claim__of_somebody_else_s(browser, root, alice, make_user):
    row = browser.begin(alice)
    other = Browser()
    other.client.force_login(make_user("eve", is_superuser=True), "django.contrib.auth.backends.ModelBackend")
    other.put(impersonation=str(row.pk))
    assert "eve" in other.who()["user"]
    assert reason_of(row) == ""
    assert browser.who()["user"] == alice.get_username()


def test_guard__may_look_at_the_request_s_user(browser, root, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = [f"{__name__}.actor_is_there"]
    browser.begin(alice)
    assert browser.who()["user"] == alice.get_username()
    del browser.cookies[MARKER]
    assert browser.who()["user"] == alice.get_username()


def actor_is_there(request, *, actor, target):
    return request.user == actor and request.user.is_superuser


def eager(get_response):
    """A middleware that looks who is there, before ours or after."""

    def middleware(request):
        assert request.user.is_authenticated
        return get_response(request)

    return middleware


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("marked", [True, False])
def test_middleware__that_looks_in_between(root, alice, settings, place, marked):
    at = settings.MIDDLEWARE.index(IMPERSONATION) + place
    browser = Browser()
    browser.client.force_login(root, "django.contrib.auth.backends.ModelBackend")
    browser.begin(alice)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:at], f"{__name__}.eager", *settings.MIDDLEWARE[at:]]
    browser.client.handler.load_middleware()
    if not marked:
        browser.cookies.pop(MARKER, None)
    assert browser.who()["user"] == alice.get_username()
    browser.post("/act/")
    assert site.done == []


@pytest.mark.usefixtures("_writing")
def test_credentials__none_is_issued_meanwhile(browser, alice):
    browser.begin(alice)
    answer = browser.post("/issue/")
    assert (answer.status_code, APIKey.objects.count()) == (403, 0)


@pytest.mark.usefixtures("_writing")
@pytest.mark.parametrize("path", ["/mine/", "/mine-too/", "/amine/"])
def test_forbid_impersonation(browser, alice, path):
    assert browser.get(path).status_code == 200
    browser.begin(alice)
    answer = browser.get(path)
    assert (answer.status_code, answer.json()["code"]) == (403, "impersonating")
    assert browser.get(path, accept="text/html").status_code == 403
    del browser.cookies[MARKER]
    assert browser.get(path).status_code == 403


@pytest.mark.parametrize("path", ["/search/", "/search-too/"])
def test_impersonation_allowed(browser, alice, path):
    browser.begin(alice)
    assert browser.post(path).content.decode() == alice.get_username()


def test_read_only__upgrade_and_stop(browser, root, alice):
    row = browser.begin(alice, write=True)
    row.refresh_from_db()
    assert row.mode == "write"
    assert browser.post("/act/").status_code == 200
    assert site.done == [alice.get_username()]
    assert browser.post("/impersonate/stop/").content.decode() == f"True {root.get_username()}"


@pytest.mark.usefixtures("_writing")
def test_answers__are_pages_for_people(browser, alice):
    row = browser.begin(alice)
    for path in ("/admin/", "/account/keys/"):
        answer = browser.get(path, accept="text/html")
        assert (answer.status_code, answer["Content-Type"]) == (403, "text/html; charset=utf-8")
        assert "Stop acting as somebody else" in answer.content.decode()
    token = browser.form()
    row.end("revoked")
    answer = browser.post("/act/", token=token, accept="text/html")
    assert (answer.status_code, answer["Content-Type"]) == (409, "text/html; charset=utf-8")
    assert "Nothing was done." in answer.content.decode()
    answer = browser.post("/act/", token=token, accept="text/html")
    assert (answer.status_code, answer["Content-Type"]) == (409, "text/html; charset=utf-8")
    assert site.done == []


@pytest.mark.usefixtures("_writing")
@pytest.mark.parametrize("path", ["/act/", "/act-unprotected/"])
def test_form__made_as_the_target_where_the_answer_that_told_of_the_end_was_lost(browser, alice, path):
    row = browser.begin(alice)
    token, secret = browser.form(), browser.cookies["csrftoken"].value
    row.end("revoked")
    assert browser.get("/who/").status_code == 409
    browser.cookies["csrftoken"] = secret
    assert browser.post(path, token=token).status_code == 409
    assert site.done == []


@pytest.mark.usefixtures("_writing")
@pytest.mark.parametrize("path", ["/act/", "/act-unprotected/"])
def test_without_marker__after_the_end_nothing_is_done_as_the_actor(browser, root, alice, path):
    row = browser.begin(alice)
    row.end("revoked")
    del browser.cookies[MARKER]
    browser.cookies["csrftoken"] = "a" * 32
    browser.post(path, token="a" * 32)
    assert root.get_username() not in site.done


@pytest.mark.parametrize(
    ("path", "who"), [("/login/", "root"), ("/account/login/", "root"), ("/account/login/", "bob")]
)
def test_login__without_the_marker(browser, root, alice, make_user, password, path, who):
    user = root if who == "root" else make_user("bob")
    row = browser.begin(alice)
    del browser.cookies[MARKER]
    browser.cookies["csrftoken"] = "a" * 32
    credentials = {"username": user.get_username(), "password": password}
    assert browser.post(path, credentials, token="a" * 32, accept="text/html").status_code == 302
    told = browser.who()
    assert (told["user"], told["original"], told["state"]) == (user.get_username(), None, "fresh")
    assert reason_of(row) == "login"


def test_logout__without_the_marker_signs_the_actor_out(browser, alice):
    row = browser.begin(alice)
    del browser.cookies[MARKER]
    browser.cookies["csrftoken"] = "a" * 32
    browser.post("/logout/", token="a" * 32)
    assert browser.who()["user"] in (None, alice.get_username())
    assert browser.who()["user"] is None or reason_of(row) == ""


def test_logout__leaves_the_browser_of_the_actor_remembered(root, alice, password):
    browser = Browser()
    credentials = {"username": root.get_username(), "password": password, "remember": "on"}
    assert browser.post("/account/login/", credentials, accept="text/html").status_code == 302
    assert RememberToken.objects.filter(revoked_at=None).count() == 1
    browser.begin(alice)
    browser.post("/logout/")
    assert browser.who()["user"] == root.get_username()
    assert RememberToken.objects.filter(revoked_at=None).count() == 1
