"""How far a program's credential gets: a restricted one to no view that states no scope, none to the admin."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import AsyncClient
from django.urls import URLPattern, URLResolver

from sessionauth.models import AccessToken, APIKey
from tests.asking import Sent, ask
from tests.attacks import places
from tests.attacks.places import ALLOWED, FOR_PEOPLE, SCOPE, STATED, UNSTATED

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.attacks.places")]

CALLBACK = "sessionauth.authenticators.callback.CallbackAuthenticator"
EAGER = {
    "NAME": CALLBACK,
    "OPTIONS": {"callback": "tests.attacks.places.restricted_callback", "ambient": False, "vary": ["X-Pass"]},
}
LAZY = {"NAME": CALLBACK, "OPTIONS": {"callback": "tests.attacks.places.restricted_callback", "vary": ["X-Pass"]}}
QUERY = {"NAME": "sessionauth.authenticators.api_key.APIKeyAuthenticator", "OPTIONS": {"query_param": "api_key"}}
PROGRAMS = [
    "sessionauth.authenticators.token.BearerAuthenticator",
    "sessionauth.authenticators.token.TokenAuthenticator",
    QUERY,
]
SESSION = "sessionauth.authenticators.session.SessionAuthenticator"


@pytest.fixture
def root(make_user):
    return make_user("root", is_staff=True, is_superuser=True)


def key(user, scopes):
    return APIKey.objects.issue(user=user, scopes=scopes)[1]


def token(user, scopes):
    return AccessToken.objects.issue(user=user, scopes=scopes)[1]


CARRIERS = {
    "bearer": lambda user, scopes: Sent({"Authorization": f"Bearer {token(user, scopes)}"}),
    "token": lambda user, scopes: Sent({"Authorization": f"Token {token(user, scopes)}"}),
    "api_key": lambda user, scopes: Sent({"X-Api-Key": key(user, scopes)}),
    "query": lambda user, scopes: Sent(query=f"api_key={key(user, scopes)}"),
    "callback": lambda user, scopes: Sent({"X-Pass": " ".join(scopes)}),
}


@pytest.fixture(params=["bearer", "token", "api_key", "query", "callback"])
def carrier(request, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [*PROGRAMS, EAGER, SESSION]
    return CARRIERS[request.param]


def admin_paths(prefix, patterns):
    """Yield a path for every page below `patterns`, with 1 wherever a page wants an argument."""
    for pattern in patterns:
        own = prefix + re.sub(r"<[^>]+>|\(\?P<[^>]+>[^)]*\)", "1", str(pattern.pattern)).strip("^$")
        if isinstance(pattern, URLResolver):
            yield from admin_paths(own, pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield own


ADMIN = sorted(
    set(admin_paths("/admin/", admin.site.get_urls())) | {"/admin/nonsense/", "/backoffice/", "/nested/admin/"}
)


def test_admin_paths__are_all_there():
    assert {"/admin/", "/admin/password_change/", "/admin/auth/user/1/change/", "/admin/jsi18n/"} <= set(ADMIN)
    assert len(ADMIN) > 20


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
@pytest.mark.parametrize("scopes", [[], [SCOPE]], ids=["nothing", "one"])
def test_restricted__reaches_no_view_that_states_no_scope(scopes, way, carrier, root):
    sent = carrier(root, scopes)
    for name in (*UNSTATED, *FOR_PEOPLE):
        answer = ask(way, f"/{name}/", sent)
        assert answer.status == 403, (name, answer)
        assert b"root" not in answer.body
        assert not answer.sets_cookies


@pytest.mark.parametrize("path", ["/api/users/", "/api/users/1/", "/api/things/"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_restricted__reaches_no_viewset_by_any_method(path, method, carrier, root):
    assert ask("wsgi", path, carrier(root, [SCOPE]), method).status in (403, 405)
    assert get_user_model().objects.filter(pk=root.pk).exists()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "NONSENSE"])
def test_restricted__reaches_no_view_by_any_method(method, root):
    sent = CARRIERS["api_key"](root, [])
    for name in ("plain", "page", "api", "our_login_required", "scope", "ascope", "scope_page"):
        answer = ask("wsgi", f"/{name}/", sent, method)
        assert b"on behalf of <root>" not in answer.body, (name, answer)


@pytest.mark.parametrize("scopes", [None, [], [SCOPE]], ids=["unrestricted", "nothing", "one"])
def test_admin__takes_no_programs_credential(scopes, carrier, root):
    if scopes is None and carrier is CARRIERS["callback"]:
        pytest.skip("the callback of this test restricts")
    sent = carrier(root, scopes)
    for path in ADMIN:
        answer = ask("wsgi", path, sent)
        assert (path, answer.status) == (path, 403)
        assert b"root" not in answer.body


def test_admin__takes_no_password_by_basic(settings, root, password):
    settings.SESSIONAUTH_AUTHENTICATORS = ["sessionauth.authenticators.basic.BasicAuthenticator", SESSION]
    header = Sent({"Authorization": "Basic cm9vdDpjb3JyZWN0IGhvcnNlIGJhdHRlcnkgc3RhcGxl"})
    assert b"<root>" in ask("wsgi", "/plain/", header).body
    assert {ask("wsgi", path, header).status for path in ADMIN} == {403}


@pytest.mark.parametrize("name", FOR_PEOPLE)
def test_unrestricted__reaches_no_page_where_people_manage_accounts(name, root):
    for one in ("bearer", "api_key"):
        assert ask("wsgi", f"/{name}/", CARRIERS[one](root, None)).status == 403


@pytest.mark.parametrize(
    "name",
    [name for name in UNSTATED if name not in ("raising", "denying", "missing", "redirect", "staff_member_required")],
)
def test_unrestricted__reaches_every_other_view(name, root):
    """Also says that these views would have told on whose behalf they ran."""
    answer = ask("wsgi", f"/{name}/", CARRIERS["api_key"](root, None))
    assert b"root" in answer.body


def test_stated__is_reached_with_the_scope_and_not_without(carrier, root):
    good, bad = carrier(root, [SCOPE]), carrier(root, ["auth.add_user"])
    for name in STATED:
        for way in ("wsgi", "asgi"):
            assert b"on behalf of <root>" in ask(way, f"/{name}/", good).body, name
            answer = ask(way, f"/{name}/", bad)
            assert (answer.status, b"root" in answer.body) == (403, False), name
            told = carrier is CARRIERS["callback"] or 'error="insufficient_scope"' in answer.header("WWW-Authenticate")
            assert told, name  # a callback has no scheme to name it in


def test_stated__is_not_reached_with_a_scope_that_the_owner_does_not_hold(make_user):
    sent = CARRIERS["api_key"](make_user("eve"), [SCOPE])
    assert {ask("wsgi", f"/{name}/", sent).status for name in STATED} == {403}


def test_allowed__is_reached_with_any_scope_or_none(carrier, root):
    for name in ALLOWED:
        for way in ("wsgi", "asgi"):
            assert b"on behalf of <root>" in ask(way, f"/{name}/", carrier(root, [])).body, name


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_lazily__a_restricted_credential_is_nobodys_outside_of_views_that_state_a_scope(way, settings, root):
    settings.SESSIONAUTH_AUTHENTICATORS = [LAZY, SESSION]
    sent = Sent({"X-Pass": SCOPE})
    for name in (*UNSTATED, *FOR_PEOPLE):
        assert b"root" not in ask(way, f"/{name}/", sent).body, name
    for path in ("/api/users/", "/api/things/", "/admin/", "/admin/auth/user/"):
        assert b"root" not in ask(way, path, sent).body, path
    for name in (*STATED, *ALLOWED):
        assert b"on behalf of <root>" in ask(way, f"/{name}/", sent).body, name
    for name in STATED:
        assert b"root" not in ask(way, f"/{name}/", Sent({"X-Pass": "auth.add_user"})).body, name


@pytest.mark.parametrize("path", ["/nonsense/", "/early/", "/admin-like/../plain/", "//plain/", "/PLAIN/", "/plain"])
@pytest.mark.parametrize("entries", [[*PROGRAMS, EAGER, SESSION], [LAZY]], ids=["eager", "lazy"])
def test_restricted__reaches_nothing_that_answers_instead_of_a_view(entries, path, settings, root):
    settings.SESSIONAUTH_AUTHENTICATORS = entries
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "tests.attacks.places.EarlyMiddleware",
        "tests.attacks.places.FlatpageMiddleware",
    ]
    is_lazy = len(entries) == 1
    for sender in [CARRIERS["callback"]] if is_lazy else CARRIERS.values():
        # Under ASGI Django asks handler404 in a thread of its own, where a test's transaction is not seen.
        for way in ("wsgi",) if is_lazy else ("wsgi", "asgi"):
            assert b"root" not in ask(way, path, sender(root, [SCOPE])).body


@pytest.mark.parametrize("name", STATED)
def test_restricted__is_confined_by_the_view_that_runs_and_not_by_the_one_that_was_foreseen(name, settings, root):
    settings.SESSIONAUTH_AUTHENTICATORS = [*PROGRAMS, EAGER, LAZY, SESSION]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.attacks.places.SwitchUrlconf"]
    for one in ("bearer", "callback"):
        sent = CARRIERS[one](root, [SCOPE])
        assert b"<root>" in ask("wsgi", f"/{name}/", sent).body
        assert b"root" not in ask("wsgi", f"/{name}/", Sent(sent.headers, query="urlconf=1")).body


def test_key_without_user__is_nobody_everywhere_and_needs_a_scope_it_was_given():
    for scopes, expected in ((None, 403), ([], 403), (["auth.add_user"], 403), ([SCOPE], 200)):
        sent = CARRIERS["api_key"](None, scopes)
        statuses = {ask("wsgi", f"/{name}/", sent).status for name in ("scope", "ascope", "scope_page")}
        assert statuses == {expected}, scopes
    sent = CARRIERS["api_key"](None, None)
    assert ask("wsgi", "/our_login_required/", sent).status == 401
    assert b"on behalf of <>" in ask("wsgi", "/plain/", sent).body


@pytest.mark.parametrize("name", ["plain", "signs_in", "page", "api"])
def test_restricted__with_a_session_beside_it_is_still_restricted(name, root):
    """The cookie of the owner does not lift what the header narrows."""
    client = AsyncClient()
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    cookies = {key: morsel.value for key, morsel in client.cookies.items()}
    sent = Sent(CARRIERS["api_key"](root, [SCOPE]).headers, cookies)
    answer = ask("wsgi", f"/{name}/", sent)
    assert (answer.status, answer.sets_cookies) == (403, False)


def test_marks__stay_where_they_were_put():
    for view in (places.plain, places.aplain, places.Page):
        assert not hasattr(view, "sessionauth_accepts_restricted")
