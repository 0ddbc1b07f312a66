"""Ways round what holds while somebody acts as somebody else, tried on the running middleware."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, alogin, get_user_model
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import PasswordChangeView
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, SimpleCookie
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from sessionauth import scopes
from sessionauth.decorators import credential_allowed, impersonation_allowed
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import windows
from sessionauth.models import APIKey, AuthEvent, Impersonation, LoginThrottle
from tests.impersonation import site
from tests.impersonation.conftest import Browser
from tests.impersonation.conftest import _site as _site
from tests.impersonation.conftest import alice as alice
from tests.impersonation.conftest import browser as browser
from tests.impersonation.conftest import root as root

pytestmark = pytest.mark.django_db


async def asign_in(request: HttpRequest) -> HttpResponse:
    user = await get_user_model()._base_manager.aget(pk=request.POST["user"])
    await alogin(request, user, "django.contrib.auth.backends.ModelBackend")
    return HttpResponse("ok")


def refuse(request: HttpRequest) -> HttpResponse:
    return HttpResponseForbidden(f"not for {request.user.get_username()}")


@impersonation_allowed
def flush(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return HttpResponse("ok")


def sign_in_at_once(request: HttpRequest) -> HttpResponse:
    """Sign in as some code does that goes past Django's login()."""
    user = get_user_model()._base_manager.get(pk=request.POST["user"])
    own_hash, backend = user.get_session_auth_hash(), "django.contrib.auth.backends.ModelBackend"
    values = {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: backend, HASH_SESSION_KEY: own_hash}
    if request.POST["how"] == "update":
        request.session.update(values)
    else:
        async_to_sync(request.session.aupdate)(values)
    user_logged_in.send(sender=type(user), request=request, user=user)
    return HttpResponse("ok")


def set_password(request: HttpRequest) -> HttpResponse:
    user = request.user if "user" not in request.POST else get_user_model()._base_manager.get(pk=request.POST["user"])
    user.set_password("mine from now on")
    user.save()
    return HttpResponse("ok")


async def aset_password(request: HttpRequest) -> HttpResponse:
    user = await request.auser()
    user.set_password("mine from now on")
    await user.asave(update_fields=["password"])
    return HttpResponse("ok")


urlpatterns = [
    path("api/", include("sessionauth.api_urls")),
    path("set-password/", set_password),
    path("aset-password/", aset_password),
    *site.urlpatterns,
    path("asign-in/", asign_in),
    path("refuse/", csrf_exempt(credential_allowed(refuse))),
    path("flush/", flush),
    path("sign-in-at-once/", sign_in_at_once),
    path("stock-password/", PasswordChangeView.as_view(success_url="/untouched/")),
    path("anybody/", credential_allowed(site.untouched)),
]


@pytest.fixture(autouse=True)
def _own_urls(settings, _site):
    settings.ROOT_URLCONF = "tests.attacks.test_impersonation"


def test_login__by_django_s_async_function_ends_it_too(browser, alice, make_user):
    bob = make_user("bob")
    row = browser.begin(alice, write=True)
    answer = browser.post("/asign-in/", {"user": bob.pk})
    assert answer.status_code == 200, answer.content
    row.refresh_from_db()
    assert row.end_reason == "login"
    told = browser.who()
    assert (told["user"], told["actor"]) == (bob.get_username(), bob.get_username())


@pytest.mark.parametrize("how", ["update", "aupdate"])
def test_login__that_is_written_into_the_session_at_once_ends_it_too(browser, alice, make_user, how):
    bob = make_user("bob")
    row = browser.begin(alice, write=True)
    assert browser.post("/sign-in-at-once/", {"user": bob.pk, "how": how}).status_code == 200
    row.refresh_from_db()
    assert (row.end_reason, browser.who()["user"]) == ("login", bob.get_username())


def test_logout__by_a_view_that_only_flushes_the_session(browser, root, alice):
    """The target was back on the next page, in a browser that had been told that nobody is there."""
    row = browser.begin(alice)
    assert browser.post("/flush/").status_code == 200
    row.refresh_from_db()
    assert (row.end_reason, browser.who()["user"]) == ("logout", root.get_username())


def test_old_password__is_not_tried_as_somebody_else(browser, alice, settings):
    """Each wrong one counted against the target, until they were locked out; and a right one did not."""
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    browser.begin(alice, write=True)
    answer = browser.post("/stock-password/", {"old_password": "wrong", "new_password1": "x", "new_password2": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "impersonating")
    assert not LoginThrottle.objects.exists()
    assert not AuthEvent.objects.filter(event="confirmation_failed").exists()


@pytest.mark.parametrize(
    "engine", ["django.contrib.sessions.backends.signed_cookies", "sessionauth.sessions.encrypted_cookies"]
)
@pytest.mark.parametrize("moment", ["before the start", "before the end"])
@pytest.mark.parametrize("in_session", [False, True])
def test_cookie__that_holds_the_session_and_comes_again_is_nobody_else_s(
    root, alice, settings, engine, moment, in_session
):
    """The row is the truth: what a cookie from before says of it is not believed, and a form with it does nothing."""
    settings.SESSION_ENGINE, settings.CSRF_USE_SESSIONS = engine, in_session
    browser = Browser()
    browser.client.force_login(root, "django.contrib.auth.backends.ModelBackend")
    before = dict(browser.cookies.items())
    browser.begin(alice, write=True)
    form = browser.form()
    kept = before if moment == "before the start" else dict(browser.cookies.items())
    kept = SimpleCookie({name: one.value for name, one in kept.items()})
    browser.post("/impersonate/stop/", token=form)
    browser.client.cookies = kept
    site.done.clear()
    assert browser.post("/act/", token=form).status_code in (403, 409)
    assert (browser.who()["user"], site.done) == (root.get_username(), [])


def test_token__is_not_issued_by_a_page_of_the_target_after_the_end(browser, root, alice, make_user, settings):
    """It passed for a way to stop, and the check of its own for CSRF read the cookie that came."""
    settings.SESSIONAUTH_IMPERSONATION_TOKENS = True
    row, bob = browser.begin(alice), make_user("bob")
    stale = browser.form()
    Impersonation.objects.get(pk=row.pk).end("revoked")
    data = {"user": bob.get_username(), "reason": "a ticket"}
    post = async_to_sync(browser.client.post) if browser.is_async else browser.client.post
    options = {"content_type": "application/json", "headers": {"X-CSRFToken": stale}}
    statuses = [post("/api/impersonation/", data, **options).status_code for _ in range(2)]
    assert (statuses[0], statuses[1] in (403, 409)) == (409, True)
    assert not Impersonation.objects.filter(target=bob).exists()


@pytest.mark.parametrize("path", ["/set-password/", "/aset-password/"])
def test_password__of_the_target_is_set_by_no_view(browser, alice, password, path):
    """It would let whoever set it in for good, and sign the target out."""
    browser.begin(alice, write=True)
    answer = browser.post(path)
    alice.refresh_from_db()
    assert (answer.status_code, alice.check_password(password)) == (403, True)
    assert browser.who()["user"] == alice.get_username()


def test_password__of_somebody_else_is_the_view_s_own_business(browser, alice, make_user):
    bob = make_user("bob")
    browser.begin(alice, write=True)
    assert browser.post("/set-password/", {"user": bob.pk}).status_code == 200
    bob.refresh_from_db()
    assert bob.check_password("mine from now on")


@pytest.mark.parametrize("ended", [False, True])
def test_program__in_the_browser_of_somebody_who_impersonates(browser, root, alice, ended):
    """Its session was loaded, and a refusal of its own was told as a form that had been made as somebody else."""
    _, secret = APIKey.objects.issue(user=root)
    browser.begin(alice)
    stale = browser.form()
    if ended:
        browser.post("/impersonate/stop/")
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get("/anybody/", **{"X-Api-Key": secret})
    assert (answer.status_code, "Cookie" in answer.headers["Vary"]) == (200, False)
    assert not [query for query in queries if "django_session" in query["sql"]]
    answer = browser.ask("post", "/refuse/", **{"X-CSRFToken": stale, "X-Api-Key": secret})
    assert (answer.status_code, answer.content) == (403, b"not for root")


def test_refusal__of_a_view_that_asks_for_no_token_is_its_own(browser, alice):
    """Its 403 was taken for that of a stale form, and the person told that nothing was done."""
    browser.begin(alice, write=True)
    answer = browser.post("/refuse/", {}, **{"X-CSRFToken": browser.form()})
    assert (answer.status_code, answer.content) == (403, b"not for alice")


def test_read_only__is_told_by_a_view_that_asks_for_no_token(browser, alice):
    browser.begin(alice)
    answer = browser.post("/refuse/", {}, **{"X-CSRFToken": browser.form()})
    assert (answer.status_code, answer.json()["code"]) == (403, "impersonation_read_only")


def test_window__that_ends_while_it_goes_less_far_is_not_used(rf, root, alice, monkeypatch):
    """It would have been handed out as it was before, which is further than this request may go."""
    key, _ = APIKey.objects.issue(user=root, scopes=[scopes.IMPERSONATE])
    windows.enter(rf.get("/"), key, root, alice, "write")
    goes_on = windows._goes_on

    def end_right_after(row, *people):
        answer = goes_on(row, *people)
        Impersonation.objects.get(pk=row.pk).end("revoked")
        return answer

    monkeypatch.setattr(windows, "_goes_on", end_right_after)
    with pytest.raises(ImpersonationDenied) as caught:
        windows.enter(rf.get("/"), key, root, alice, "read")
    assert caught.value.code == "ended"


@pytest.mark.parametrize("method", ["get", "post"])
def test_session_key__with_nul_beside_the_marker_is_nobody_s(browser, method, django_assert_num_queries):
    """PostgreSQL takes it nowhere; a page that looks at nobody was a 500."""
    form = browser.form()
    browser.cookies["sessionid"], browser.cookies["sessionauth_impersonating"] = "a\0bcdefghijklm", "1"
    with django_assert_num_queries(0):
        answer = browser.ask(method, "/untouched/", **{"X-CSRFToken": form})
    assert answer.status_code == 200
    assert answer.cookies["sessionauth_impersonating"]["max-age"] == 0
