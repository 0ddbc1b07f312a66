"""An impersonation that comes along with its actor: by one query, and only if it is what a query of its own finds."""

from __future__ import annotations

from time import monotonic
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessionauth import compiled, lookup
from sessionauth.impersonation import held
from sessionauth.models import Impersonation, LoginSession
from sessionauth.sessions import db
from tests.attacks.trouble import without_table
from tests.impersonation.conftest import Browser

pytestmark = pytest.mark.django_db

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
DJANGOS, OURS = "django.contrib.sessions.backends.db", "sessionauth.sessions.db"
COOKIES = "django.contrib.sessions.backends.signed_cookies"


class OwnWay(ModelBackend):
    """Finds users in a way of its own."""

    def get_user(self, user_id):
        return super().get_user(user_id)


class Generous(ModelBackend):
    """Has permissions from elsewhere."""

    def get_group_permissions(self, user_obj, obj=None):
        return {"sessionauth.impersonate"}


def everybody(request):
    return get_user_model().objects.all()


def by_name(request, session):
    return get_user_model().objects.filter(username="actor").first()


@pytest.fixture
def actor(make_user):
    """Somebody who may impersonate by their group."""
    group = Group.objects.create(name="support")
    group.permissions.add(Permission.objects.get(codename="impersonate"))
    actor = make_user("actor")
    actor.groups.add(group)
    return actor


def browser_of(actor, target, *, is_async=False, backend=MODEL_BACKEND):
    """Return a browser in which `actor` acts as `target`, of whom all is known that is known after some requests."""
    browser = Browser(is_async)
    browser.client.force_login(actor, backend)
    browser.begin(target)
    for _ in range(2):
        browser.who()
    return browser


def asked(browser):
    """Return how many statements a request takes, which is to be alice's."""
    with CaptureQueriesContext(connection) as statements:
        assert browser.who()["user"] == "alice"
    return len(statements)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(("engine", "queries"), [(DJANGOS, 2), (OURS, 2), (COOKIES, 1)])
def test_cost__of_a_request_as_somebody_else(engine, queries, is_async, actor, alice, settings):
    """The session; the actor, their login, the impersonation, its target and the permissions."""
    settings.SESSION_ENGINE = engine
    assert asked(browser_of(actor, alice, is_async=is_async)) == queries


def test_brought__is_what_is_found_by_queries_of_their_own(rf, actor, alice):
    browser_of(actor, alice)
    row, login = Impersonation.objects.get(), LoginSession.objects.get()
    brought = held.bring(row.pk, actor.pk, login.sid)
    seen = lookup.session(rf.get("/"), ModelBackend(), str(actor.pk), login.sid)
    found = held.find(rf.get("/"), row.pk, seen.user)
    pairs = [
        (brought.actor, seen.user),
        (brought.login, seen.row),
        (brought.seen.row, found.row),
        (brought.seen.target, found.target),
    ]
    for one, other in pairs:
        values = [{name: value for name, value in vars(each).items() if name != "_state"} for each in (one, other)]
        assert values[0] == values[1]
        assert (one._state.db, one._state.adding) == (other._state.db, other._state.adding)
    assert brought.login.user is brought.seen.row.actor is brought.actor
    assert brought.seen.row.target is brought.seen.target
    assert held.answer(actor, brought.seen.target) == {"sessionauth.impersonate"}
    brought.seen.target.save()


def test_brought__is_nothing_where_it_is_not_all_there(actor, alice, make_user):
    browser_of(actor, alice)
    row, login = Impersonation.objects.get(), LoginSession.objects.get()
    assert held.bring(row.pk, actor.pk, "another").login is None
    assert held.bring(row.pk, make_user("other").pk, login.sid) is None
    assert held.bring(uuid4(), actor.pk, login.sid) is None
    Impersonation.objects.update(target=None)
    assert held.bring(row.pk, actor.pk, login.sid) is None


def test_brought__is_nothing_to_others_and_for_a_moment_only(actor, alice, monkeypatch):
    browser_of(actor, alice)
    row, login = Impersonation.objects.get(), LoginSession.objects.get()
    brought = held.bring(row.pk, actor.pk, login.sid)
    assert brought.of(row.pk, brought.actor) is brought.seen
    assert brought.of(uuid4(), brought.actor) is None
    assert brought.of(row.pk, actor) is None  # the same, but not this one
    monkeypatch.setattr(held, "monotonic", lambda: monotonic() + db.GOOD_FOR)
    assert brought.of(row.pk, brought.actor) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSIONAUTH_USER_QUERYSET", f"{__name__}.everybody"),
        ("SESSIONAUTH_USER_LOADER", f"{__name__}.by_name"),
        ("AUTHENTICATION_BACKENDS", [f"{__name__}.Generous", MODEL_BACKEND]),
        ("AUTHENTICATION_BACKENDS", [f"{__name__}.OwnWay"]),
    ],
)
def test_brought__is_asked_for_alone_where_others_have_a_say(name, value, actor, alice, settings):
    setattr(settings, name, value)
    browser = browser_of(actor, alice, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert asked(browser) >= 3
    assert Impersonation.objects.get().ended_at is None


def test_brought__is_asked_for_alone_where_nothing_is_compiled(actor, alice, monkeypatch):
    browser = browser_of(actor, alice)
    monkeypatch.setattr(compiled, "tuples", lambda *args, **kwargs: None)
    assert asked(browser) == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_proved", [False, True], ids=["never seen", "seen before"])
def test_brought__without_a_table_ends_it_and_nothing_else(is_proved, actor, alice):
    browser = browser_of(actor, alice)
    with without_table(Impersonation, is_proved=is_proved):
        assert browser.get("/who/").status_code == 409
        assert browser.who()["user"] == "actor"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda actor, alice: actor.groups.clear(), "permission_lost"),
        (lambda actor, alice: Group.objects.get().permissions.clear(), "permission_lost"),
        (lambda actor, alice: get_user_model().objects.filter(pk=alice.pk).update(is_active=False), "target_changed"),
        (lambda actor, alice: get_user_model().objects.filter(pk=alice.pk).update(password="!"), "target_changed"),
        (lambda actor, alice: Impersonation.objects.get().end("revoked"), "revoked"),
        (lambda actor, alice: Impersonation.objects.update(actor_digest="0" * 64), "actor_changed"),
    ],
)
@pytest.mark.parametrize("engine", [DJANGOS, OURS, COOKIES])
def test_brought__is_judged_at_every_request(change, reason, engine, actor, alice, settings):
    settings.SESSION_ENGINE = engine
    browser = browser_of(actor, alice)
    change(actor, alice)
    answer = browser.get("/who/")
    assert (answer.status_code, answer.json()["code"]) == (409, "impersonation_ended")
    assert Impersonation.objects.get().end_reason == reason
    assert browser.who()["user"] == "actor"


def test_brought__is_no_way_past_a_login_that_was_revoked(actor, alice):
    browser = browser_of(actor, alice)
    LoginSession.objects.get().revoke()
    assert browser.who()["user"] is None


def test_brought__costs_nothing_in_a_session_without_a_claim(actor, monkeypatch):
    monkeypatch.setattr(held, "bring", None)
    browser = Browser()
    browser.client.force_login(actor, MODEL_BACKEND)
    assert browser.who()["user"] == "actor"


def test_brought__is_not_asked_for_where_the_session_has_brought_its_company(actor, alice, settings, monkeypatch):
    settings.SESSION_ENGINE = OURS
    browser = browser_of(actor, alice)
    monkeypatch.setattr(held, "bring", None)
    assert asked(browser) == 2
