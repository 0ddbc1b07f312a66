"""Rows of the list of features that no test of the seeds asks for. Names carry the row: test_row_11_…"""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.hashers import PBKDF2PasswordHasher, identify_hasher, make_password
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import AsyncRequestFactory, RequestFactory
from django.urls import include, path

from sessionauth import InvalidCredential, aauthenticate_request, authenticate_request, crypto
from sessionauth.decorators import anonymous_required, scope_required
from sessionauth.models import AccessToken, APIKey
from tests.conformance.web import Web, basic

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@scope_required("read")
def read(request):
    return HttpResponse("read")


@scope_required("read", "auth.add_user")
async def read_and_add(request):
    return HttpResponse("read and added")


@anonymous_required
def sign_up(request):
    return HttpResponse("sign up")


@anonymous_required(redirect_to="/who/")
async def asign_up(request):
    return HttpResponse("sign up")


@login_not_required
def open_to_all(request):
    return HttpResponse("open")


def keep_this_one(request):
    """Change the password and stay signed in here."""
    request.user.set_password("another")
    request.user.save()
    update_session_auth_hash(request, request.user)
    return HttpResponse()


urlpatterns = [
    path("read/", read),
    path("read-and-add/", read_and_add),
    path("open/", open_to_all),
    path("sign-up/", sign_up),
    path("asign-up/", asign_up),
    path("change/", keep_this_one),
    path("", include("tests.conformance.urls")),
]


def of_the_tenant(request):
    """Users are only those whose e-mail is at the host that is asked for."""
    host = request.headers.get("X-Tenant", "example.org")
    return get_user_model()._default_manager.filter(email__endswith=f"@{host}")


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def test_row_4_scopes__of_a_person_are_their_permissions(web, alice, permit, settings):
    settings.SESSIONAUTH_SCOPES = {"read": ("Read", ["auth.view_user"])}
    web.force_login(alice)
    assert web.program("/read/").status_code == 403
    permit(alice, "auth.view_user")
    assert web.program("/read/").status_code == 200
    assert web.program("/read-and-add/").status_code == 403
    permit(alice, "auth.add_user")
    assert web.program("/read-and-add/").status_code == 200


def test_row_4_scopes__of_a_credential_never_exceed_the_owners(web, make_user, permit, settings):
    settings.SESSIONAUTH_SCOPES = {"read": ("Read", ["auth.view_user"])}
    boss, alice = make_user("boss", is_superuser=True), make_user("alice")
    permit(alice, "auth.view_user")
    expected = {
        (boss, None): (200, 200),
        (boss, ("read",)): (200, 403),
        (boss, ("read", "auth.add_user")): (200, 200),
        (boss, ()): (403, 403),
        (alice, None): (200, 403),
        (alice, ("read", "auth.add_user")): (200, 403),
    }
    for (owner, scopes), statuses in expected.items():
        _, key = APIKey.objects.issue(user=owner, scopes=scopes)
        got = tuple(web.program(page, x_api_key=key).status_code for page in ("/read/", "/read-and-add/"))
        assert (owner, scopes, got) == (owner, scopes, statuses)


def test_row_6_inactive__is_out_from_the_next_request_on(web, alice, password, authenticators):
    authenticators("api_key", "bearer", "basic", "session")
    credentials = [
        {"x_api_key": APIKey.objects.issue(user=alice)[1]},
        {"authorization": "Bearer " + AccessToken.objects.issue(user=alice)[1]},
        {"authorization": basic("alice", password)},
    ]
    web.force_login(alice)
    assert [web.program("/who/", **one).status_code for one in credentials] == [200, 200, 200]
    assert web.who() == "alice"

    get_user_model().objects.update(is_active=False)
    assert [web.program("/who/", **one).status_code for one in credentials] == [401, 401, 401]
    assert web.who() is None
    get_user_model().objects.update(is_active=True)
    assert web.who() is None  # and the session does not come back to life


def test_row_9_a_name_that_means_two_accounts_means_none(web, make_user, password, settings):
    settings.SESSIONAUTH_LOGIN_FIELDS = ["username", "email"]
    make_user("alice")
    make_user("bob", email="alice")
    web.log_in("alice", password)
    assert web.who() is None


def test_row_11_the_lookup_gets_the_request(web, alice, password, settings, authenticators):
    settings.SESSIONAUTH_USER_QUERYSET = f"{__name__}.of_the_tenant"
    authenticators("api_key", "bearer", "basic", "session")
    web.force_login(alice)
    ways_in = [
        {},
        {"x_api_key": APIKey.objects.issue(user=alice)[1]},
        {"authorization": "Bearer " + AccessToken.objects.issue(user=alice)[1]},
        {"authorization": basic("alice", password)},
    ]
    assert [web.auth(**one).user for one in ways_in] == [alice] * 4
    there = [web.get("/who/", headers={"X-Tenant": "example.net", **dashed(one)}) for one in ways_in]
    assert [one.json().get("user") for one in there] == [None] * 4
    assert web.who() == "alice"


def dashed(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


class OldHasher(PBKDF2PasswordHasher):
    algorithm = "old"
    iterations = 5


@pytest.mark.parametrize("way", ["form", "basic"])
def test_row_13_an_old_hash_is_renewed_by_a_right_password(web, alice, settings, authenticators, way):
    authenticators("basic", "session")
    settings.PASSWORD_HASHERS = [*settings.PASSWORD_HASHERS, f"{__name__}.OldHasher"]
    get_user_model().objects.update(password=make_password("secret", hasher="old"))
    for password in ("wrong", "secret"):
        if way == "form":
            web.log_in("alice", password)
        else:
            web.get("/who/", headers={"Authorization": basic("alice", password)})
        alice.refresh_from_db()
        assert (identify_hasher(alice.password).algorithm == "old") is (password == "wrong")
    assert web.log_in("alice", "secret").status_code == 302


def test_row_14_the_user_is_read_anew_on_every_request(web, alice):
    web.force_login(alice)
    assert web.who() == "alice"
    get_user_model().objects.update(username="alice-liddell")
    assert web.who() == "alice-liddell"


def test_row_22_asking_by_hand(alice, web):
    _, key = APIKey.objects.issue(user=alice)
    factory = AsyncRequestFactory() if web.asgi else RequestFactory()
    ask = _aask if web.asgi else authenticate_request

    request = factory.get("/", headers={"X-Api-Key": key})
    assert ask(request).user == alice
    assert not hasattr(request, "user")
    assert ask(factory.get("/")) is None
    with pytest.raises(InvalidCredential):
        ask(factory.get("/", headers={"X-Api-Key": key[:-1]}))


def _aask(request):
    return async_to_sync(aauthenticate_request)(request)


def test_row_30_views_opt_out_one_by_one(web, settings):
    settings.SESSIONAUTH_ON_FAILURE = "raise"
    assert web.program("/open/").status_code == 200
    assert web.program("/who/").status_code == 401


def test_row_30_djangos_login_required_middleware(web, alice, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    browser = Web(asgi=web.asgi)
    assert browser.get("/who/").status_code == 302
    assert browser.get("/open/").status_code == 200
    browser.force_login(alice, method="api_key")
    assert browser.get("/who/").status_code == 200


@pytest.mark.parametrize(("page", "elsewhere"), [("/sign-up/", "/whoami/"), ("/asign-up/", "/who/")])
def test_row_36_pages_for_nobody(web, alice, page, elsewhere):
    assert web.get(page).status_code == 200
    web.force_login(alice)
    sent = web.get(page)
    assert (sent.status_code, sent.headers["Location"]) == (302, elsewhere)
    assert web.program(page).status_code == 403


def test_row_49_another_users_session_is_emptied_at_login(web, make_user, password):
    alice, bob = make_user("alice"), make_user("bob")
    web.force_login(alice)
    session = web.session
    session["basket"] = ["looking-glass"]
    session.save()
    web.log_in("bob", password)
    assert web.auth().user == bob
    assert "basket" not in web.session
    assert not Session.objects.filter(session_key=session.session_key).exists()


def test_row_52_a_password_change_ends_the_other_sessions(web, other_web, alice):
    web.force_login(alice)
    other_web.force_login(alice)
    assert web.get("/change/").status_code == 200
    assert web.who() == "alice"
    assert other_web.who() is None


def test_row_99_sessions_outlive_a_rotated_secret_key(web, alice, settings):
    web.force_login(alice)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the next one, the next one, the next one, the next one"
    auth = web.auth()
    assert (auth.user, auth.is_fresh) == (alice, True)
    settings.SECRET_KEY_FALLBACKS = []
    assert web.who() == "alice"  # renewed with the new key, so that the old one can go


def test_row_N2_the_csrf_token_changes_at_login(web, alice, password):
    browser = Web(asgi=web.asgi)
    browser.get("/login/")
    before = browser.cookies["csrftoken"].value
    browser.log_in("alice", password)
    assert browser.cookies["csrftoken"].value != before


def test_row_TK04_secrets_carry_enough_chance():
    made = {crypto.new_secret("sa", "key") for _ in range(1_000)}
    assert len(made) == 1_000
    bodies = [secret.removeprefix("sa_key_")[:-6] for secret in made]
    assert {len(body) for body in bodies} == {32}
    assert len(set("".join(bodies))) == 62  # 62 ** 32 is more than 190 bits


def test_row_TK22_a_credential_without_the_scope(web, alice, settings):
    settings.SESSIONAUTH_SCOPES = {"read": ("Read", []), "other": ("Do something else", [])}
    _, token = AccessToken.objects.issue(user=alice, scopes=["other"])
    refused = web.program("/read/", authorization=f"Bearer {token}")
    assert refused.status_code == 403
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert (refused.json()["code"], refused.json()["scope"]) == ("insufficient_scope", "read")
    assert 'Bearer realm="api", error="insufficient_scope", scope="read"' in refused.headers["WWW-Authenticate"]


def test_row_TK38_errors_of_rfc_6750(web, alice, authenticators):
    authenticators("bearer")
    _, token = AccessToken.objects.issue(user=alice)
    other = crypto.new_secret("sa", "pat")
    nothing_sent = web.program("/secret/")
    assert (nothing_sent.status_code, nothing_sent.headers["WWW-Authenticate"]) == (401, 'Bearer realm="api"')
    unknown = web.program("/who/", authorization=f"Bearer {other}")
    assert unknown.status_code == 401
    assert unknown.headers["WWW-Authenticate"].startswith('Bearer realm="api", error="invalid_token"')
    authenticators("bearer", "api_key")
    several = web.program("/who/", authorization=f"Bearer {token}", x_api_key=other)
    assert several.status_code == 400
    assert 'error="invalid_request"' in several.headers["WWW-Authenticate"]
