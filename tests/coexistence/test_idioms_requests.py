"""Requests made by hand, copied and pickled; errors and streams; Django's other middlewares around ours."""

from __future__ import annotations

import copy
import gzip
import pickle

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory

from sessionauth import decorators, get_auth
from sessionauth.middleware import AuthenticationMiddleware
from tests.coexistence.conftest import request_of, vary

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.coexistence.idioms")]

OURS = "sessionauth.middleware.AuthenticationMiddleware"


def view(request):
    return HttpResponse(get_auth(request).user.get_username())


async def aview(request):
    return HttpResponse("in")


GUARDS = [decorators.login_required, decorators.auth_method_required("external")]


@pytest.mark.parametrize("guard", GUARDS)
def test_request_factory__a_user_set_by_hand_passes(rf, alice, guard):
    request = rf.get("/")
    request.user = alice
    assert guard(view)(request).content == b"alice"


@pytest.mark.parametrize("nobody", [AnonymousUser, None])
def test_request_factory__nobody_is_refused(rf, nobody):
    request = rf.get("/")
    if nobody is not None:
        request.user = nobody()
    assert decorators.login_required(view)(request).status_code == 302


def test_request_factory__a_permission_of_a_user_set_by_hand_counts(rf, alice):
    request = rf.get("/", headers={"Accept": "application/json"})
    request.user = alice
    assert decorators.scope_required("auth.view_group")(view)(request).status_code == 403
    alice.is_superuser = True
    assert decorators.scope_required("auth.view_group")(view)(request).status_code == 200


@pytest.mark.parametrize("how", ["user", "auser", "both"])
def test_async_request_factory__a_user_set_by_hand_passes(alice, how):
    """Django's own async decorators look at auser, so that is what tests of async views set."""
    request = AsyncRequestFactory().get("/")
    set_user(request, alice, how)
    assert async_to_sync(decorators.login_required(aview))(request).content == b"in"


@pytest.mark.parametrize("how", ["user", "auser", "both"])
def test_async_request_factory__nobody_is_refused(how):
    request = AsyncRequestFactory().get("/")
    set_user(request, AnonymousUser(), how)
    assert async_to_sync(decorators.login_required(aview))(request).status_code == 302


def set_user(request, user, how):
    async def auser():
        return user

    if how in ("user", "both"):
        request.user = user
    if how in ("auser", "both"):
        request.auser = auser


def test_bare_request__without_meta_is_nobodys():
    assert get_auth(HttpRequest()).is_anonymous


def test_copied_request__assigning_to_the_copy_leaves_the_original(rf, client, alice, bob):
    """As Wagtail's previews and content management do, before and after somebody looked."""
    request = passed(rf, client, alice)
    copied = copy.copy(request)
    copied.user = bob
    assert (get_auth(copied).user, copied.user) == (bob, bob)
    assert (get_auth(request).user, request.user) == (alice, alice)
    later = copy.copy(request)
    later.user = AnonymousUser()
    assert get_auth(later).is_anonymous
    assert (get_auth(request).user, get_auth(copied).user) == (alice, bob)


def test_copied_request__assigning_to_the_original_leaves_the_copy(rf, client, alice, bob):
    request = passed(rf, client, alice)
    copied = copy.copy(request)
    request.user = bob
    assert (get_auth(request).user, request.user) == (bob, bob)
    assert (get_auth(copied).user, copied.user) == (alice, alice)


def test_pickled_request__comes_back_as_with_django(rf, client, alice):
    """Django's own can be pickled once somebody has looked at the user."""
    request = passed(rf, client, alice)
    assert request.user.is_authenticated
    again = pickle.loads(pickle.dumps(request))  # noqa: S301 - our own
    assert again.user == alice


def test_deep_copied_request__knows_its_user(rf, client, alice):
    request = passed(rf, client, alice)
    assert copy.deepcopy(request).user == alice


def passed(rf, client, user):
    """Return a request of `user` that has been through our middleware and was looked at by nobody."""
    client.force_login(user)
    request = rf.get("/")
    request.session = client.session
    request.COOKIES.update({name: morsel.value for name, morsel in client.cookies.items()})
    AuthenticationMiddleware(lambda request: HttpResponse())(request)
    return request


# Django makes error pages of asynchronous views in a thread with a connection of its own.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("path", "status", "told"), [("/nowhere/", 404, b"Not here, alice."), ("/broken/", 500, b"Sorry, alice.")]
)
def test_error_pages__know_who_asks(browser, alice, path, status, told):
    browser.sign_in(alice)
    response = browser.get(path)
    assert (response.status_code, response.content) == (status, told)
    assert "cookie" in vary(response)


@pytest.mark.parametrize(("path", "status"), [("/nowhere/", 404), ("/broken/", 500)])
def test_error_pages__know_the_owner_of_a_key(browser, alice, key, path, status):
    response = browser.get(path, X_Api_Key=key)
    assert (response.status_code, b"alice" in response.content) == (status, True)
    assert {"authorization", "x-api-key"} <= vary(response)


@pytest.mark.parametrize("path", ["/stream/", "/astream/"])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
def test_streams__may_look_at_the_user_while_they_run(browser, alice, path):
    browser.sign_in(alice)
    response = browser.get(path)
    assert streamed(response) == b"it is alice"


def streamed(response):
    async def collected():
        return b"".join([part async for part in response.streaming_content])

    return async_to_sync(collected)() if response.is_async else b"".join(response.streaming_content)


def test_conditional_get__of_two_people_never_match(browser, alice, bob, settings):
    settings.MIDDLEWARE = ["django.middleware.http.ConditionalGetMiddleware", *settings.MIDDLEWARE]
    browser.sign_in(alice)
    tag = browser.get("/whoami/")["ETag"]
    assert browser.get("/whoami/", If_None_Match=tag).status_code == 304
    assert "cookie" in vary(browser.get("/whoami/", If_None_Match=tag))
    browser.sign_in(bob)
    assert browser.get("/whoami/", If_None_Match=tag).json()["user"] == "bob"


def test_gzip__keeps_our_vary(browser, alice, settings):
    settings.MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", *settings.MIDDLEWARE]
    browser.sign_in(alice)
    response = browser.get("/large/", Accept_Encoding="gzip")
    assert gzip.decompress(response.content) == b"<p>alice</p>" * 100
    assert {"accept-encoding", "cookie"} <= vary(response)


def test_locale__does_not_look_at_anybody(browser, alice, settings, django_assert_num_queries):
    at = settings.MIDDLEWARE.index(OURS)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE]
    settings.MIDDLEWARE.insert(at, "django.middleware.locale.LocaleMiddleware")
    browser.sign_in(alice)
    with django_assert_num_queries(0):
        response = browser.get("/untouched/", Accept_Language="de")
    assert vary(response) == {"accept-language"}


def test_login_required_middleware__lets_in_whom_we_know(browser, alice, key, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    refused = browser.get("/whoami/")
    assert (refused.status_code, refused["Location"]) == (302, "/login/?next=/whoami/")
    assert browser.get("/whoami/", X_Api_Key=key).json()["user"] == "alice"
    assert browser.get("/open/").json()["user"] is None
    assert browser.get("/login/").status_code == 200
    browser.sign_in(alice)
    assert browser.get("/whoami/").json()["user"] == "alice"
    assert browser.get("/awhoami/").json()["user"] == "alice"


def test_every_page__leaves_its_request_with_a_face(browser, alice):
    browser.sign_in(alice)
    request = request_of(browser.get("/untouched/"))
    assert str(request.auth) == "alice"
