"""The builder of refusals."""

from __future__ import annotations

import json

import pytest
from django.contrib.messages import constants, get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpResponse
from django.urls import include, path
from django.utils.translation import gettext_lazy

from sessionauth import InvalidCredential, LoginState, UserToken, refusals
from sessionauth.models import AnonymousUser
from sessionauth.request_state import state_of
from sessionauth.signals import auth_required
from sessionauth.user_token import replace
from tests.project.views import untouched

pytestmark = pytest.mark.urls(__name__)

urlpatterns = [
    path("login/", untouched, name="login"),
    path("desk/", include(([path("", untouched), path("login/", untouched, name="in")], "desk"), namespace="office")),
]

HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}


@pytest.fixture
def ask(rf):
    def get(place="/page/", headers=HTML, **extra):
        request = rf.get(place, headers=headers, **extra)
        request._messages = CookieStorage(request)
        request.session = SessionStore()
        return request

    return get


def code(response):
    return response.status_code, json.loads(response.content)["code"]


def test_unauthorized__sends_people_to_log_in_and_back(ask):
    response = refusals.unauthorized(ask("/page/?a=1"))
    assert (response.status_code, response["Location"]) == (302, "/login/?next=/page/%3Fa%3D1")


def test_unauthorized__takes_the_views_own_page_and_field(ask):
    response = refusals.unauthorized(ask(), login_url="/own/?x=1", redirect_field_name="back")
    assert response["Location"] == "/own/?x=1&back=/page/"


@pytest.mark.parametrize(
    ("place", "expected"), [("/desk/", "/desk/login/"), ("/page/", "/login/"), ("/login/", "/login/")]
)
def test_unauthorized__knows_the_login_page_of_an_area(place, expected, ask, settings):
    settings.SESSIONAUTH_LOGIN_URLS = {"office": "office:in"}
    assert refusals.unauthorized(ask(place))["Location"].startswith(expected + "?")


def test_unauthorized__answers_programs_with_a_challenge(ask):
    response = refusals.unauthorized(ask(headers=JSON))
    assert code(response) == (401, "not_authenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="api", ApiKey realm="api", header="X-Api-Key"'
    assert (response["Cache-Control"], response["Content-Type"]) == ("no-store", "application/problem+json")


def test_unauthorized__without_a_login_page_is_a_401(ask, settings):
    for url in ("", None, "nowhere-to-be-found"):
        settings.LOGIN_URL = url
        assert refusals.unauthorized(ask()).status_code == 401


@pytest.mark.parametrize(("url", "told"), [("logn", True), ("/login/", False), (None, False)])
def test_unauthorized__tells_the_log_of_a_name_that_is_none(url, told, ask, settings, caplog):
    settings.LOGIN_URL = url
    refusals.unauthorized(ask(headers=JSON))
    assert "logn" not in caplog.text
    refusals.unauthorized(ask())
    assert ("logn is neither a URL nor the name of a view" in caplog.text) == told


def test_unauthorized__a_program_is_never_sent_to_a_page(ask):
    known, wrong = ask(), ask()
    replace(known, UserToken(AnonymousUser(), LoginState.PROGRAM))
    state_of(wrong).is_claimed = True
    assert [refusals.unauthorized(request).status_code for request in (known, wrong)] == [401, 401]


def test_unauthorized__a_site_of_cookies_has_a_challenge_that_opens_no_dialog(ask, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = ["sessionauth.authenticators.session.SessionAuthenticator"]
    assert refusals.unauthorized(ask(headers=JSON))["WWW-Authenticate"] == 'Session realm="api"'


def handler(request, reason):
    return HttpResponse(f"because {reason}") if reason == "stale" else None


def test_unauthorized__asks_the_projects_handler_first(ask, settings):
    settings.SESSIONAUTH_UNAUTHORIZED_HANDLER = f"{__name__}.handler"
    assert refusals.unauthorized(ask(), reason="stale").content == b"because stale"
    assert refusals.unauthorized(ask()).status_code == 302


def test_unauthorized__is_told(ask):
    told = []

    def hear(sender, request, reason, **kwargs):
        told.append((sender, reason))

    auth_required.connect(hear)
    refusals.unauthorized(ask(), reason="stale")
    auth_required.disconnect(hear)
    assert told == [(None, "stale")]


@pytest.mark.parametrize("reason", ["unknown", "revoked", "expired", "malformed"])
def test_invalid__never_tells_why(reason, ask):
    response = refusals.invalid(ask(), InvalidCredential(reason))
    assert code(response) == (401, "invalid_token")
    assert reason.encode() not in response.content
    assert reason not in response["WWW-Authenticate"]


def test_invalid__names_the_error_in_the_scheme_that_was_used(ask):
    failure = InvalidCredential()
    failure.method = "api_key"
    challenge = refusals.invalid(ask(), failure)["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="api", ApiKey realm="api", header="X-Api-Key", error="invalid_token"')


def test_ambiguous__is_a_bad_request(ask):
    response = refusals.ambiguous(ask())
    assert code(response) == (400, "invalid_request")
    assert 'error="invalid_request"' in response["WWW-Authenticate"]


def test_forbidden__names_the_scopes_that_are_needed(ask):
    request = ask()
    replace(request, UserToken(AnonymousUser(), LoginState.PROGRAM, "bearer"))
    response = refusals.forbidden(request, scopes=("a.b", "c"))
    assert code(response) == (403, "insufficient_scope")
    assert json.loads(response.content)["detail"] == "The credential may not do this."
    assert json.loads(response.content)["scope"] == "a.b c"
    assert response["WWW-Authenticate"].startswith(
        'Bearer realm="api", error="insufficient_scope", scope="a.b c", ApiKey'
    )


def test_forbidden__without_scopes_names_none(ask):
    told = json.loads(refusals.forbidden(ask()).content)
    assert "scope" not in told
    assert told["detail"] == "You may not do this."  # a person came with no credential that may not


def test_people_only__has_no_challenge(ask):
    response = refusals.people_only(ask())
    assert code(response) == (403, "people_only")
    assert "WWW-Authenticate" not in response


def test_problem__is_a_document_of_rfc_9457():
    body = json.loads(refusals.problem(403, "word", "A sentence.", extra=1).content)
    assert body == {
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "code": "word",
        "detail": "A sentence.",
        "extra": 1,
    }


@pytest.mark.parametrize(
    ("message", "level", "tags"),
    [("Hello.", constants.WARNING, "desk"), (gettext_lazy("Please log in to access this page."), constants.INFO, "")],
)
def test_to_login__leaves_a_message(message, level, tags, ask, settings):
    settings.SESSIONAUTH_LOGIN_MESSAGE, settings.SESSIONAUTH_LOGIN_MESSAGE_LEVEL = message, level
    settings.SESSIONAUTH_LOGIN_MESSAGE_TAGS = tags
    request = ask()
    refusals.to_login(request, "/login/")
    (told,) = get_messages(request)
    assert (str(told.message), told.level, told.extra_tags) == (str(message), level, tags)


def test_to_login__says_nothing_if_so_set_or_if_there_are_no_messages(ask, rf, settings):
    assert refusals.to_login(rf.get("/"), "/login/").status_code == 302
    settings.SESSIONAUTH_LOGIN_MESSAGE = None
    request = ask()
    refusals.to_login(request, "/login/")
    assert list(get_messages(request)) == []


def test_to_login__keeps_the_way_back_in_the_session(ask, rf, settings):
    settings.SESSIONAUTH_USE_SESSION_FOR_NEXT = True
    request = ask("/page/?a=1")
    request.session["_sessionauth"] = {"sid": "x"}
    assert refusals.to_login(request, "/login/")["Location"] == "/login/"
    assert request.session["_sessionauth"] == {"sid": "x", "next": "/page/?a=1"}
    assert refusals.pop_next(request) == "/page/?a=1"
    assert refusals.pop_next(request) == ""
    assert request.session["_sessionauth"] == {"sid": "x"}
    assert refusals.to_login(rf.get("/page/"), "/login/")["Location"] == "/login/?next=/page/"


def test_pop_next__is_empty_where_nothing_was_kept(ask):
    request = ask()
    assert refusals.pop_next(request) == ""
    assert not request.session.modified


def test_to_login__elsewhere_is_told_the_whole_way_back(ask, settings):
    settings.SESSIONAUTH_USE_SESSION_FOR_NEXT = True
    location = refusals.to_login(ask(), "https://login.example/in")["Location"]
    assert location == "https://login.example/in?next=http%3A//testserver/page/"


def test_login_url__that_is_a_path_is_looked_for_among_no_views(rf, settings, monkeypatch):
    monkeypatch.setattr(refusals, "resolve_url", None)
    settings.LOGIN_URL = "/here/"
    assert refusals.login_url_for(rf.get("/")) == "/here/"
