"""Asking the authenticators, in order; also by hand, without the middleware."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpResponse

import sessionauth
from sessionauth import InvalidCredential, LoginState, UserToken, aget_auth, get_auth
from sessionauth.authenticators import BaseAuthenticator, active, chain
from sessionauth.authenticators.api_key import APIKeyAuthenticator
from sessionauth.authenticators.base import PresentedSecret, switched_on
from sessionauth.authenticators.token import BearerAuthenticator, TokenAuthenticator
from sessionauth.exceptions import SeveralCredentials
from sessionauth.middleware import AuthenticationMiddleware
from sessionauth.models import AccessToken, APIKey
from sessionauth.request_state import state_of
from sessionauth.signals import credential_rejected

BY_HAND = {
    "sync": sessionauth.authenticate_request,
    "async": async_to_sync(sessionauth.aauthenticate_request),
}


class Ada:
    is_authenticated = is_active = True
    pk = 1


class Says(BaseAuthenticator):
    """Answers what it is told to, and writes down that it was asked."""

    asked: list[str] = []

    def __init__(self, name, answer=None, *, ambient=False, lazy=False, credential="x"):
        self.name, self.answer, self.ambient, self.lazy, self.credential = name, answer, ambient, lazy, credential
        self.carriers = (f"X-{name}",)

    def extract(self, request):
        return self.credential

    def authenticate(self, request, credential):
        self.asked.append(self.name)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer and UserToken(Ada(), LoginState.PROGRAM, self.name)


@pytest.fixture(params=BY_HAND.values(), ids=list(BY_HAND))
def by_hand(request):
    Says.asked.clear()
    return request.param


@pytest.mark.parametrize(
    ("authenticators", "method", "asked"),
    [
        ([], None, []),
        ([Says("a"), Says("b", True), Says("c", True)], "b", ["a", "b"]),
        ([Says("a", credential=None), Says("b", True)], "b", ["b"]),
        ([Says("a", True, lazy=True), Says("b", True)], "b", ["b"]),
        ([Says("a", True, lazy=True), Says("b")], "a", ["b", "a"]),
        ([Says("a", lazy=True), Says("b", lazy=True)], None, ["a", "b"]),
    ],
)
def test_by_hand__asks_in_order_and_the_lazy_ones_last(authenticators, method, asked, by_hand, rf):
    token = by_hand(rf.get("/"), authenticators)
    assert (token.method if token else token) == method
    assert Says.asked == asked


def test_by_hand__a_wrong_credential_ends_it(by_hand, rf):
    with pytest.raises(InvalidCredential, match="expired"):
        by_hand(rf.get("/"), [Says("a", InvalidCredential("expired")), Says("b", True)])
    assert Says.asked == ["a"]


def test_by_hand__ignored_the_next_is_asked(by_hand, rf, settings):
    settings.SESSIONAUTH_INVALID_CREDENTIAL = "ignore"
    assert by_hand(rf.get("/"), [Says("a", InvalidCredential()), Says("b", True)]).method == "b"


def test_by_hand__changes_nothing_on_the_request(by_hand, rf):
    request = rf.post("/")
    request.user = AnonymousUser()
    by_hand(request, [Says("a", True)])
    assert request.user.is_anonymous
    assert not hasattr(request, "_dont_enforce_csrf_checks")
    assert state_of(request).token is None


@pytest.mark.django_db
def test_by_hand__asks_the_projects_own_by_default(by_hand, rf, make_user):
    alice = make_user("alice")
    _, secret = APIKey.objects.issue(user=alice)
    assert by_hand(rf.get("/", headers={"X-Api-Key": secret})).user == alice
    assert by_hand(rf.get("/")) is None


@pytest.mark.django_db
def test_by_hand__two_secrets_are_refused(by_hand, rf, make_user):
    alice = make_user("alice")
    _, key = APIKey.objects.issue(user=alice)
    _, token = AccessToken.objects.issue(user=alice)
    with pytest.raises(SeveralCredentials):
        by_hand(rf.get("/", headers={"X-Api-Key": key, "Authorization": f"Bearer {token}"}))


def test_rejection__is_told_with_its_reason_and_method(by_hand, rf):
    told = []

    def hear(sender, failure, method, **kwargs):
        told.append((sender, failure.code, method, failure.method))

    credential_rejected.connect(hear)
    with pytest.raises(InvalidCredential):
        by_hand(rf.get("/"), [Says("a", InvalidCredential("revoked"))])
    credential_rejected.disconnect(hear)
    assert told == [(Says, "revoked", "a", "a")]


def test_lazily__notes_what_was_tried_by_then(rf):
    request = rf.get("/")
    state = state_of(request)
    asked = chain.lazily(request, [Says("a"), Says("b", lazy=True), Says("c", lazy=True)], state)
    assert next(asked).authenticator.name == "b"
    assert list(state.carriers) == ["X-a", "X-b"]
    assert [one.authenticator.name for one in asked] == ["c"]
    assert list(state.carriers) == ["X-a", "X-b", "X-c"]


@pytest.mark.parametrize(
    ("authenticator", "credential", "expected"),
    [
        (Says("a", ambient=False), "x", True),
        (Says("a", ambient=True), "x", False),
        (Says("a", lazy=True), "x", False),
        (APIKeyAuthenticator(), PresentedSecret("x"), True),
        (APIKeyAuthenticator(), PresentedSecret("x", "query"), False),
    ],
)
def test_frees_from_csrf__only_what_no_browser_sends(authenticator, credential, expected):
    assert chain.Found(authenticator, credential).frees_from_csrf is expected


def test_presented_secret__is_equal_by_its_secret_and_shows_none():
    assert PresentedSecret("x") == PresentedSecret("x", "query") != PresentedSecret("y")
    assert PresentedSecret("x") != "x"
    assert "secret!" not in repr(PresentedSecret("secret!"))


# Without the middleware, or with users that other code put there.


def test_get_auth__needs_no_middleware(rf):
    request = rf.get("/")
    request.session = SessionStore()
    assert get_auth(request).is_anonymous
    other = rf.get("/")
    other.session = SessionStore()
    assert async_to_sync(aget_auth)(other).is_anonymous


@pytest.mark.parametrize("ask", [get_auth, async_to_sync(aget_auth)], ids=["sync", "async"])
def test_get_auth__answers_for_a_user_that_other_code_assigned(ask, rf):
    request = rf.get("/")
    request.user = Ada()
    assert (ask(request).user, ask(request).method, ask(request).state) == (request.user, "external", LoginState.STALE)
    assert ask(request) is ask(request)


@pytest.mark.parametrize("ask", [get_auth, async_to_sync(aget_auth)], ids=["sync", "async"])
def test_get_auth__never_raises_for_what_a_client_sent(ask, rf, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [f"{__name__}.Refuses"]
    token = ask(rf.get("/"))
    assert (token.is_anonymous, token.failure.code, token.failure.method) == (True, "denied", "refuses")


class Refuses(Says):
    def __init__(self):
        super().__init__("refuses", InvalidCredential("denied"), ambient=True, lazy=True)


# Which ones are active.


class First(Says):
    def __init__(self, **options):
        super().__init__(options.pop("name", "first"), **options)


def test_active__are_built_once_programs_first_in_the_projects_order(settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [
        {"NAME": f"{__name__}.First", "OPTIONS": {"name": "cookie", "ambient": True}},
        f"{__name__}.First",
        {"NAME": f"{__name__}.First", "OPTIONS": {"name": "basic", "ambient": True}},
        {"NAME": f"{__name__}.First", "OPTIONS": {"name": "second"}},
    ]
    assert [one.name for one in active()] == ["first", "second", "cookie", "basic"]
    assert active() is active()
    settings.SESSIONAUTH_AUTHENTICATORS = []
    assert active() == ()


def test_active__one_may_stand_twice(settings):
    path = "sessionauth.authenticators.api_key.APIKeyAuthenticator"
    settings.SESSIONAUTH_AUTHENTICATORS = [path, {"NAME": path, "OPTIONS": {"header": "X-Other"}}]
    assert [one.header for one in active()] == ["X-Api-Key", "X-Other"]


def test_base__says_what_is_missing(rf):
    class Empty(BaseAuthenticator):
        pass

    with pytest.raises(NotImplementedError, match="Empty.extract"):
        Empty().extract(rf.get("/"))
    with pytest.raises(NotImplementedError, match="Empty.authenticate"):
        Empty().authenticate(rf.get("/"), "x")
    with pytest.raises(NotImplementedError, match="Empty.authenticate"):
        async_to_sync(Empty().aauthenticate)(rf.get("/"), "x")
    assert (Empty().challenge(None, {}), Empty().openapi(), Empty().frees_from_csrf("x")) == (None, {}, False)


def test_realm__is_its_own_or_the_projects(settings):
    settings.SESSIONAUTH_REALM = "desk"
    assert (BearerAuthenticator().realm, BearerAuthenticator(realm="own").realm) == ("desk", "own")


@pytest.mark.parametrize("ask", [get_auth, async_to_sync(aget_auth)], ids=["sync", "async"])
def test_get_auth__answers_for_none_and_for_users_that_say_nothing_of_themselves(ask, rf):
    for user in (None, object()):
        request = rf.get("/")
        request.user = user
        assert ask(request).is_anonymous


def test_aget_auth__answers_for_an_auser_that_other_code_put_there(rf):
    ada = Ada()

    async def auser():
        return ada

    request = rf.get("/")
    request.auser = auser
    token = async_to_sync(aget_auth)(request)
    assert (token.user, token.method) == (ada, "external")


class ReadsElsewhere(BearerAuthenticator):
    """Finds its secret where the authenticator that it derives from does not look."""

    def extract(self, request):
        return PresentedSecret(request.META["PATH_INFO"]) if "key" in request.META["PATH_INFO"] else None


@pytest.mark.parametrize(
    ("entries", "places"),
    [
        (["token.BearerAuthenticator", "session.SessionAuthenticator"], {"HTTP_AUTHORIZATION"}),
        (["basic.BasicAuthenticator", "api_key.APIKeyAuthenticator"], {"HTTP_AUTHORIZATION", "HTTP_X_API_KEY"}),
        (
            [{"NAME": "api_key.APIKeyAuthenticator", "OPTIONS": {"query_param": "k"}}],
            {"HTTP_X_API_KEY", "QUERY_STRING"},
        ),
        (["session.SessionAuthenticator"], set()),
        (["tests.authenticators.test_chain.ReadsElsewhere", "token.BearerAuthenticator"], None),
    ],
)
def test_watch__knows_where_no_program_can_have_come(entries, places, settings):
    def whole(path):
        return path if path.startswith("tests.") else f"sessionauth.authenticators.{path}"

    settings.SESSIONAUTH_AUTHENTICATORS = [
        whole(entry) if isinstance(entry, str) else entry | {"NAME": whole(entry["NAME"])} for entry in entries
    ]
    assert switched_on.places == places


def test_bare_request__asks_nobody_before_the_view(rf, monkeypatch):
    asked = []
    monkeypatch.setattr(TokenAuthenticator, "extract", lambda self, request: asked.append(self))
    middleware = AuthenticationMiddleware(lambda request: HttpResponse())
    for headers in ({}, {"authorization": "Bearer x"}):
        request = rf.get("/", headers=headers)
        request.session = SessionStore()
        middleware(request)
        assert len(asked) == len(headers)
