"""UserToken, and where a request keeps it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser as DjangosAnonymousUser
from django.contrib.auth.models import Permission

from sessionauth import LoginState, UserToken
from sessionauth.models import AnonymousUser, APIKey
from sessionauth.request_state import RequestState, state_of
from sessionauth.user_token import anonymous, remember_user, replace


class Person:
    """A user that is no model, as imia has them."""

    is_authenticated = True
    is_active = True

    def __init__(self, name="Ada", scopes=()):
        self.name, self.own = name, scopes

    def get_id(self):
        return "ada"

    def get_display_name(self):
        return self.name

    def get_scopes(self):
        return list(self.own)

    def has_perms(self, permissions):
        return False

    async def ahas_perms(self, permissions):
        return False


NOBODY = UserToken(AnonymousUser(), LoginState.ANONYMOUS)
ADA = UserToken(Person(), LoginState.STALE, "session")
SERVICE = UserToken(AnonymousUser(), LoginState.PROGRAM, "api_key", APIKey(name="scanner", hint="sa_key_…abcd"))


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (NOBODY, (False, True, False, False, None, "Anonymous")),
        (ADA, (True, False, True, False, "ada", "Ada")),
        (SERVICE, (True, False, False, True, None, "scanner")),
    ],
)
def test_token__says_who_is_there(token, expected):
    told = (token.is_authenticated, token.is_anonymous, token.has_user, token.is_program, token.user_id)
    assert (*told, token.display_name) == expected
    assert (bool(token), str(token)) == (expected[0], expected[5])


def test_display_name__of_a_key_without_name_is_its_hint():
    token = UserToken(AnonymousUser(), LoginState.PROGRAM, credential=APIKey(hint="sa_key_…abcd"))
    assert token.display_name == "sa_key_…abcd"


def test_user_id__of_anything_is_what_it_has():
    class Bare:
        id = 7

    assert UserToken(Bare(), LoginState.STALE).user_id == 7
    assert UserToken(object(), LoginState.STALE).user_id is None


def test_token__is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ADA.user = None
    with pytest.raises((AttributeError, TypeError)):
        ADA.other = None


def test_repr__shows_no_secret():
    assert repr(SERVICE) == "<UserToken program api_key user=None>"
    assert repr(NOBODY) == "<UserToken anonymous nobody user=None>"


@pytest.mark.parametrize(
    ("state", "age", "expected"),
    [
        (LoginState.FRESH, 0, True),
        (LoginState.FRESH, 14, True),
        (LoginState.FRESH, 16, False),
        (LoginState.FRESH, None, False),
        (LoginState.STALE, 0, False),
        (LoginState.REMEMBERED, 0, False),
        (LoginState.PROGRAM, 0, False),
        (LoginState.IMPERSONATOR, 0, False),
        (LoginState.ANONYMOUS, 0, False),
    ],
)
def test_is_fresh__for_a_quarter_of_an_hour_after_a_person_proved_who_they_are(state, age, expected):
    moment = None if age is None else datetime.now(UTC) - timedelta(minutes=age)
    assert UserToken(Person(), state, authenticated_at=moment).is_fresh is expected


def test_is_fresh__is_asked_anew_each_time(settings):
    token = UserToken(Person(), LoginState.FRESH, authenticated_at=datetime.now(UTC) - timedelta(seconds=5))
    assert token.is_fresh
    settings.SESSIONAUTH_FRESH_AGE = 1
    assert not token.is_fresh


@pytest.fixture
def _declared(settings):
    settings.SESSIONAUTH_SCOPES = {"read": ("Read.", ["auth.view_user"]), "everybody": ("Any.", [])}


def has(token, scope):
    """Ask in every way."""
    answer = token.has_scope(scope)
    assert (scope in token) is answer is async_to_sync(token.ahas_scope)(scope)
    return answer


@pytest.mark.django_db
@pytest.mark.usefixtures("_declared")
@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        (None, {"auth.view_user": True, "read": True, "everybody": True, "auth.add_user": False}),
        ([], {"auth.view_user": False, "read": False, "everybody": False}),
        (["read"], {"auth.view_user": True, "read": True, "everybody": False}),
        (["auth.add_user"], {"auth.add_user": False, "auth.view_user": False}),
    ],
)
def test_scopes__are_the_users_cut_down_to_the_credentials(granted, expected, make_user):
    alice = make_user("alice")
    alice.user_permissions.add(Permission.objects.get(codename="view_user"))
    token = UserToken(alice, LoginState.PROGRAM, granted=granted)
    assert {scope: has(token, scope) for scope in expected} == expected
    assert token.is_restricted is (granted is not None)


@pytest.mark.usefixtures("_declared")
@pytest.mark.parametrize(
    ("granted", "expected"),
    [(None, []), ([], []), (["read"], ["read"]), (["auth.view_user"], ["read", "auth.view_user"])],
)
def test_scopes__of_a_key_without_user_are_its_own(granted, expected):
    assert UserToken(AnonymousUser(), LoginState.PROGRAM, granted=granted).scopes == expected


@pytest.mark.usefixtures("_declared")
def test_scopes__list_declared_and_own_ones():
    token = UserToken(Person(scopes=["desk:open"]), LoginState.STALE)
    assert token.scopes == ["everybody", "desk:open"]
    assert has(token, "desk:open")
    assert NOBODY.scopes == []
    assert not has(NOBODY, "everybody")


@pytest.mark.parametrize("thing", [None, 1, b"read", ["read"], ""])
def test_contains__is_false_of_what_is_no_scope(thing):
    assert thing not in ADA


def test_actor__is_the_user_unless_somebody_impersonates():
    target = UserToken(Person("Target"), LoginState.IMPERSONATOR, original_user_token=ADA)
    assert (ADA.actor, ADA.original_user, ADA.original_user_id, ADA.is_impersonating) == (ADA.user, None, None, False)
    assert (target.actor, target.original_user) == (ADA.user, ADA.user)
    assert (target.original_user_id, target.is_impersonating) == ("ada", True)


def test_anonymous__is_of_the_projects_kind(rf, settings):
    assert type(anonymous(rf.get("/")).user) is AnonymousUser
    settings.SESSIONAUTH_ANONYMOUS_USER = f"{__name__}.Person"
    assert anonymous(rf.get("/")).user.name == "Ada"
    settings.SESSIONAUTH_ANONYMOUS_USER = f"{__name__}.visitor_from"
    assert anonymous(rf.get("/", headers={"X-Name": "Eve"})).user.name == "Eve"


def visitor_from(request):
    return Person(request.META["HTTP_X_NAME"])


def test_anonymous_user__is_djangos_with_our_names():
    nobody = AnonymousUser()
    assert (nobody.get_id(), nobody.get_scopes(), nobody.get_hashed_password()) == (None, [], "")
    assert nobody == DjangosAnonymousUser() == nobody
    assert hash(nobody) == hash(DjangosAnonymousUser())
    assert nobody != Person()


def test_state__is_one_for_a_request_and_whatever_is_wrapped_round_it(rf):
    request = rf.get("/")

    class Wrapper:
        _request = request

    state = state_of(request)
    assert isinstance(state, RequestState)
    assert state is state_of(request) is state_of(Wrapper())
    assert state is not state_of(rf.get("/"))


def test_replace__keeps_who_came_in(rf):
    request = rf.get("/")
    assert replace(request, ADA) is ADA
    replace(request, NOBODY)
    assert (state_of(request).established, state_of(request).token) == (ADA, NOBODY)


def test_remember_user__fills_djangos_places(rf):
    request = rf.get("/")
    remember_user(request, ADA.user)
    assert request._cached_user is request._acached_user is ADA.user
