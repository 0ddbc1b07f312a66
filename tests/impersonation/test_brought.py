"""An impersonation that comes along with its actor: by one query, and only if it is what a query of its own finds."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.backends import db as djangos_db
from django.contrib.sessions.backends import signed_cookies
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessionauth import compiled, lookup
from sessionauth.impersonation import brought, held
from sessionauth.impersonation.stage import MARKER
from sessionauth.models import Impersonation, LoginSession
from sessionauth.sessions import db, kept
from sessionauth.sessions.store import SessionStore
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
    return get_user_model().objects.get(groups__name="support")


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
        assert browser.who()["user"].partition("@")[0] == "alice"
    return len(statements)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(("engine", "queries"), [(DJANGOS, 1), (OURS, 1), (COOKIES, 1)])
def test_cost__of_a_request_as_somebody_else(engine, queries, is_async, actor, alice, settings):
    """The session; the actor, their login, the impersonation, its target and the permissions."""
    settings.SESSION_ENGINE = engine
    assert asked(browser_of(actor, alice, is_async=is_async)) == queries


def test_brought__is_what_is_found_by_queries_of_their_own(rf, actor, alice):
    browser_of(actor, alice)
    row, login = Impersonation.objects.get(), LoginSession.objects.get()
    found = brought.with_actor(row.pk, actor.pk, login.sid)
    seen = lookup.session(rf.get("/"), ModelBackend(), str(actor.pk), login.sid)
    alone = held.find(rf.get("/"), row.pk, seen.user)
    pairs = [
        (found.actor, seen.user),
        (found.login, seen.row),
        (found.seen.row, alone.row),
        (found.seen.target, alone.target),
    ]
    for one, other in pairs:
        values = [{name: value for name, value in vars(each).items() if name != "_state"} for each in (one, other)]
        assert values[0] == values[1]
        assert (one._state.db, one._state.adding) == (other._state.db, other._state.adding)
    assert found.login.user is found.seen.row.actor is found.actor
    assert found.seen.row.target is found.seen.target
    assert held.answer(actor, found.seen.target) == {"sessionauth.impersonate"}
    found.seen.target.save()


def test_brought__is_nothing_where_it_is_not_all_there(actor, alice, make_user):
    browser_of(actor, alice)
    row, login = Impersonation.objects.get(), LoginSession.objects.get()
    assert brought.with_actor(row.pk, actor.pk, "another").login is None
    assert brought.with_actor(row.pk, make_user("other").pk, login.sid) is None
    assert brought.with_actor(uuid4(), actor.pk, login.sid) is None
    Impersonation.objects.update(target=None)
    assert brought.with_actor(row.pk, actor.pk, login.sid) is None


def test_brought__is_nothing_to_others_and_for_a_moment_only(actor, alice, monkeypatch):
    browser_of(actor, alice)
    row, login = Impersonation.objects.get(), LoginSession.objects.get()
    found = brought.with_actor(row.pk, actor.pk, login.sid)
    assert found.of(row.pk, found.actor) is found.seen
    assert found.of(uuid4(), found.actor) is None
    assert found.of(row.pk, actor) is None  # the same, but not this one
    monkeypatch.setattr(brought, "monotonic", lambda: monotonic() + db.GOOD_FOR)
    assert found.of(row.pk, found.actor) is None


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
    monkeypatch.setattr(compiled, "parts", lambda *args, **kwargs: None)
    assert asked(browser) == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_proved", [False, True], ids=["never seen", "seen before"])
def test_brought__without_a_table_ends_it_and_nothing_else(is_proved, actor, alice):
    browser = browser_of(actor, alice)
    with without_table(Impersonation, is_proved=is_proved):
        assert browser.get("/who/").status_code == 409
        assert browser.who()["user"] == actor.get_username()


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
    assert browser.who()["user"] == actor.get_username()


def test_brought__is_no_way_past_a_login_that_was_revoked(actor, alice):
    browser = browser_of(actor, alice)
    LoginSession.objects.get().revoke()
    assert browser.who()["user"] is None


def test_brought__costs_nothing_in_a_session_without_a_claim(actor, monkeypatch):
    monkeypatch.setattr(brought, "with_actor", None)
    browser = Browser()
    browser.client.force_login(actor, MODEL_BACKEND)
    assert browser.who()["user"] == actor.get_username()


def test_brought__is_not_asked_for_where_the_session_has_brought_its_company(actor, alice, settings, monkeypatch):
    settings.SESSION_ENGINE = OURS
    browser = browser_of(actor, alice)
    monkeypatch.setattr(brought, "with_actor", None)
    del browser.cookies[MARKER]
    assert asked(browser) == 2


# ---- with the session


def session_of(browser):
    """Return the session that came with `browser`, of which nothing has been read."""
    return SessionStore(browser.cookies["sessionid"].value)


def values_of(one):
    return {name: value for name, value in vars(one).items() if name != "_state"}


@pytest.mark.parametrize("kind", [djangos_db.SessionStore, SessionStore, db.SessionStore])
def test_with_session__is_what_the_session_and_with_actor_find(kind, actor, alice):
    browser = browser_of(actor, alice)
    row, login = Impersonation.objects.get(), LoginSession.objects.get()
    session, plain = (kind(browser.cookies["sessionid"].value) for _ in range(2))
    found, alone = brought.with_session(session, row.pk), brought.with_actor(row.pk, actor.pk, login.sid)
    assert session.__dict__.pop("_session_cache") == dict(plain.items())
    for one, other in zip(
        (found.actor, found.login, *found.seen), (alone.actor, alone.login, *alone.seen), strict=True
    ):
        assert values_of(one) == values_of(other)
    assert found.is_of(row.pk, actor.pk, login.sid)
    assert not found.is_of(row.pk, actor.pk, "another")
    assert not found.is_of(row.pk, alice.pk, login.sid)
    assert not found.is_of(uuid4(), actor.pk, login.sid)


def test_with_session__is_nothing_of_a_session_that_is_read_or_of_another_kind(actor, alice):
    browser = browser_of(actor, alice)
    key, session = Impersonation.objects.get().pk, session_of(browser)
    assert session["_auth_user_id"] == str(actor.pk)
    assert brought.with_session(session, key) is None
    assert brought.with_session(SessionStore(), key) is None
    assert brought.with_session(signed_cookies.SessionStore("x"), key) is None


@pytest.mark.parametrize("name", ["SESSIONAUTH_USER_QUERYSET", "SESSIONAUTH_USER_LOADER"])
def test_with_session__is_nothing_where_the_project_says_which_users_there_are(name, actor, alice, settings):
    browser = browser_of(actor, alice)
    setattr(settings, name, f"{__name__}.everybody")
    assert brought.with_session(session_of(browser), Impersonation.objects.get().pk) is None


@pytest.mark.parametrize(
    "change", [{"expire_date": datetime(2020, 1, 1, tzinfo=UTC)}, {"session_data": "forged"}, None]
)
@pytest.mark.parametrize("engine", [DJANGOS, OURS])
def test_with_session__opens_no_session_that_is_over_or_forged_or_gone(change, engine, actor, alice, settings):
    settings.SESSION_ENGINE = engine
    browser = browser_of(actor, alice)
    Session.objects.all().update(**change) if change else Session.objects.all().delete()
    assert browser.who()["user"] is None


@pytest.mark.parametrize("said", ["1", "", "no key", "0" * 32, "a" * 5000, str(uuid4())])
def test_marker__that_says_something_else_is_no_more_than_a_look(said, actor, alice):
    browser = browser_of(actor, alice)
    browser.cookies[MARKER] = said
    assert browser.who()["user"] == alice.get_username()
    assert browser.cookies[MARKER].value == str(Impersonation.objects.get().pk)


@pytest.mark.parametrize("engine", [DJANGOS, OURS])
def test_marker__of_somebody_else_is_of_no_use(engine, actor, alice, make_user, settings):
    """Neither to those who impersonate nor to those who do not, and the other's goes on."""
    settings.SESSION_ENGINE = engine
    browser, others = browser_of(actor, alice), Browser()
    others.client.force_login(make_user("root", is_superuser=True), MODEL_BACKEND)
    others.start(bob := make_user("bob"))
    browser.cookies[MARKER] = key = others.cookies[MARKER].value
    assert browser.who()["user"] == alice.get_username()
    plain = Browser()
    plain.client.force_login(alice, MODEL_BACKEND)
    plain.cookies[MARKER] = key
    assert plain.who()["user"] == alice.get_username()
    assert not plain.cookies[MARKER].value
    assert others.who()["user"] == bob.get_username()


@pytest.mark.parametrize(("target", "mode"), [("staff", "read"), ("alice", "write"), ("staff", "write")])
def test_with_session__knows_each_permission_that_matters(target, mode, actor, make_user, settings):
    """Who may act as staff, or change things, is asked where the target is staff, or things may be changed."""
    group = Group.objects.get()
    group.permissions.add(*Permission.objects.filter(codename__in=["impersonate_staff", "impersonate_write"]))
    person = make_user(target, is_staff=target == "staff")
    browser = browser_of(actor, person)
    Impersonation.objects.update(mode=mode)
    with CaptureQueriesContext(connection) as statements:
        assert browser.who()["user"] == person.get_username()
    assert len(statements) == 1
    for codename, matters in (("impersonate_staff", target == "staff"), ("impersonate_write", mode == "write")):
        permission = Permission.objects.get(codename=codename)
        group.permissions.remove(permission)
        answer = browser.get("/who/")
        assert answer.status_code == (409 if matters else 200)
        group.permissions.add(permission)
        if matters:
            assert Impersonation.objects.get().end_reason == "permission_lost"
            return


def test_parts__that_stand_elsewhere_are_not_cut(actor, alice, monkeypatch, settings):
    settings.SESSION_ENGINE = DJANGOS
    browser = browser_of(actor, alice)
    compiled._compiled.queries.clear()
    for build in (brought.all_rows, brought.actor_rows, lookup.session_rows):
        monkeypatch.setattr(build, "parts", lambda parts=build.parts: (*parts()[:-2], *parts()[:-3:-1]))
    assert asked(browser) == 3
    assert {key[0]: made for key, made in compiled._compiled.queries.items() if made is None}.keys() == {
        brought.all_rows,
        brought.actor_rows,
        lookup.session_rows,
    }
    compiled._compiled.queries.clear()


@pytest.mark.parametrize("word", ["sessionauth", "impersonate", "impersonate_write"])
def test_with_session__is_kept_from_nobody_by_a_session_key_that_is_a_word_of_the_query(word, actor, alice, settings):
    """The first to come would otherwise have all others asked one by one, for as long as the process lasts."""
    settings.SESSION_ENGINE = DJANGOS
    browser = browser_of(actor, alice)
    compiled._compiled.queries.clear()
    assert brought.with_session(SessionStore(word), Impersonation.objects.get().pk) is None
    browser.who()  # the other queries are compiled, too
    assert asked(browser) == 1


def test_with_session__knows_that_the_digest_is_kept(actor, alice, settings):
    settings.SESSION_ENGINE = OURS
    browser = browser_of(actor, alice)
    session = db.SessionStore(browser.cookies["sessionid"].value)
    brought.with_session(session, Impersonation.objects.get().pk)
    session["colour"] = "red"
    with CaptureQueriesContext(connection) as statements:
        session.save()
    assert not any("sessionauth_loginsession" in query["sql"] for query in statements)


def test_with_session__leaves_the_digest_to_who_signs_in_anew_under_the_same_key(actor, alice, settings, caplog):
    settings.SESSION_ENGINE = OURS
    browser = browser_of(actor, alice)
    session = db.SessionStore(browser.cookies["sessionid"].value)
    brought.with_session(session, Impersonation.objects.get().pk)
    again = LoginSession.objects.create(user=actor, sid="again" * 6)
    session[kept.KEY] = kept.own(session) | {"sid": again.sid}
    session.save()
    again.refresh_from_db()
    assert again.session_digest == db.digest(session.session_key)
    assert not caplog.records
